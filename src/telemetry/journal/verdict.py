"""What an endpoint says to records: whoever sends gives a verdict, and a shipper acts on it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Taken:
    """The endpoint has them.

    Attributes:
        rejected: How many of them it refuses nevertheless, for good (OTLP, "Partial Success").
        reason: Why.
    """

    rejected: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Again:
    """The endpoint may take them later.

    Attributes:
        reason: What is in the way.
        after_seconds: How long the endpoint asks to be left alone; 0 where it does not say.
    """

    reason: str
    after_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class TooLarge:
    """The endpoint takes no request of this size; it may take the same records in several."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The endpoint will never take them."""

    reason: str


Verdict = Taken | Again | TooLarge | Refused
