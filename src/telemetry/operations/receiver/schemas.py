"""The JSON of the API, as JSON Schema 2020-12: the same documents check requests and describe the API."""

from __future__ import annotations

from typing import Any, Final

from .change import State
from .webhook import SEVERITIES

Schema = dict[str, Any]

LARGEST_ID: Final = 2**53 - 1  # what JSON numbers carry everywhere
_PRINTABLE: Final = r"^[^\u0000-\u001f\ud800-\udfff]*\S[^\u0000-\u001f\ud800-\udfff]*$"


def text(longest: int, description: str = "") -> Schema:
    """Describe one line of text that is not blank."""
    told = {"description": description} if description else {}
    return {"type": "string", "minLength": 1, "maxLength": longest, "pattern": _PRINTABLE, **told}


def an_object(required: tuple[str, ...] = (), *, is_open: bool = False, **properties: Schema) -> Schema:
    """Describe an object; one that is not open has no other members."""
    told: Schema = {"type": "object", "properties": properties, "additionalProperties": is_open}
    return {**told, "required": list(required)} if required else told


def a_list(items: Schema) -> Schema:
    """Describe a list."""
    return {"type": "array", "items": items}


def a_reference(name: str) -> Schema:
    """Point at a schema of `COMPONENTS`."""
    return {"$ref": f"#/components/schemas/{name}"}


def or_null(kind: str, **more: Any) -> Schema:
    """Describe a value that may be missing."""
    return {"type": [kind, "null"], **more}


TIME: Final[Schema] = {"type": "string", "format": "date-time"}
_NO_TIME: Final = or_null("string", format="date-time")
_TEXTS: Final[Schema] = {"type": "object", "additionalProperties": {"type": "string"}}
_TEXT: Final[Schema] = {"type": "string"}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
SEVERITY: Final[Schema] = {"type": "string", "enum": list(SEVERITIES)}
WHO: Final = text(100, "Who does it; by default the name of the token.")
WHY: Final = text(500, "Why.")

