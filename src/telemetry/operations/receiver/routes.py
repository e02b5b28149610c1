"""The table of routes: who may call what, with which values."""

from __future__ import annotations

from typing import Final

from . import handlers, schemas
from .incidents import EXACT
from .route import Parameter, Route
from .tokens import Role

ALERTS_PATH: Final = "/observability/alerts"
"""Where Alertmanager delivers."""

_ID: Final = Parameter(
    "id", {"type": "integer", "minimum": 1, "maximum": schemas.LARGEST_ID}, "Its number.", is_in_path=True
)
_PAGE: Final = (
    Parameter("cursor", {"type": "string", "pattern": "^[0-9]{1,15}$"}, "Where the page before ended: its `next`."),
    Parameter("limit", {"type": "integer", "minimum": 1, "maximum": 500, "default": 100}, "How many at most."),
)
_FILTERS: Final = (
    Parameter(
        "state",
        {"type": "string", "enum": ["open", "firing", "acknowledged", "resolved"]},
        "`open` is firing or acknowledged.",
    ),
    *(Parameter(name, schemas.text(500), f"Only those whose {name} is this.") for name in EXACT),
    Parameter("q", schemas.text(200), "Only those with this text in their name, summary, labels or owner."),
)
_API: Final = "/api/v1"
_INCIDENT: Final = _API + "/incidents/{id}"

ROUTES: Final = (
    Route("POST", ALERTS_PATH, "deliver", "Take a delivery of Alertmanager; the answer means that it is on disk.",
          handlers.deliver, Role.WEBHOOK, body=schemas.DELIVERY, reads_bytes=True, answer="Taken", problems=(503,)),
    Route("GET", _API + "/incidents", "listIncidents", "List incidents, the newest first.",
          handlers.list_incidents, Role.READER, (*_FILTERS, *_PAGE), answer="Incidents"),
    Route("GET", _INCIDENT, "showIncident", "Give an incident with its alerts and its history.",
          handlers.show_incident, Role.READER, (_ID,), answer="Incident", problems=(404,)),
    Route("POST", _INCIDENT + "/acknowledge", "acknowledge", "Acknowledge it: a silence in Alertmanager for a time.",
          handlers.acknowledge, Role.OPERATOR, (_ID,), schemas.ACKNOWLEDGE, answer="Incident", problems=(404, 409)),
    Route("POST", _INCIDENT + "/unacknowledge", "unacknowledge", "Take the acknowledgement back.",
          handlers.unacknowledge, Role.OPERATOR, (_ID,), schemas.REASON, answer="Incident", problems=(404, 409)),
    Route("POST", _INCIDENT + "/resolve", "resolve", "Close it by hand.",
          handlers.resolve, Role.OPERATOR, (_ID,), schemas.REASON, answer="Incident", problems=(404, 409)),
    Route("GET", _API + "/groups", "listGroups", "Count the open incidents by metric, environment and squad.",
          handlers.groups, Role.READER, answer="Groups"),
    Route("GET", _API + "/figures", "showFigures", "Give the mean times to acknowledge and to resolve.",
          handlers.show_figures, Role.READER,
          (Parameter("days", {"type": "integer", "minimum": 1, "maximum": 400, "default": 30}, "Of how many days."),),
          answer="Figures"),
    Route("GET", _API + "/silences", "listSilences", "List acknowledgements and maintenance windows.",
          handlers.list_silences, Role.READER,
          (Parameter("kind", {"type": "string", "enum": ["acknowledgement", "maintenance"]}, "Only this kind."),
           Parameter("state", {"type": "string", "enum": ["pending", "active", "ending", "ended", "refused"]},
                     "Only those that stand so."), *_PAGE), answer="Silences"),
    Route("POST", _API + "/maintenance", "maintain", "Ask for a maintenance window, which somebody else approved.",
          handlers.maintain, Role.OPERATOR, body=schemas.MAINTAIN, answer="Silence"),
    Route("DELETE", _API + "/maintenance/{id}", "endMaintenance", "End a maintenance window before its time.",
          handlers.end_maintenance, Role.OPERATOR, (_ID,), answer="Silence", problems=(404, 409)),
    Route("GET", _API + "/audit", "listAudit", "List rows of the audit log, the newest first.",
          handlers.list_audit, Role.READER,
          (Parameter("action", schemas.text(40), "Only this action."),
           Parameter("incident", {"type": "integer", "minimum": 1, "maximum": schemas.LARGEST_ID},
                     "Only of this incident."), *_PAGE), answer="Entries"),
    Route("GET", _API + "/audit/verify", "verifyAudit", "Follow the hashes of the audit log from its first row.",
          handlers.verify_audit, Role.READER, answer="Proof"),
    Route("GET", _API + "/messages", "listMessages", "List messages to webhooks, the newest first.",
          handlers.list_messages, Role.READER,
          (Parameter("state", {"type": "string", "enum": ["waiting", "sent", "refused"]}, "Only those."), *_PAGE),
          answer="Messages"),
    Route("POST", _API + "/login", "login", "Begin a session of the page, whose cookie stands for the token.",
          handlers.login, Role.ANYBODY, body=schemas.LOGIN, answer="Person", problems=(401,)),
    Route("POST", _API + "/logout", "logout", "End the session.",
          handlers.logout, Role.ANYBODY, answer="Status"),
    Route("GET", _API + "/me", "me", "Tell who asks: `nobody` without a token.",
          handlers.me, Role.ANYBODY, answer="Person"),
    Route("GET", "/healthz", "healthz", "Tell that the process answers.",
          handlers.healthz, Role.ANYBODY, answer="Status"),
    Route("GET", "/readyz", "readyz", "Tell whether alerts can be kept.",
          handlers.readyz, Role.ANYBODY, answer="Status", problems=(503,)),
    Route("GET", "/metrics", "metrics", "Give the receiver's own metrics.",
          handlers.metrics, Role.READER, media_type="text/plain"),
)  # fmt: skip
