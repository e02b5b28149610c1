"""How a receiver is set up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

from .targets import Target
from .tokens import Tokens


@final
@dataclass(frozen=True, slots=True)
class Options:
    """How a receiver is set up.

    Attributes:
        database: Where it keeps things, as SQLAlchemy writes it.
        tokens: Who may do what; None lets everybody do everything, for a receiver on this machine only.
        alertmanager_url: Where silences are made; empty where acknowledgements stay in the receiver.
        alertmanager_headers: What Alertmanager wants to see besides, such as `Authorization`.
        targets: Where messages go.
        page_url: How people reach the page, for links in messages; empty for none.
        environment: The `environment` label of the receiver's own metrics.
        reopen_ms: An alert that fires again within this time after its end opens the same incident again.
        settle_ms: How long Alertmanager has to be up before an alert that it does not list counts as over.
        poll_ms: The pause between two rounds of the silences and of the messages.
        secure: The cookie is for TLS only.
    """

    database: str
    tokens: Tokens | None = None
    alertmanager_url: str = ""
    alertmanager_headers: Mapping[str, str] = field(default_factory=dict)
    targets: tuple[Target, ...] = ()
    page_url: str = ""
    environment: str = "development"
    reopen_ms: int = 1_800_000
    settle_ms: int = 300_000
    poll_ms: int = 2_000
    secure: bool = False