MATCHER: Final = an_object(
    ("name", "value"),
    name={"type": "string", "pattern": "^[a-zA-Z_][a-zA-Z0-9_]*$", "maxLength": 100},
    value=text(500),
    isRegex={"type": "boolean", "default": False},
    isEqual={"type": "boolean", "default": True},
)
ACKNOWLEDGE: Final = an_object(
    ("why", "duration_seconds"),
    who=WHO,
    why=WHY,
    duration_seconds={"type": "integer", "minimum": 60, "maximum": 30 * 24 * 3600},
)
REASON: Final = an_object(("why",), who=WHO, why=WHY)
MAINTAIN: Final = an_object(
    ("matchers", "why", "approver", "ends_at"),
    matchers={"type": "array", "items": MATCHER, "minItems": 1, "maxItems": 20},
    who=WHO,
    why=WHY,
    approver=text(100, "Who approved it: somebody else than who asks."),
    starts_at={**TIME, "description": "By default now."},
    ends_at=TIME,
)
LOGIN: Final = an_object(("token",), token={"type": "string", "minLength": 1, "maxLength": 500})
DELIVERY: Final = an_object(
    ("version", "groupKey", "alerts"),
    is_open=True,
    version={"type": "string", "enum": ["4"]},
    groupKey=text(16_384),
    truncatedAlerts={"type": "integer", "minimum": 0, "maximum": 2**31 - 1},
    receiver={"type": "string", "maxLength": 16_384},
    externalURL={"type": "string", "maxLength": 16_384},
    alerts={"type": "array", "minItems": 1, "maxItems": 10_000, "items": a_reference("Alert")},
)
_ALERT: Final = an_object(
    ("status", "labels", "startsAt", "fingerprint"),
    is_open=True,
    status={"type": "string", "enum": ["firing", "resolved"]},
    labels={**_TEXTS, "minProperties": 1, "maxProperties": 200},
    annotations=_TEXTS,
    startsAt=TIME,
    endsAt=TIME,
    generatorURL={"type": "string", "maxLength": 16_384},
    fingerprint=text(64),
)
_SILENCE: Final = an_object(
    id=_COUNT,
    kind={"type": "string", "enum": ["acknowledgement", "maintenance"]},
    incident_id=or_null("integer"),
    state={"type": "string", "enum": ["pending", "active", "ending", "ended", "refused"]},
    matchers=a_list(an_object(name=_TEXT, value=_TEXT, isRegex={"type": "boolean"}, isEqual={"type": "boolean"})),
    created_by={"type": "string"},
    approver={"type": "string"},
    comment={"type": "string"},
    starts_at=TIME,
    ends_at=TIME,
    alertmanager_id=or_null("string"),
    attempts=_COUNT,
    error={"type": "string"},
)
_INCIDENT: Final = an_object(
    is_open=True,
    id=_COUNT,
    state={"type": "string", "enum": [str(each) for each in State]},
    severity=SEVERITY,
    alertname=_TEXT,
    metric_name=_TEXT,
    environment=_TEXT,
    squad=_TEXT,
    owner=_TEXT,
    summary=_TEXT,
    runbook_url=_TEXT,
    generator_url=_TEXT,
    external_url=_TEXT,
    labels=_TEXTS,
    annotations=_TEXTS,
    opened_at=TIME,
    seen_at=TIME,
    acknowledged_at=_NO_TIME,
    acknowledged_by=or_null("string"),
    resolved_at=_NO_TIME,
    resolved_by=or_null("string"),
    refires=_COUNT,
    deliveries=_COUNT,
    silence={"anyOf": [a_reference("Silence"), {"type": "null"}]},
)
_ENTRY: Final = an_object(
    seq=_COUNT,
    at=TIME,
    at_ms=_COUNT,
    actor={"type": "string"},
    action={"type": "string"},
    incident_id=or_null("integer"),
    detail={"type": "object"},
    previous={"type": "string"},
    hash={"type": "string"},
)
_MESSAGE: Final = an_object(
    id=_COUNT,
    target={"type": "string"},
    state={"type": "string", "enum": ["waiting", "sent", "refused"]},
    incident_id=_COUNT,
    severity=SEVERITY,
    line={"type": "string"},
    at=TIME,
    attempts=_COUNT,
    next_at=TIME,
    error={"type": "string"},
    sent_at=_NO_TIME,
)
_FIGURES: Final = a_list(
    an_object(
        is_open=True,
        incidents=_COUNT,
        open=_COUNT,
        refires=_COUNT,
        mtta_seconds=or_null("number"),
        mttr_seconds=or_null("number"),
    )
)
_PROBLEM: Final = an_object(
    ("type", "title", "status", "detail", "reason"),
    type={"type": "string"},
    title={"type": "string"},
    status={"type": "integer"},
    detail={"type": "string"},
    reason={"type": "string"},
    pointer={"type": "string"},
)
_NEXT: Final = or_null("string", description="The `cursor` of the next page; null on the last one.")

COMPONENTS: Final[dict[str, Schema]] = {
    "Alert": _ALERT,
    "Silence": _SILENCE,
    "Incident": _INCIDENT,
    "Incidents": an_object(incidents=a_list(a_reference("Incident")), next=_NEXT),
    "Groups": an_object(groups=a_list(an_object(is_open=True, open=_COUNT, critical=_COUNT, since=TIME))),
    "Figures": an_object(days=_COUNT, total=an_object(is_open=True), by_severity=_FIGURES, by_group=_FIGURES),
    "Silences": an_object(silences=a_list(a_reference("Silence")), next=_NEXT),
    "Entry": _ENTRY,
    "Entries": an_object(entries=a_list(a_reference("Entry")), next=_NEXT),
    "Proof": an_object(
        rows=_COUNT,
        head={"type": "string"},
        finding={"anyOf": [an_object(seq=_COUNT, problem={"type": "string"}), {"type": "null"}]},
    ),
    "Messages": an_object(messages=a_list(_MESSAGE), counts={"type": "object"}, next=_NEXT),
    "Person": an_object(name={"type": "string"}, role={"type": "string"}, alertmanager={"type": "boolean"}),
    "Taken": an_object(stored=_COUNT, repeated=_COUNT, late=_COUNT),
    "Status": an_object(is_open=True, status={"type": "string"}),
    "Problem": _PROBLEM,
}
