"""The alert receiver: takes what Alertmanager delivers, keeps incidents and an audit log, shows them.

It imports Starlette and SQLAlchemy (extra `operations`), so it is loaded where it is used.
"""

from __future__ import annotations

from telemetry.door import deferred as _deferred

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .app import application
    from .audit import Finding, Proof, exported, verify
    from .openapi import description
    from .options import Options
    from .server import listen, refuse_open_doors, serve
    from .store import Store
    from .targets import Target, read_targets
    from .tokens import Person, Role, Tokens, read_tokens
else:
    __getattr__ = _deferred(
        __name__,
        app="application",
        audit="Finding Proof exported verify",
        openapi="description",
        options="Options",
        server="listen refuse_open_doors serve",
        store="Store",
        targets="Target read_targets",
        tokens="Person Role Tokens read_tokens",
    )

__all__ = (
    "Finding",
    "Options",
    "Person",
    "Proof",
    "Role",
    "Store",
    "Target",
    "Tokens",
    "application",
    "description",
    "exported",
    "listen",
    "read_targets",
    "read_tokens",
    "refuse_open_doors",
    "serve",
    "verify",
)
