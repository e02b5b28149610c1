"""`telemetry alerts serve`: receive what Alertmanager delivers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typer

from telemetry.cli.folders import refuse
from telemetry.errors import ConfigurationError

from .choices import (
    AlertmanagerToken,
    AlertmanagerUrl,
    AsJson,
    Certificate,
    Environment,
    Host,
    NoAuth,
    PageUrl,
    PlainHttp,
    Port,
    PrivateKey,
    RelayFile,
    RelayLines,
    Reopen,
    Settle,
    TokenLines,
    TokensFile,
)
from .database import DEFAULT, Database, address_of, refuse_missing


def serve(
    *,
    database: Database = DEFAULT,
    host: Host = "127.0.0.1",
    port: Port = 9469,
    tokens: TokensFile = None,
    token_lines: TokenLines = "",
    no_auth: NoAuth = False,
    certificate: Certificate = None,
    private_key: PrivateKey = None,
    plain_http: PlainHttp = False,
    alertmanager: AlertmanagerUrl = "",
    alertmanager_token: AlertmanagerToken = None,
    relay: RelayFile = None,
    relay_lines: RelayLines = "",
    page_url: PageUrl = "",
    environment: Environment = "development",
    reopen_minutes: Reopen = 30,
    settle_seconds: Settle = 300,
    as_json: AsJson = False,
) -> None:
    """Take alerts at /observability/alerts, keep incidents and an audit log, and show them on a page.

    Each alert is on disk before it is answered. SIGTERM and SIGINT end it in order. Exit code 0 when it was ended, 2
    when it cannot start.
    """
    try:
        _refuse_mistakes(host, tokens, token_lines, certificate, private_key, no_auth=no_auth, plain=plain_http)
        options = _options(
            database=address_of(database),
            tokens=None if no_auth else _tokens(tokens, token_lines),
            targets=_targets(relay, relay_lines),
            alertmanager_url=alertmanager,
            alertmanager_headers=_headers(alertmanager_token),
            page_url=page_url,
            environment=environment,
            reopen_ms=reopen_minutes * 60_000,
            settle_ms=settle_seconds * 1000,
            secure=certificate is not None,
        )
        _serve(options, host, port, certificate, private_key, as_json=as_json)
    except ConfigurationError as error:
        refuse(str(error))
    except ModuleNotFoundError as error:
        refuse_missing(error)


def _refuse_mistakes(
    host: str,
    tokens: Path | None,
    token_lines: str,
    certificate: Path | None,
    private_key: Path | None,
    *,
    no_auth: bool,
    plain: bool,
) -> None:
    from telemetry.operations.receiver import refuse_open_doors

    has_tokens = bool(tokens or token_lines)
    if no_auth and has_tokens:
        raise ConfigurationError("--no-auth and tokens contradict each other: leave one out")
    if (certificate is None) != (private_key is None):
        raise ConfigurationError("--tls-cert and --tls-key belong together: give both")
    refuse_open_doors(host, has_tokens=has_tokens, has_tls=certificate is not None, plain=plain)
    if not no_auth and not has_tokens:
        raise ConfigurationError(
            "give --tokens FILE (or TELEMETRY_ALERTS_TOKENS) with lines NAME ROLE TOKEN; or --no-auth on this machine"
        )
    for option, path in (("--tls-cert", certificate), ("--tls-key", private_key)):
        if path is not None and not path.is_file():
            raise ConfigurationError(f"{option} {path}: there is no such file")


def _serve(
    options: Any, host: str, port: int, certificate: Path | None, private_key: Path | None, *, as_json: bool
) -> None:
    from telemetry.operations.receiver import listen, serve

    def ready(url: str) -> None:
        told = {"url": url, "database": options.database.partition("@")[2] or options.database}
        typer.echo(json.dumps(told) if as_json else f"telemetry: {url}/ shows incidents; deliver to "
                   f"{url}/observability/alerts")  # fmt: skip

    serve(options, listen(host, port), certificate=certificate, private_key=private_key, ready=ready)


def _options(**settings: Any) -> Any:
    from telemetry.operations.receiver import Options

    return Options(**settings)


def _tokens(path: Path | None, lines: str) -> Any:
    from telemetry.operations.receiver import read_tokens

    return read_tokens(*_text(path, lines, "--tokens", "TELEMETRY_ALERTS_TOKENS"))


def _targets(path: Path | None, lines: str) -> Any:
    from telemetry.operations.receiver import read_targets

    return read_targets(*_text(path, lines, "--relay", "TELEMETRY_ALERTS_RELAY"))


def _headers(path: Path | None) -> dict[str, str]:
    text = _text(path, "", "--alertmanager-token-file", "")[0].strip()
    return {"Authorization": f"Bearer {text}"} if text else {}


def _text(path: Path | None, lines: str, option: str, variable: str) -> tuple[str, str]:
    """Give the lines of a file, else those of the environment, and where they are from."""
    if path is None:
        return lines, variable
    try:
        return path.read_text("utf-8"), f"{option} {path}"
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{option} {path}: cannot read it: {error}") from None
