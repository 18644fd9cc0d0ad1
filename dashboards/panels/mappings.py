"""Value mappings: texts and colours in place of numbers of states."""

from grafana_foundation_sdk.models.dashboard import ValueMap, ValueMapping, ValueMappingResult

from dashboards.config import State


def state_mapping(states: tuple[State, ...]) -> ValueMapping:
    """Return the text and the colour of each state's number."""
    return ValueMap(
        {
            str(state.number): ValueMappingResult(
                text=state.text, color=state.colour, index=state.number
            )
            for state in states
        }
    )
