"""Text panel: a few lines of Markdown, for what no number shows."""

from dataclasses import dataclass

from grafana_foundation_sdk.builders import text
from grafana_foundation_sdk.models.text import TextMode

from dashboards.panels.spec import PanelSpec


@dataclass(frozen=True, kw_only=True)
class Text(PanelSpec):
    """Markdown; variables in it are filled in.

    Args:
        content: Markdown.
    """

    unit: str = "none"
    content: str

    def build(self) -> text.Panel:
        """Return a new builder."""
        return (
            text.Panel()
            .title(self.title)
            .description(self.description)
            .mode(TextMode.MARKDOWN)
            .content(self.content)
        )
