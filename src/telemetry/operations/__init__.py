"""What those who run pipelines do: compare contracts, run real engines, replay rules, draw dashboards."""

from telemetry.door import deferred as _deferred

from .revisions import registry_of, registry_of_revision

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .engines import (
        PROGRAMS,
        Program,
        QueryApi,
        Series,
        Server,
        alertmanager,
        backfill_prometheus,
        backfill_victoria_metrics,
        free_port,
        node_exporter,
        prometheus,
        victoria_metrics,
        vmalert,
    )
    from .proof import Checked, prove_tree
    from .replay import (
        Episode,
        History,
        Incident,
        Verdict,
        judge,
        read_incidents,
        read_rules,
        replay_rules,
    )
    from .sheets import Answer, Dashboard, ask, draw_sheet, read_dashboard
else:
    __getattr__ = _deferred(
        __name__,
        engines="PROGRAMS Program QueryApi Series Server alertmanager backfill_prometheus backfill_victoria_metrics "
        "free_port node_exporter prometheus victoria_metrics vmalert",
        proof="Checked prove_tree",
        replay="Episode History Incident Verdict judge read_incidents read_rules replay_rules",
        sheets="Answer Dashboard ask draw_sheet read_dashboard",
    )

__all__ = (
    "PROGRAMS",
    "Answer",
    "Checked",
    "Dashboard",
    "Episode",
    "History",
    "Incident",
    "Program",
    "QueryApi",
    "Series",
    "Server",
    "Verdict",
    "alertmanager",
    "ask",
    "backfill_prometheus",
    "backfill_victoria_metrics",
    "draw_sheet",
    "free_port",
    "judge",
    "node_exporter",
    "prometheus",
    "prove_tree",
    "read_dashboard",
    "read_incidents",
    "read_rules",
    "registry_of",
    "registry_of_revision",
    "replay_rules",
    "victoria_metrics",
    "vmalert",
)
