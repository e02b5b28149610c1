"""The process default: one pointer to a runtime, set by `configure`."""

from __future__ import annotations

import atexit
import os
import threading
from typing import TYPE_CHECKING, Any

from telemetry._hotpath import switch
from telemetry.config import Settings, carrier, read_settings
from telemetry.context import origin, stand_in
from telemetry.errors import ConfigurationError, ContractError

from . import borders, departure, guests
from .dispatcher import TelemetryDispatcher
from .plugs import Plugs

if TYPE_CHECKING:
    from pathlib import Path

_current: TelemetryDispatcher | None = None
_meanwhile: TelemetryDispatcher | None = None
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
        if _current is not None and _current is _meanwhile and _difference(_current, read, plugs):
            retire(_current)
        if _current is not None:
            return _same(_current, read, plugs)
        runtime = TelemetryDispatcher(read, plugs=plugs)
        for warning in read.warnings:
            runtime.breaches.count("setting_ignored", warning)
        return _put_to_work(runtime)


def configure_meanwhile() -> TelemetryDispatcher:
    """Start recording for a program that knows nothing of it; where it calls `configure` after all, that counts.

    Raises:
        ConfigurationError: As `configure`.
        ContractError: As `configure`.
    """
    global _meanwhile  # noqa: PLW0603 -- it belongs to the one pointer of the process
    _meanwhile = configure()
    return _meanwhile


def revive(settings: Settings, plugs: Plugs, run_id: str) -> TelemetryDispatcher:
    """Make a process that has just started record into the run of the one that started it; see `revival`.

    Where its own code calls `configure` with other settings afterwards, that counts.
    """
    global _meanwhile  # noqa: PLW0603 -- as above
    with _lock:
        if _current is not None:
            return _current
        _meanwhile = revived = _put_to_work(TelemetryDispatcher(settings, plugs=plugs, parent_run_id=run_id))
        return revived


def _put_to_work(runtime: TelemetryDispatcher) -> TelemetryDispatcher:
    install(runtime)
    try:
        runtime.origin = origin(carrier())
        stand_in(runtime.origin)
        departure.expect(shutdown)
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
        stand_in({} if runtime is None else runtime.origin)
        if runtime is None:
            borders.lift()
        else:
            runtime.retire = retire
            borders.draw(runtime.settings, runtime.count, runtime.admissions)
            guests.expect(current)
        return before


def retire(runtime: TelemetryDispatcher) -> bool:
    """Stop recording into a runtime, and shut it down; tell whether everything arrived."""
    # While observable instruments still have their place.
    left_seconds = runtime.metrics.settle(runtime.settings.shutdown_timeout_seconds)
    with _lock:
        if _current is runtime:
            install(None)
    return runtime.shutdown(left_seconds)


def shutdown() -> bool:
    """Stop recording, send what waits within one deadline, close everything; tell whether everything arrived."""
    runtime = _current
    return True if runtime is None else retire(runtime)


def _same(runtime: TelemetryDispatcher, read: Settings, plugs: Plugs) -> TelemetryDispatcher:
    if not (difference := _difference(runtime, read, plugs)):
        return runtime
    raise ConfigurationError(
        f"telemetry is configured already, with other settings: {difference}; "
        "call telemetry.shutdown() first, or configure once"
    )


def _difference(runtime: TelemetryDispatcher, read: Settings, plugs: Plugs) -> str:
    return ", ".join(filter(None, (runtime.settings.difference(read), runtime.plugs.difference(plugs))))


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
        departure.expect(shutdown)


def _note_fork() -> None:
    if _current is not None:
        _current.note_fork()


atexit.register(shutdown)
os.register_at_fork(after_in_parent=_note_fork, after_in_child=_restart)
