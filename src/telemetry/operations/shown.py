"""What is shown of what comes from outside: without credentials, and not without end."""

from __future__ import annotations

from typing import Final

from telemetry.contracts import cut, without_credentials

_MOST_CHARACTERS: Final = 300
_NAME_CHARACTERS: Final = 80
_MOST_SEARCHED: Final = 8192


def is_address(source: str) -> bool:
    """Tell whether a source is the URL of a server, and no path."""
    return source.lower().startswith(("http://", "https://"))


def shown_source(source: str) -> str:
    """Name a source; of a URL only the host and the path, as the rest may be secret.

    >>> shown_source("https://ada:hunter2@metrics.example/all?token=x"), shown_source("run.tar.gz")
    ('https://metrics.example/all', 'run.tar.gz')
    """
    if not is_address(source):
        return source
    scheme, slashes, rest = without_credentials(source).partition("://")
    plain = rest.partition("#")[0].partition("?")[0]
    host, slash, path = plain.partition("/")
    return f"{scheme}{slashes}{host.rpartition('@')[2]}{slash}{path}"


def shown_text(text: str) -> str:
    """Give a text without credentials; of a long one the beginning."""
    shown = without_credentials(text)
    return shown if len(shown) <= _MOST_CHARACTERS else cut(shown, _MOST_CHARACTERS) + "…"


def shown_name(name: str) -> str:
    """Give what something is called, without credentials; of a long name the beginning.

    A credential is looked for before the name is cut, since its form may need what is cut off.
    """
    return without_credentials(name[:_MOST_SEARCHED])[:_NAME_CHARACTERS]
