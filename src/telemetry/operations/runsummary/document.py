"""Read one of the files that a run leaves, and hold it against the JSON Schema of its kind."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal, final, get_args

from telemetry.errors import TelemetryError

DocumentKind = Literal["run_summary", "checklist", "observability"]

DOCUMENTS: Final[tuple[DocumentKind, ...]] = get_args(DocumentKind)
"""The kinds of files. Each has a schema of its name, whose `x-metric` says which metric a field becomes."""

_MOST_SAID: Final = 10


@final
class SummaryError(TelemetryError, ValueError):
    """A file of a run cannot be used; the message names it, the place in it, and what is wrong there."""


@final
@dataclass(frozen=True, slots=True)
class RunDocument:
    """One file of a run, which keeps its schema.

    Attributes:
        path: Where it was read, for messages.
    """

    path: Path
    kind: DocumentKind
    content: Mapping[str, Any]


@cache
def schema_of(kind: DocumentKind) -> Mapping[str, Any]:
    """Give the JSON Schema (draft 2020-12) of a kind of file."""
    text = files(__package__).joinpath(f"{kind}.schema.json").read_text(encoding="utf-8")
    schema: Mapping[str, Any] = json.loads(text)
    return schema


def read_document(path: Path, kind: DocumentKind) -> RunDocument:
    """Read a file of a run.

    Raises:
        SummaryError: It cannot be read, is no JSON, or breaks the schema of its kind.
    """
    try:
        content = json.loads(path.read_bytes(), parse_constant=_refuse_constant, object_pairs_hook=_once)
    except OSError as error:
        raise SummaryError(f"{path}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise SummaryError(f"{path}: it is no JSON: {error}") from error
    if problems := _problems(content, kind):
        more = f"\n  and {len(problems) - _MOST_SAID} more" if len(problems) > _MOST_SAID else ""
        lines = "\n  ".join(problems[:_MOST_SAID])
        raise SummaryError(f"{path}: it is not as {kind}.schema.json wants it:\n  {lines}{more}")
    return RunDocument(path, kind, content)


def _problems(content: Any, kind: DocumentKind) -> list[str]:
    from jsonschema import Draft202012Validator

    found = sorted(
        Draft202012Validator(schema_of(kind)).iter_errors(content), key=lambda each: list(map(str, each.path))
    )
    return [f"{each.json_path}: {each.message[:200]}" for each in found] or list(_endless("$", content))


def _endless(place: str, value: Any) -> list[str]:
    """Find numbers that JSON can write and a double cannot hold, such as 1e999."""
    if isinstance(value, dict):
        return [line for name, each in value.items() for line in _endless(f"{place}.{name}", each)]
    if isinstance(value, list):
        return [line for index, each in enumerate(value) for line in _endless(f"{place}[{index}]", each)]
    if isinstance(value, (int, float)) and not _is_finite(value):
        return [f"{place}: the number is too large"]
    return []


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} is there twice")
    return content
