"""The contracts: what metrics, spans, log events and their attributes are agreed to be.

Files say it (the shipped packs, and the user's); `load_registry` reads them. Recorders ask the registry; generators
and checks read it. Nothing here records, and nothing imports more than the standard library.
"""

from telemetry.door import deferred as _deferred

from .attribute import AttributeContract, Requirement, Sensitivity, Stability, Treatment, ValueType
from .credentials import REDACTED, cut, is_secret_name, without_credentials
from .event import EventContract
from .load import SCHEMA_PATH, InvalidRegistryError, load_registry, shipped_packs
from .metric import AMBIENT_LABELS, Across, MetricContract, ShareContract
from .naming import RULES, Rule
from .registry import Foreign, Registry
from .secrecy import Mask, Secrecy, Verdict
from .span import SpanContract

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .handles import render_handles
else:
    __getattr__ = _deferred(__name__, handles="render_handles")

__all__ = (
    "AMBIENT_LABELS",
    "REDACTED",
    "RULES",
    "SCHEMA_PATH",
    "Across",
    "AttributeContract",
    "EventContract",
    "Foreign",
    "InvalidRegistryError",
    "Mask",
    "MetricContract",
    "Registry",
    "Requirement",
    "Rule",
    "Secrecy",
    "Sensitivity",
    "ShareContract",
    "SpanContract",
    "Stability",
    "Treatment",
    "ValueType",
    "Verdict",
    "cut",
    "is_secret_name",
    "load_registry",
    "render_handles",
    "shipped_packs",
    "without_credentials",
)
