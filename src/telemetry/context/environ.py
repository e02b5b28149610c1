"""The environment as a carrier: how a child process learns of its parent's span.

As OpenTelemetry specifies it ("Environment variables as context carriers"): names are upper case, values are those of
the headers, and only a child's copy is ever written. Reading the process's own is for `telemetry.config.carrier`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .headers import inject, received


def to_environment() -> dict[str, str]:
    """Give the variables that carry the context of here and now: `TRACEPARENT`, `TRACESTATE`, `BAGGAGE`.

    They belong together: who adds `TRACEPARENT` to a copy of the environment takes the inherited others out of it.
    """
    carrier: dict[str, str] = {}
    inject(carrier)
    return {variable(name): text for name, text in carrier.items()}


def from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    """Read a context out of an environment; the ambient values that come back go to `attach`.

    An empty variable counts as not set, and a name that is not in upper case is no carrier's.
    """
    named = ((name, text) for name, text in environ.items() if text and name == name.upper())
    return received({name.lower().replace("_", "-"): [text] for name, text in named})


def variable(field: str) -> str:
    """Give the variable that carries a field.

    >>> variable("x-b3-traceid"), variable("3d")
    ('X_B3_TRACEID', '_3D')
    """
    name = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in field.upper())
    return f"_{name}" if not name or name[0].isdigit() else name
