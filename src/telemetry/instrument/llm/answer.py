"""Reads what a language model's answer says of itself: tokens, model, id, reasons to end.

The defaults know the answers of OpenAI and Anthropic, as objects or as JSON, whole or in parts of a stream.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, final

Path = str | Callable[[Any], Any]
"""Names joined by dots (`*` stands for each member of a list), or a callable of the answer."""

PATHS: Final[Mapping[str, tuple[Path, ...]]] = {
    "input_tokens": ("usage.prompt_tokens", "usage.input_tokens", "message.usage.input_tokens"),
    "cache_read_tokens": ("usage.cache_read_input_tokens", "message.usage.cache_read_input_tokens"),
    "cache_written_tokens": ("usage.cache_creation_input_tokens", "message.usage.cache_creation_input_tokens"),
    "output_tokens": ("usage.completion_tokens", "usage.output_tokens", "message.usage.output_tokens"),
    "response_model": ("model", "message.model", "response.model"),
    "response_id": ("id", "message.id", "response.id"),
    "finish_reasons": ("choices.*.finish_reason", "stop_reason", "delta.stop_reason"),
    "cost_usd": (),
}
"""Fact to the places where it is looked for; the first that has it counts."""

_COUNTS: Final = ("input_tokens", "cache_read_tokens", "cache_written_tokens", "output_tokens")
_MOST: Final = (1 << 60) - 1
"""Three of them, which make up one count, are still an attribute of 64 bits."""
_LEAST: Final[Mapping[str, type | tuple[type, ...]]] = {
    "response_model": str,
    "response_id": str,
    "cost_usd": (int, float),
}


@final
class Answer:
    """What is known of an answer so far; parts of a stream add to it.

    >>> answer = Answer(PATHS)
    >>> answer.read({"model": "m-2", "usage": {"prompt_tokens": 12, "completion_tokens": 3}})
    >>> answer.facts
    {'input_tokens': 12, 'output_tokens': 3, 'response_model': 'm-2'}

    Attributes:
        facts: Those that were found, by the keys of `PATHS`.
        refused: The counts that no answer can have: below zero, past 64 bits, or no whole number; each with its type.
    """

    __slots__ = ("_paths", "facts", "refused")

    def __init__(self, paths: Mapping[str, Sequence[Path]]) -> None:
        self._paths = paths
        self.facts: dict[str, Any] = {}
        self.refused: dict[str, str] = {}

    @property
    def input_tokens(self) -> int | None:
        """All tokens that were sent; Anthropic leaves those of its cache out of its own count."""
        plain = self.facts.get("input_tokens")
        cached: int = self.facts.get("cache_read_tokens", 0) + self.facts.get("cache_written_tokens", 0)
        return None if plain is None else plain + cached

    @property
    def output_tokens(self) -> int | None:
        """The tokens that came back."""
        return self.facts.get("output_tokens")

    def read(self, part: Any) -> None:
        """Take in an answer, or the next part of one; a later fact replaces an earlier one, and nothing raises."""
        for fact, paths in self._paths.items():
            value = next((found for path in paths if (found := self._fit(fact, path, part)) is not None), None)
            if value is not None:
                self.facts[fact] = value

    def _fit(self, fact: str, path: Path, part: Any) -> Any:
        found = value_at(path, part)
        value = _fit(fact, found)
        plain = (found[0] if found else None) if isinstance(found, list) else found
        if fact in _COUNTS and value is None and plain is not None:
            self.refused[fact] = type(plain).__name__
        return value


def value_at(path: Path, part: Any) -> Any:
    """Give what a path leads to in an answer, as a list where it is a path of names; None where it leads nowhere."""
    try:
        return list(_walk(part, path.split("."))) if isinstance(path, str) else path(part)
    except Exception:  # noqa: BLE001  # an answer of another shape says nothing; the call itself went well
        return None


def _walk(value: Any, steps: Sequence[str]) -> Iterator[Any]:
    if value is None:
        return
    if not steps:
        yield value
    elif steps[0] == "*":
        for member in value:
            yield from _walk(member, steps[1:])
    else:
        yield from _walk(_member(value, steps[0]), steps[1:])


def _member(value: Any, step: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(step)
    if isinstance(value, list | tuple):
        return value[int(step)]
    return getattr(value, step, None)


def _fit(fact: str, found: Any) -> Any:
    """Give what was found in the type of the fact; None where it is none, such as a null in a stream's parts."""
    if fact == "finish_reasons":
        reasons = (found,) if isinstance(found, str) else tuple(found or ())
        return tuple(str(getattr(each, "value", each)) for each in reasons) or None
    value = (found[0] if found else None) if isinstance(found, list) else found
    if isinstance(value, bool):
        return None
    if fact in _COUNTS:
        return value if isinstance(value, int) and 0 <= value <= _MOST else None
    return value if isinstance(value, _LEAST[fact]) else None
