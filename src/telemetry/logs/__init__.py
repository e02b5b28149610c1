"""Log lines under one schema: with the ids of their span, without secrets."""

from __future__ import annotations

from .chains import console_chain, json_chain
from .channel import LogChannel, muted
from .contract import ContractCheck
from .logger import current_channel, get_logger, use_channel
from .processors import RunFields, add_exception, add_severity, add_timestamp, add_trace_ids, redact_fields
from .redact import REDACTED, is_secret_name, redact_text, redact_value
from .router import LogRouter
from .stdlib import attach_stdlib, detach_stdlib, stdlib_handler
from .tally import Tally
from .writer import LineWriter

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
    "stdlib_handler",
    "use_channel",
)
