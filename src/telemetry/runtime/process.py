"""The process default: one pointer to a runtime, set by `configure`."""

from __future__ import annotations

import atexit
import os
import threading
from pathlib import Path
from typing import Any

from telemetry._hotpath import switch
from telemetry.config import Settings, read_settings
from telemetry.errors import ConfigurationError, ContractError

from . import guests
from .dispatcher import TelemetryDispatcher
from .plugs import Plugs

_current: TelemetryDispatcher | None = None
_lock = threading.RLock()


def configure(
    service_name: str | None = None,
    *,
    environment: str | None = None,
    registry: str | Path | None = None,
    endpoint: str | None = None,
    prometheus_port: int | None = None,
    sampler: Any = None,
    id_generator: Any = None,
    **settings: Any,
) -> TelemetryDispatcher:
    """Start recording: read the settings, check every decorated function against the contracts, open the ways out.

    Each argument defaults to its setting: `TELEMETRY_*`, then `OTEL_*`, then `[tool.telemetry]` in pyproject.toml.
    Nothing listens or sends unless a port or an endpoint is set. Configuring again with equal settings gives the same
    runtime.

    Args:
        service_name: `service.name` of the resource.
        environment: development, staging, production, online or offline.
        registry: A registry file that extends the packs.
        endpoint: Base URL of an OTLP/HTTP receiver.
        prometheus_port: Where `/metrics` is served; 0 takes any free port.
        sampler: One of OpenTelemetry's sampler names, or a `Sampler` object.
        id_generator: An `IdGenerator` object; by default ids are made here.
        settings: Any other field of `telemetry.config.Settings`.

    Raises:
        ConfigurationError: A setting is wrong, or telemetry is configured already with other settings.
        ContractError: A registry file is wrong, or decorated functions break the contracts: one error with all.
    """
    given = {
        "service_name": service_name,
        "environment": environment,
        "registry": registry,
        "endpoint": endpoint,
        "prometheus_port": prometheus_port,
        "sampler": sampler if isinstance(sampler, str) else None,
        **settings,
    }
    plugs = Plugs(None if isinstance(sampler, str) else sampler, id_generator)
    read = read_settings(**{name: value for name, value in given.items() if value is not None})
    with _lock:
        if _current is not None:
            return _same(_current, read, plugs)
        runtime = TelemetryDispatcher(read, plugs=plugs)
        for warning in read.warnings:
            runtime.breaches.count("setting_ignored", warning)
        install(runtime)
        try:
            return runtime.start()
        except BaseException:
            retire(runtime)
            raise


def current() -> TelemetryDispatcher | None:
    """Give the runtime of the process; None before `configure`."""
    return _current


def install(runtime: TelemetryDispatcher | None) -> TelemetryDispatcher | None:
    """Make a runtime the one that records; give the one before.

    Raises:
        ContractError: Decorated functions break its contracts; the one before stays.
    """
    global _current  # noqa: PLW0603 -- the one pointer of the process
    with _lock:
        before = _current
        recorder = runtime if runtime is None or not runtime.settings.disabled else None
        failures = switch.put_in(recorder)
        if failures:
            switch.put_in(before)
            raise _all_in_one(failures)
        _current = runtime
        if runtime is not None:
            runtime.retire = retire
            guests.expect(current)
        return before


def retire(runtime: TelemetryDispatcher) -> bool:
    """Stop recording into a runtime, and shut it down; tell whether everything arrived."""
    with _lock:
        if _current is runtime:
            install(None)
    return runtime.shutdown()


def shutdown() -> bool:
    """Stop recording, send what waits within one deadline, close everything; tell whether everything arrived."""
    runtime = _current
    return True if runtime is None else retire(runtime)


def _same(runtime: TelemetryDispatcher, read: Settings, plugs: Plugs) -> TelemetryDispatcher:
    differences = [runtime.settings.difference(read), runtime.plugs.difference(plugs)]
    if not any(differences):
        return runtime
    raise ConfigurationError(
        f"telemetry is configured already, with other settings: {', '.join(filter(None, differences))}; "
        "call telemetry.shutdown() first, or configure once"
    )


def _all_in_one(failures: list[Exception]) -> Exception:
    findings = [error.findings for error in failures if isinstance(error, ContractError)]
    others = [error for error in failures if not isinstance(error, ContractError)]
    return others[0] if others else ContractError(*(line for lines in findings for line in lines))


def _restart() -> None:
    global _lock  # noqa: PLW0603 -- a thread that is not in the child may hold it
    _lock = threading.RLock()
    switch.restart()
    if _current is not None:
        _current.restart()


def _note_fork() -> None:
    if _current is not None:
        _current.note_fork()


atexit.register(shutdown)
os.register_at_fork(after_in_parent=_note_fork, after_in_child=_restart)
