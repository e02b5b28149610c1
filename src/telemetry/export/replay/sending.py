"""Send a bundle to an OTLP endpoint, request by request, and keep a record of how far it came."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Final, final

from telemetry.journal import Again, Refused, Taken, TooLarge, Verdict

from .progress import Progress, ReplayRecord
from .request import Request, Signal, halved, requests
from .source import BundleContents

Post = Callable[[Signal, bytes], Verdict]
"""Sends one encoded request, and gives what the endpoint says."""

_FIRST_WAIT_SECONDS: Final = 0.5
_LONGEST_WAIT_SECONDS: Final = 30.0


@final
@dataclass(frozen=True, slots=True)
class Outcome:
    """How a replay ended.

    Attributes:
        progress: What the endpoint has.
        sent: The number of requests of this replay.
        problem: Why it stopped before its end; empty where it did not.
    """

    progress: Progress
    sent: int = 0
    problem: str = ""


@final
class Replay:
    """Sends a bundle to one endpoint, and keeps a record of how far it came.

    Args:
        bundle: What is sent.
        post: What sends.
        endpoint: The name of the endpoint in the record, without secrets.
        record: The record beside the bundle.
        patience_seconds: How long one request is tried again before the replay stops; the next one goes on there.
    """

    __slots__ = ("_bundle", "_endpoint", "_patience_seconds", "_post", "_record")

    def __init__(
        self, bundle: BundleContents, post: Post, endpoint: str, record: ReplayRecord, patience_seconds: float = 60.0
    ) -> None:
        self._bundle = bundle
        self._post = post
        self._endpoint = endpoint
        self._record = record
        self._patience_seconds = patience_seconds

    def run(self, *, again: bool = False) -> Outcome:
        """Send what the endpoint does not have yet, or everything once more.

        A request that the endpoint refuses for good stops the replay, for then something has to be put right first.

        Raises:
            JournalError: The record cannot be written.
        """
        sha256 = self._bundle.sha256
        progress = Progress(sha256) if again else self._record.progress(self._endpoint, sha256)
        if progress.is_done:
            return Outcome(progress)
        before = progress.requests
        for number, request in enumerate(requests(self._bundle)):
            if number < before:
                continue
            verdict = self._delivered(request)
            if not isinstance(verdict, Taken):
                return Outcome(progress, progress.requests - before, f"{request.signal}: {verdict.reason}")
            progress = progress.after(request.signal, request.records, verdict.rejected)
            self._record.store(self._endpoint, progress)
        progress = progress.finished()
        self._record.store(self._endpoint, progress)
        return Outcome(progress, progress.requests - before)

    def _delivered(self, request: Request) -> Verdict:
        """Send a request until it is answered; one that is too large in halves."""
        verdict = self._answered(request)
        if not isinstance(verdict, TooLarge):
            return verdict
        parts = halved(request)
        if len(parts) == 1:
            return Refused(verdict.reason)
        rejected = 0
        for part in parts:
            answer = self._delivered(part)
            if not isinstance(answer, Taken):
                return answer
            rejected += answer.rejected
        return Taken(rejected)

    def _answered(self, request: Request) -> Verdict:
        end = monotonic() + self._patience_seconds
        for wait_seconds in _waits():
            verdict = self._post(request.signal, request.body)
            if not isinstance(verdict, Again):
                return verdict
            seconds = max(wait_seconds, verdict.after_seconds)
            if monotonic() + seconds > end:
                break
            sleep(seconds)
        return verdict


def _waits() -> Iterator[float]:
    seconds = _FIRST_WAIT_SECONDS
    while True:
        yield seconds
        seconds = min(2 * seconds, _LONGEST_WAIT_SECONDS)
