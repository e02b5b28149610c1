"""The contracts: what metrics, spans, log events and their attributes are agreed to be.

Files say it (the shipped packs, and the user's); `load_registry` reads them. Recorders ask the registry; generators
and checks read it. Nothing here records, and nothing imports more than the standard library.
"""

from .attribute import AttributeContract, Requirement, Stability, ValueType
from .event import EventContract
from .load import SCHEMA_PATH, InvalidRegistryError, load_registry, shipped_packs
from .metric import AMBIENT_LABELS, Across, MetricContract, ShareContract
from .naming import RULES, Rule
from .registry import Foreign, Registry
from .span import SpanContract

__all__ = (
    "AMBIENT_LABELS",
    "RULES",
    "SCHEMA_PATH",
    "Across",
    "AttributeContract",
    "EventContract",
    "Foreign",
    "InvalidRegistryError",
    "MetricContract",
    "Registry",
    "Requirement",
    "Rule",
    "ShareContract",
    "SpanContract",
    "Stability",
    "ValueType",
    "load_registry",
    "shipped_packs",
)
