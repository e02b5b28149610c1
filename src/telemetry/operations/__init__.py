"""What those who run pipelines do with contracts: compare revisions, and check what was recorded."""

from telemetry.door import deferred as _deferred

from .revisions import registry_of, registry_of_revision

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .cardinality import Usage, usages
    from .live import (
        LiveCheck,
        LiveFinding,
        LiveReport,
        Misfit,
        Recording,
        Sample,
        Share,
        Source,
        fetch,
        open_source,
        samples_of,
    )
    from .shown import is_address, shown_name, shown_source
    from .usage import Coverage, Side, coverage, old_names
else:
    __getattr__ = _deferred(
        __name__,
        cardinality="Usage usages",
        live="LiveCheck LiveFinding LiveReport Misfit Recording Sample Share Source fetch open_source samples_of",
        shown="is_address shown_name shown_source",
        usage="Coverage Side coverage old_names",
    )

__all__ = (
    "Coverage",
    "LiveCheck",
    "LiveFinding",
    "LiveReport",
    "Misfit",
    "Recording",
    "Sample",
    "Share",
    "Side",
    "Source",
    "Usage",
    "coverage",
    "fetch",
    "is_address",
    "old_names",
    "open_source",
    "registry_of",
    "registry_of_revision",
    "samples_of",
    "shown_name",
    "shown_source",
    "usages",
)
