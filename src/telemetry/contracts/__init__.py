"""The contracts: what metrics, spans, log events and their attributes are agreed to be."""

from telemetry.door import deferred as _deferred

from .attribute import AttributeContract, Requirement, Sensitivity, Stability, Treatment, ValueType
from .credentials import REDACTED, cut, is_secret_name, without_credentials
from .entry import Entry, entry_of
from .event import EventContract
from .form import Form
from .load import DEFAULT_PACKS, OWN_PACK, SCHEMA_PATH, InvalidRegistryError, load_registry, shipped_packs
from .metric import AMBIENT_LABELS, Across, MetricContract, ShareContract
from .naming import RULES, Rule
from .registry import Foreign, Registry
from .secrecy import Mask, Secrecy, Verdict
from .span import SpanContract

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .checks import check_registry
    from .diff import Change, compare_registries, load_edition
    from .docs import render_documentation, render_log_schema
    from .finding import CODES, Code, Finding, findings
    from .handles import render_handles
    from .importing import draft_registry
else:
    __getattr__ = _deferred(
        __name__,
        checks="check_registry",
        diff="Change compare_registries load_edition",
        docs="render_documentation render_log_schema",
        finding="CODES Code Finding findings",
        handles="render_handles",
        importing="draft_registry",
    )
__all__ = (
    "AMBIENT_LABELS",
    "CODES",
    "DEFAULT_PACKS",
    "OWN_PACK",
    "REDACTED",
    "RULES",
    "SCHEMA_PATH",
    "Across",
    "AttributeContract",
    "Change",
    "Code",
    "Entry",
    "EventContract",
    "Finding",
    "Foreign",
    "Form",
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
    "check_registry",
    "compare_registries",
    "cut",
    "draft_registry",
    "entry_of",
    "findings",
    "is_secret_name",
    "load_edition",
    "load_registry",
    "render_documentation",
    "render_handles",
    "render_log_schema",
    "shipped_packs",
    "without_credentials",
)
