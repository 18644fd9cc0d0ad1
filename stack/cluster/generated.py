"""The generated files of deploy/kubernetes, by their path from the checkout."""

from typing import Any, Final

import yaml

from stack.cluster import collectors, monitoring, settings
from stack.cluster.numbers import Numbers

_KUBERNETES: Final = "deploy/kubernetes"
_HEAD: Final = "# Written by `python -m stack.cluster`.\n"


def files() -> dict[str, str]:
    """Return the text of every generated file."""
    values = settings.VALUES
    return {
        f"{_KUBERNETES}/base/generated/settings.env": settings.config_map(),
        f"{_KUBERNETES}/base/generated/secrets.env.example": settings.secret_example(),
        f"{_KUBERNETES}/base/generated/numbers.yaml": _yaml(Numbers.of(values).patch()),
        **{
            f"{_KUBERNETES}/collectors/{role}/generated/{name}": text
            for role, configuration in (
                ("agent", collectors.agent()),
                ("gateway", collectors.gateway()),
            )
            for name, text in (
                ("collector.yaml", _yaml(configuration)),
                ("ports.yaml", _yaml(*collectors.patches(role))),
            )
        },
        f"{_KUBERNETES}/components/monitoring/namespaced/generated/rules.yaml": _yaml(
            monitoring.prometheus_rule()
        ),
        f"{_KUBERNETES}/components/monitoring/namespaced/generated/adapter.yaml": _yaml(
            monitoring.adapter_rules()
        ),
        "dashboards/generated/kustomization.yaml": _yaml(monitoring.boards_kustomization()),
    }


class _Dumper(yaml.SafeDumper):
    """Repeats what occurs twice instead of naming it, for readers."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _yaml(*documents: dict[str, Any]) -> str:
    texts = (
        yaml.dump(each, Dumper=_Dumper, sort_keys=False, width=160, allow_unicode=True)
        for each in documents
    )
    return _HEAD + "---\n".join(texts)
