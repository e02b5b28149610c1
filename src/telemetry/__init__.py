"""Spans, metrics and logs under one contract, for specification-to-binary pipelines.

    import telemetry

    telemetry.configure("specc")

    @telemetry.instrument_span("plan.compile_graph")
    def plan(spec): ...

This file re-exports what an application uses. Importing it loads neither OpenTelemetry nor prometheus_client nor
structlog; what needs them is loaded when it is used.
"""

from __future__ import annotations

from telemetry.context import attach, current_span, detach, extract, inject
from telemetry.errors import ConfigurationError, ContractError, PipelineError, RegistryError, TelemetryError
from telemetry.instrument import instrument_span, metric, record_metric, span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from telemetry.logs import get_logger
    from telemetry.runtime import TelemetryDispatcher, configure, current, shutdown

    __version__: str
    __hotpath__: str

__all__ = (
    "ConfigurationError",
    "ContractError",
    "PipelineError",
    "RegistryError",
    "TelemetryDispatcher",
    "TelemetryError",
    "attach",
    "configure",
    "current",
    "current_span",
    "detach",
    "extract",
    "get_logger",
    "inject",
    "instrument_span",
    "metric",
    "record_metric",
    "shutdown",
    "span",
)

_LAZY = {
    "TelemetryDispatcher": "telemetry.runtime",
    "configure": "telemetry.runtime",
    "current": "telemetry.runtime",
    "get_logger": "telemetry.logs",
    "shutdown": "telemetry.runtime",
}


def __getattr__(name: str) -> Any:
    """Load what is heavy when it is first asked for."""
    if name == "__version__":
        from telemetry.version import VERSION

        return VERSION
    if name == "__hotpath__":
        from telemetry._hotpath import TWIN

        return TWIN
    if name not in _LAZY:
        raise AttributeError(f"module 'telemetry' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_LAZY[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__hotpath__", "__version__"]
