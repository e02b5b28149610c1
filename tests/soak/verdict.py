"""Hold what was found against what happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, final

from tests.soak.recorders import OUTER, RUN
from tests.soak.recovery import Found
from tests.soak.truth import Happened


@final
@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong, span by span; all is well where nothing is.

    Attributes:
        ended: How many spans had ended.
        found: How many of these were found.
        missing: Spans that had ended, and were not found as ended.
        twice: Spans that were found more than once.
        unnamed: Long spans that had begun, and were neither found as ended nor named as open, with their attributes.
        surplus: Spans that were found as ended and that nobody spoke of, beyond the one that each place can have when
            it is killed between the end of a span and saying so.
        named: How many open spans were named.
        inside: How many deaths came within a short span: it is named as open, or had ended and nobody could say so.
        unbalanced: Ledgers that do not add up.
        abandoned: How many spans were never ended, by the ledgers, and nothing holds any more: where there is no memory
            left, a span may not come to its end.
    """

    ended: int = 0
    found: int = 0
    missing: frozenset[int] = frozenset()
    twice: frozenset[int] = frozenset()
    unnamed: frozenset[int] = frozenset()
    surplus: frozenset[int] = frozenset()
    named: int = 0
    inside: int = 0
    unbalanced: tuple[str, ...] = ()
    abandoned: int = 0

    @property
    def is_good(self) -> bool:
        """Whether nothing is missing, doubled, unaccounted or made up, and all ledgers balance."""
        is_accounted = len(self.unnamed) <= self.abandoned
        return is_accounted and not (self.missing or self.twice or self.surplus or self.unbalanced)

    def __add__(self, other: Verdict) -> Verdict:
        return Verdict(
            self.ended + other.ended,
            self.found + other.found,
            self.missing | other.missing,
            self.twice | other.twice,
            self.unnamed | other.unnamed,
            self.surplus | other.surplus,
            self.named + other.named,
            self.inside + other.inside,
            self.unbalanced + other.unbalanced,
            self.abandoned + other.abandoned,
        )


def judge(happened: Happened, found: Found, books: Sequence[Mapping[str, Any]] = ()) -> Verdict:
    """Compare what happened with what was found, and see whether the ledgers balance."""
    missing = happened.ended - found.finished.keys()
    untold = found.finished.keys() - happened.ended - happened.began
    return Verdict(
        ended=len(happened.ended),
        found=len(happened.ended) - len(missing),
        missing=missing,
        twice=frozenset(span_id for span_id, times in found.finished.items() if times > 1),
        unnamed=frozenset(
            span_id for span_id in happened.began - found.finished.keys() if not _is_named(found, span_id)
        ),
        surplus=_surplus(untold, found),
        named=len(found.named),
        inside=len(untold) + len(found.named.keys() - happened.began),
        unbalanced=tuple(str(book) for book in books if not book["balances"]),
        abandoned=sum(book["lost"]["abandoned"] for book in books),
    )


def _is_named(found: Found, span_id: int) -> bool:
    named = found.named.get(span_id, {})
    return {"name": OUTER, **RUN}.items() <= named.items()


def _surplus(untold: Set[int], found: Found) -> frozenset[int]:
    """Find what nobody spoke of: each long span has, one after the other, children whose end its process tells."""
    places = Counter(found.parents[span_id] for span_id in untold)
    return frozenset(span_id for span_id in untold if places[found.parents[span_id]] > 1)
