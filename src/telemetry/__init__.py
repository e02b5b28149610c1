"""Spans, metrics and logs under one contract, for specification-to-binary pipelines.

    import telemetry

    telemetry.configure("specc")

    @telemetry.instrument_span("plan.compile_graph")
    def plan(spec): ...

This file re-exports what an application uses. Importing it loads neither OpenTelemetry nor prometheus_client nor
structlog; what needs them is loaded when it is used. PYTEST_DONT_REWRITE: `telemetry run` imports it before pytest.
"""

from __future__ import annotations

from telemetry.context import attach, current_span, detach
from telemetry.errors import ConfigurationError, ContractError, PipelineError, RegistryError, TelemetryError
from telemetry.instrument import instrument_span, metric, record_metric, span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from telemetry.context import extract, inject, propagate
    from telemetry.instrument import instrument_llm_call
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
    "instrument_llm_call",
    "instrument_span",
    "metric",
    "propagate",
    "record_metric",
    "shutdown",
    "span",
)

_LAZY = {
    "__hotpath__": ("telemetry._hotpath", "TWIN"),
    "__version__": ("telemetry.version", "VERSION"),
    "get_logger": ("telemetry.logs", "get_logger"),
    "instrument_llm_call": ("telemetry.instrument", "instrument_llm_call"),
    **{name: ("telemetry.context", name) for name in ("extract", "inject", "propagate")},
    **{name: ("telemetry.runtime", name) for name in ("TelemetryDispatcher", "configure", "current", "shutdown")},
}


def __getattr__(name: str) -> Any:
    """Load what is heavy when it is first asked for."""
    if name not in _LAZY:
        raise AttributeError(f"module 'telemetry' has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(_LAZY[name][0]), _LAZY[name][1])
    return value


def __dir__() -> list[str]:
    return [*__all__, "__hotpath__", "__version__"]
