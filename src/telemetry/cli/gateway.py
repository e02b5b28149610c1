"""`telemetry gateway`: one `/metrics` and one way out for an orchestrator and all its workers."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Annotated, Any, Final

import typer

from telemetry._hotpath import extent
from telemetry.config import Settings, default_journal, read_settings
from telemetry.contracts import load_registry
from telemetry.errors import TelemetryError
from telemetry.signals import Resource
from telemetry.version import VERSION

from .folders import OFF, names_service, refuse

_FAILED = 1
_GRACE_SECONDS: Final = 1.0  # for closing; a request that hangs is left to its thread, which ends with the process
_STOP_SIGNALS: Final = frozenset({signal.SIGTERM, signal.SIGINT})
_KINDS: Final = {"traces": extent.SPAN, "logs": extent.LOG}


def gateway(
    folder: Annotated[
        Path | None, typer.Argument(help="The folder of the journals; by default the one of the settings.")
    ] = None,
    *,
    service: Annotated[str | None, typer.Option(help="Take the default folder of this service.")] = None,
    host: Annotated[str, typer.Option(help="The address to listen on; another machine's needs TLS and a token.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes any free one.")] = 9465,
    certificate: Annotated[
        Path | None, typer.Option("--tls-cert", help="A certificate with its chain, as PEM.")
    ] = None,
    private_key: Annotated[Path | None, typer.Option("--tls-key", help="Its private key, as PEM.")] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(envvar="TELEMETRY_GATEWAY_TOKEN_FILE", help="A file with the token that clients have to show."),
    ] = None,
    keep_bytes: Annotated[
        int, typer.Option(min=0, help="The most that journals of dead processes may take; the oldest go first.")
    ] = 1 << 30,
    as_json: Annotated[bool, typer.Option("--json", help="Say where it listens as one JSON object.")] = False,
) -> None:
    """Serve /metrics, /healthz and /readyz for all processes of a folder, ship for them, and fold the dead.

    It sends where OTEL_EXPORTER_OTLP_ENDPOINT says, if that is set. SIGTERM and SIGINT end it in order.
    Exit code 0 when it was ended, 1 when it broke, 2 when it cannot start.
    """
    try:
        settings = read_settings(service_name=service)
        path = _folder(folder, service, settings)
        access = _access(host, port, certificate, private_key, token_file)
        made = _made(settings, path, access, keep_bytes)
    except TelemetryError as error:
        refuse(str(error))
    where = {"url": made.url, "folder": str(path)}
    typer.echo(json.dumps(where) if as_json else f"telemetry: {made.url}/metrics has the journals of {path}")
    _run(lambda stop: made.run(stop, deadline_seconds=settings.shutdown_timeout_seconds), settings)


def _access(host: str, port: int, certificate: Path | None, private_key: Path | None, token_file: Path | None) -> Any:
    from telemetry.export.gateway import admit

    return admit(host, port, certificate=certificate, private_key=private_key, token_file=token_file)


def _made(settings: Settings, path: Path, access: Any, keep_bytes: int) -> Any:
    from telemetry.export.gateway import Gateway

    signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)  # before there are threads, which inherit it
    kinds = frozenset(kind for name, kind in _KINDS.items() if _is_sent(name, settings))
    return Gateway(
        path,
        load_registry(*settings.registry),
        access,
        exporter=_exporter(settings),
        kinds=kinds,
        pushes=_is_sent("metrics", settings),
        keep_bytes=keep_bytes,
        delay_seconds=settings.batch_delay_ms / 1000,
        metrics_seconds=settings.metric_export_interval_ms / 1000,
        show_hidden=settings.show_hidden_metrics,
    )


def _run(work: Callable[[Event], None], settings: Settings) -> None:
    """Work in a thread until a signal comes; this one waits for it, so no handler runs in the middle of anything."""
    stop = Event()
    thread = Thread(target=work, args=(stop,), name="telemetry-gateway-turns", daemon=True)
    thread.start()
    while thread.is_alive() and signal.sigtimedwait(_STOP_SIGNALS, 1.0) is None:
        pass
    if not thread.is_alive():
        raise typer.Exit(_FAILED)  # it works until it is told to stop; whoever supervises it starts another one
    stop.set()
    thread.join(settings.shutdown_timeout_seconds + _GRACE_SECONDS)


def _folder(given: Path | None, service: str | None, settings: Settings) -> Path:
    if given is not None:
        return given.absolute()
    if settings.journal is False:
        refuse(f"{OFF}; name the folder of the processes to serve")
    if not (settings.journal or service or names_service(settings)):
        refuse("say whose processes to serve: --service SERVICE, OTEL_SERVICE_NAME, or the folder of their journals")
    return Path(settings.journal or default_journal(settings.service_name))


def _exporter(settings: Settings) -> Any:
    from telemetry.export.otlp import SIGNAL_PATHS, OtlpExporter

    if not any(_is_sent(name, settings) for name in SIGNAL_PATHS):
        return None
    own = {name: url for name in SIGNAL_PATHS if (url := getattr(settings, f"{name}_endpoint")) is not None}
    return OtlpExporter(
        settings.endpoint,
        _resource(settings),
        scope=("telemetry", VERSION),
        endpoints=own,
        timeout_seconds=settings.export_timeout_ms / 1000,
        protocol=settings.protocol,
    )


def _resource(settings: Settings) -> Resource:
    """Give who the merged metrics are of: the service, and no process of it."""
    return Resource(
        {
            "service.name": settings.service_name,
            "deployment.environment.name": settings.environment,
            "telemetry.sdk.name": "telemetry",
            "telemetry.sdk.language": "python",
            "telemetry.sdk.version": VERSION,
            **settings.resource_attributes,
        }
    )


def _is_sent(name: str, settings: Settings) -> bool:
    has_endpoint = settings.endpoint is not None or getattr(settings, f"{name}_endpoint") is not None
    return has_endpoint and "otlp" in getattr(settings, f"{name}_exporter")
