"""A registry as text, in slices, without locks: ``choose_format``, then ``Exposition.render``."""

from telemetry.exposition.negotiation import Format, choose_format
from telemetry.exposition.render import SLICE_LINES, Exposition

__all__ = ["SLICE_LINES", "Exposition", "Format", "choose_format"]
