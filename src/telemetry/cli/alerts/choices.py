"""What `telemetry alerts serve` can be told."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Host = Annotated[str, typer.Option(help="The address to listen on; another machine's needs tokens and TLS.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes any free one.")]
TokensFile = Annotated[
    Path | None,
    typer.Option("--tokens", envvar="TELEMETRY_ALERTS_TOKENS_FILE", help="A file, a line a token: NAME ROLE TOKEN."),
]
TokenLines = Annotated[str, typer.Option(hidden=True, envvar="TELEMETRY_ALERTS_TOKENS", help="The lines themselves.")]
NoAuth = Annotated[bool, typer.Option("--no-auth", help="Ask for no token; on this machine only.")]
Certificate = Annotated[Path | None, typer.Option("--tls-cert", help="A certificate with its chain, as PEM.")]
PrivateKey = Annotated[Path | None, typer.Option("--tls-key", help="Its private key, as PEM.")]
PlainHttp = Annotated[
    bool, typer.Option("--plain-http", help="Something in front of it does TLS: serve others without.")
]
AlertmanagerUrl = Annotated[
    str,
    typer.Option("--alertmanager", envvar="TELEMETRY_ALERTS_ALERTMANAGER", help="Alertmanager: makes the silences."),
]
AlertmanagerToken = Annotated[
    Path | None, typer.Option("--alertmanager-token-file", help="A file with the token that Alertmanager asks for.")
]
RelayFile = Annotated[
    Path | None,
    typer.Option(
        "--relay", envvar="TELEMETRY_ALERTS_RELAY_FILE", help="A file, a line a webhook: LEVELS discord|slack URL."
    ),
]
RelayLines = Annotated[str, typer.Option(hidden=True, envvar="TELEMETRY_ALERTS_RELAY", help="The lines themselves.")]
PageUrl = Annotated[str, typer.Option(help="How people reach the page, for links in messages.")]
Environment = Annotated[str, typer.Option(envvar="TELEMETRY_ENVIRONMENT", help="The label of its own metrics.")]
Reopen = Annotated[
    int, typer.Option("--reopen-minutes", min=0, help="An alert that comes back so soon opens its incident again.")
]
Settle = Annotated[
    int,
    typer.Option("--settle-seconds", min=0, help="Alertmanager is up so long before what it does not list is over."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Say where it listens as one JSON object.")]
