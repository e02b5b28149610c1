"""What those who run pipelines do with contracts: compare revisions, and check what was recorded."""

from telemetry.door import deferred as _deferred

from .revisions import registry_of, registry_of_revision

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .cardinality import Usage, usages
    from .live import LiveCheck, LiveFinding, LiveReport, Recording, Sample, Share, Source, open_source, samples_of
    from .usage import Coverage, Side, coverage, old_names
else:
    __getattr__ = _deferred(
        __name__,
        cardinality="Usage usages",
        live="LiveCheck LiveFinding LiveReport Recording Sample Share Source open_source samples_of",
        usage="Coverage Side coverage old_names",
    )

__all__ = (
    "Coverage",
    "LiveCheck",
    "LiveFinding",
    "LiveReport",
    "Recording",
    "Sample",
    "Share",
    "Side",
    "Source",
    "Usage",
    "coverage",
    "old_names",
    "open_source",
    "registry_of",
    "registry_of_revision",
    "samples_of",
    "usages",
)
