"""Makes a runtime do with less, as a rung of the budget says.

Nothing is asked at a call: sites are made anew, as when another recorder comes in, and the sampler gets another ratio.
"""

from __future__ import annotations

from typing import Protocol, final

from telemetry._hotpath import Site, sample_with, switch
from telemetry.tracing import Terms

from .budget import LADDER, Rung
from .sampling import Sampling


class Thrifty(Protocol):
    """What is made to do with less: a runtime."""

    sampling: Sampling
    terms: Terms


@final
class Thrift:
    """What one runtime leaves out now.

    Attributes:
        rung: How far it does with less.
    """

    __slots__ = ("_runtime", "rung")

    def __init__(self, runtime: Thrifty) -> None:
        self._runtime = runtime
        self.rung = LADDER[0]

    def take(self, rung: Rung) -> None:
        """Do with this much from now on; spans that are open end as they began."""
        before, self.rung = self.rung, rung
        with switch.held():
            was_watched = self._runtime.terms.are_watched
            self._runtime.sampling.thin(rung.share)
            if switch.recorder() is not self._runtime:
                return
            sample_with(self._runtime.terms.decide)
            is_other = _leaves_out(rung) != _leaves_out(before) or self._runtime.terms.are_watched != was_watched
            if is_other:
                switch.put_in(self._runtime)

    def trim(self, site: Site) -> bool:
        """Take from a site what is left out, before it is prepared; tell whether it still has spans."""
        if self.rung.number == 0:
            return True
        # Sources that only the span needs would still be read at each call.
        site.sources = tuple(site.sources[index] for index in site.labels)
        site.labels = tuple(range(len(site.sources)))
        site.captured = {}
        if self.rung.share:
            return True
        site.name = ""
        return False


def _leaves_out(rung: Rung) -> tuple[bool, bool]:
    """Say what sites have to be made anew for: whether arguments are left out, and whether spans are."""
    return rung.number > 0, rung.share == 0.0
