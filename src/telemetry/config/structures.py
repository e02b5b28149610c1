"""Checks of values that have parts: lists of names, shares by pattern, tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .checks import number, text
from .settings import SamplingRule

_SHARE = number(float, 0, 1)
_WORDS = {"on": 1.0, "true": 1.0, "off": 0.0, "false": 0.0}
_RULE_KEYS = ("name", "attributes", "ratio", "per_second")


def names(raw: object) -> tuple[str, ...]:
    """Take a list of names, or one string with commas between them; `none` is none."""
    parts = raw.split(",") if isinstance(raw, str) else raw
    if not isinstance(parts, Sequence):
        raise ValueError("must be a list of names")  # noqa: TRY004 -- every check raises this
    found = tuple(dict.fromkeys(name for part in parts if (name := text(part).strip())))
    return () if "none" in found else found


def shares(raw: object) -> Mapping[str, float]:
    """Take shares by pattern, `codegen.*=off,verify.run=10%`: on, off, a percentage, or a number from 0 to 1."""
    pairs: Iterable[tuple[Any, Any]]
    if isinstance(raw, Mapping):
        pairs = raw.items()
    else:
        members = [member.partition("=") for member in text(raw).split(",") if member.strip()]
        pairs = ((pattern, share) for pattern, _, share in members)
    found = {text(pattern).strip(): _share(share) for pattern, share in pairs}
    if "" in found:
        raise ValueError("must be a list of pattern=share, with a comma between them")
    return found


def rules(raw: object) -> tuple[SamplingRule, ...]:
    """Take sampling rules: tables, or JSON of a list of them."""
    return tuple(_rule(table) for table in tables(raw))


def tables(raw: object) -> tuple[Mapping[str, Any], ...]:
    """Take a list of tables, or JSON of one."""
    if isinstance(raw, str):
        from json import loads

        try:
            raw = loads(raw)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"must be JSON: {error}") from None
    if not isinstance(raw, Sequence) or not all(isinstance(table, Mapping) for table in raw):
        raise ValueError("must be a list of tables")
    return tuple(raw)


def _rule(table: Mapping[str, Any]) -> SamplingRule:
    unknown = sorted(table.keys() - set(_RULE_KEYS))
    if unknown:
        raise ValueError(f"rule {table!r} has {unknown[0]!r}; a rule may have {', '.join(_RULE_KEYS)}")
    attributes = table.get("attributes", {})
    if not isinstance(attributes, Mapping):
        raise ValueError(f"attributes of rule {table!r} must be a table of patterns")  # noqa: TRY004 -- as above
    per_second = table.get("per_second")
    return SamplingRule(
        name=text(table.get("name", "*")),
        attributes={text(name): text(pattern) for name, pattern in attributes.items()},
        ratio=_share(table.get("ratio", 1.0)),
        per_second=None if per_second is None else number(float, 0)(per_second),
    )


def _share(raw: object) -> float:
    if isinstance(raw, bool):
        return float(raw)
    word = raw.strip().lower() if isinstance(raw, str) else ""
    if word in _WORDS:
        return _WORDS[word]
    if word.endswith("%"):
        return number(float, 0, 100)(word[:-1]) / 100
    return _SHARE(raw)
