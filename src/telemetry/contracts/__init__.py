"""The contracts: what metrics, spans, log events and their attributes are agreed to be."""

from telemetry.door import deferred as _deferred

from .attribute import AttributeContract, Requirement, Sensitivity, Stability, Treatment, ValueType
from .cardinality import Slots, unbound
from .credentials import REDACTED, cut, is_secret_name, without_credentials
from .entry import Entry, entry_of
from .event import EventContract
from .form import Form
from .limits import OVERFLOW, OVERFLOW_ATTRIBUTE, is_overflow
from .load import DEFAULT_PACKS, OWN_PACK, SCHEMA_PATH, InvalidRegistryError, load_registry, shipped_packs
from .metric import AMBIENT_LABELS, LEAVING, Across, MetricContract, ShareContract, State
from .naming import RULES, Rule
from .registry import Foreign, Registry
from .secrecy import Mask, Secrecy, Verdict
from .span import SpanContract

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .checks import check_registry
    from .diff import Change, compare_registries, load_edition
    from .docs import render_documentation, render_log_schema
    from .finding import CODES, LEVELS, Code, Finding, Level, findings
    from .handles import render_handles
    from .importing import draft_registry, read_conventions
    from .lifecycle import Lifecycle, Standing, check_lifecycle
    from .renaming import Alias, aliases, rename_problem
    from .succession import counter_name
    from .unit import unit_word
else:
    __getattr__ = _deferred(
        __name__,
        checks="check_registry",
        diff="Change compare_registries load_edition",
        docs="render_documentation render_log_schema",
        finding="CODES LEVELS Code Finding Level findings",
        handles="render_handles",
        importing="draft_registry read_conventions",
        lifecycle="Lifecycle Standing check_lifecycle",
        renaming="Alias aliases rename_problem",
        succession="counter_name",
        unit="unit_word",
    )

__all__ = (
    "AMBIENT_LABELS", "CODES", "DEFAULT_PACKS", "LEAVING", "LEVELS", "OVERFLOW", "OVERFLOW_ATTRIBUTE",
    "OWN_PACK", "REDACTED", "RULES", "SCHEMA_PATH", "Across", "Alias", "AttributeContract", "Change", "Code",
    "Entry", "EventContract", "Finding", "Foreign", "Form", "InvalidRegistryError", "Level", "Lifecycle",
    "Mask", "MetricContract", "Registry", "Requirement", "Rule", "Secrecy", "Sensitivity", "ShareContract",
    "Slots", "SpanContract", "Stability", "Standing", "State", "Treatment", "ValueType", "Verdict", "aliases",
    "check_lifecycle", "check_registry", "compare_registries", "counter_name", "cut", "draft_registry",
    "entry_of", "findings", "is_overflow", "is_secret_name", "load_edition", "load_registry",
    "read_conventions", "rename_problem", "render_documentation", "render_handles", "render_log_schema",
    "shipped_packs", "unbound", "unit_word", "without_credentials",
)  # fmt: skip
