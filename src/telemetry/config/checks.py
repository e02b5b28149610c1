"""Checks of values: each gives the value as it counts, or raises ValueError with what it must be."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from math import inf
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from pathlib import Path


def text(raw: object) -> str:
    """Take a line of text."""
    if not isinstance(raw, str) or not raw.isprintable():
        raise ValueError("must be a line of text")
    return raw


def one_of(literal: Any) -> Callable[[object], str]:
    """Take one of the words of a `Literal`."""
    options = get_args(literal)

    def read(raw: object) -> str:
        text = raw.strip().lower() if isinstance(raw, str) else ""
        if text not in options:
            raise ValueError(f"must be one of {', '.join(options)}{suggestion(text, options)}")
        return text

    return read


def some_of(literal: Any) -> Callable[[object], tuple[str, ...]]:
    """Take several of them, in one string with commas or in a list; `none` is none."""
    word = one_of(Literal[literal, "none"])

    def read(raw: object) -> tuple[str, ...]:
        parts = raw.split(",") if isinstance(raw, str) else raw if isinstance(raw, Sequence) else (raw,)
        found = tuple(dict.fromkeys(map(word, parts)))
        return () if "none" in found else found

    return read


def number(kind: type[int | float], low: int, high: float = inf) -> Callable[[object], float]:
    """Take a number within limits, both included."""
    limits = f"{low} or more" if high == inf else f"{low} to {high}"

    def read(raw: object) -> float:
        # A bool is an int in Python, and a float is not to be cut down to one.
        value = raw if isinstance(raw, kind | int) and not isinstance(raw, bool) else None
        if isinstance(raw, str):
            with suppress(ValueError):
                value = kind(raw)
        if value is None or not low <= value <= high:
            raise ValueError(f"must be a {'whole ' * (kind is int)}number, {limits}")
        return value

    return read


def switch(literal: Any) -> Callable[[object], bool]:
    """Take a word that means yes or no."""
    word = one_of(literal)
    return lambda raw: word(str(raw)) in ("true", "1", "yes", "on")


def url(raw: object) -> str:
    """Take the URL of an HTTP server."""
    from urllib.parse import urlsplit

    parts = urlsplit(text(raw))
    is_http = parts.scheme in ("http", "https") and parts.hostname
    if not is_http or " " in parts.netloc + parts.path or parts.port == 0:
        raise ValueError("must be an http or https URL, such as http://127.0.0.1:4318")
    return parts.geturl()


def path(raw: object) -> str:
    """Take a file."""
    if not isinstance(raw, str | os.PathLike):
        raise ValueError("must be a file")  # noqa: TRY004 -- every check raises this
    return os.path.expanduser(raw)


def paths(raw: object) -> tuple[Path, ...]:
    """Take a list of files."""
    from pathlib import Path

    parts = raw.split(os.pathsep) if isinstance(raw, str) else [raw] if isinstance(raw, os.PathLike) else raw
    if not isinstance(parts, Sequence) or not all(isinstance(part, str | os.PathLike) for part in parts):
        raise ValueError(f"must be a list of files (in one string, with {os.pathsep!r} between them)")
    return tuple(Path(part) for part in parts if part != "")


def resource(raw: object) -> Mapping[str, str]:
    """Take pairs of key and value (OpenTelemetry, "Resource SDK", `OTEL_RESOURCE_ATTRIBUTES`)."""
    if isinstance(raw, Mapping):
        return {text(key): text(value) for key, value in raw.items()}
    from urllib.parse import unquote

    pairs = [member.partition("=") for member in text(raw).split(",") if member.strip()]
    if not all(equals and key.strip() for key, equals, _ in pairs):
        raise ValueError("must be a list of key=value, with a comma between them")
    return {unquote(key.strip(), errors="strict"): unquote(text.strip(), errors="strict") for key, _, text in pairs}


def folder(raw: object) -> str | Literal[False]:
    """Take a folder, or a word that means none."""
    if raw is False or (isinstance(raw, str) and raw.strip().lower() in ("false", "off", "no", "0", "none")):
        return False
    if not isinstance(raw, str | os.PathLike):
        raise ValueError("must be a folder, or false for none")  # noqa: TRY004 -- every check raises this
    return os.path.expanduser(raw)


def suggestion(name: str, known: Iterable[str], likeness: float = 0.55) -> str:
    """Ask whether the nearest of the known names was meant; nothing where none is near."""
    from difflib import get_close_matches

    closest = get_close_matches(name, sorted(known), n=1, cutoff=likeness)
    return f" (did you mean {closest[0]!r}?)" if closest else ""
