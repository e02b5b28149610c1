"""Log lines under one schema: with the ids of their span, without secrets."""

from __future__ import annotations

from telemetry.contracts import REDACTED, is_secret_name
from telemetry.door import deferred as _deferred

from .channel import LogChannel, muted
from .logger import current_channel, get_logger, use_channel
from .processors import RunFields, add_exception, add_severity, add_timestamp, add_trace_ids, redact_fields, settle_line
from .redact import redact_text, redact_value
from .stdlib import attach_stdlib, detach_stdlib, stdlib_handler
from .tally import Tally
from .writer import LineWriter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .chains import console_chain, json_chain
    from .contract import ContractCheck
    from .router import LogRouter
else:
    __getattr__ = _deferred(__name__, chains="console_chain json_chain", contract="ContractCheck", router="LogRouter")

__all__ = (
    "REDACTED",
    "ContractCheck",
    "LineWriter",
    "LogChannel",
    "LogRouter",
    "RunFields",
    "Tally",
    "add_exception",
    "add_severity",
    "add_timestamp",
    "add_trace_ids",
    "attach_stdlib",
    "console_chain",
    "current_channel",
    "detach_stdlib",
    "get_logger",
    "is_secret_name",
    "json_chain",
    "muted",
    "redact_fields",
    "redact_text",
    "redact_value",
    "settle_line",
    "stdlib_handler",
    "use_channel",
)
