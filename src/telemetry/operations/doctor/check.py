"""What is checked, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from time import monotonic, sleep
from typing import Any, Final, final
from uuid import uuid4

import httpx

DEADLINE_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.2
_MOST_SAID: Final = 160


@final
class Engine(StrEnum):
    """What can be checked."""

    PROMETHEUS = "prometheus"
    VICTORIAMETRICS = "victoriametrics"
    VICTORIALOGS = "victorialogs"
    VICTORIATRACES = "victoriatraces"
    GRAFANA = "grafana"
    ALERTMANAGER = "alertmanager"
    COLLECTOR = "collector"
    FLUENTBIT = "fluentbit"
    FLUENTBIT_INPUT = "fluentbit-input"


@final
@dataclass(frozen=True, slots=True)
class Target:
    """An engine, and the address that it has."""

    engine: Engine
    url: str

    @property
    def shown(self) -> str:
        """The address without a user and password."""
        return str(httpx.URL(self.url).copy_with(userinfo=b""))


def parse_target(text: str) -> Target:
    """Read NAME=URL.

    Raises:
        ValueError: There is no such engine, or the address is none.
    """
    name, _, url = text.partition("=")
    if name not in list(Engine):
        raise ValueError(f"there is no engine {name!r}; give one of {', '.join(Engine)}, then = and its URL")
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ValueError(f"{name}: the URL is none: {error}") from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ValueError(f"{name}: give a URL that begins with http:// or https://")
    return Target(Engine(name), url.rstrip("/"))


@final
@dataclass(frozen=True, slots=True)
class Check:
    """What came of one step.

    Attributes:
        subject: The engine, and what was done with it.
        url: The address, without a password.
        problem: What is wrong; empty where all is well.
        remedy: What to do about it.
        seconds: How long it took.
    """

    subject: str
    url: str
    problem: str = ""
    remedy: str = ""
    seconds: float = 0.0

    @property
    def is_passed(self) -> bool:
        """Whether all is well."""
        return not self.problem


class FailedCheckError(Exception):
    """A step failed; it has the remedy."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.remedy = remedy


@final
@dataclass(slots=True)
class Patient:
    """One engine while it is examined, within its deadline.

    Attributes:
        mark: 32 hexadecimal digits that nothing else has: a trace id too.
    """

    target: Target
    mark: str = field(default_factory=lambda: uuid4().hex)
    _end: float = field(default_factory=lambda: monotonic() + DEADLINE_SECONDS)

    def get(self, path: str, **query: str) -> httpx.Response:
        """Ask; an answer that is no success fails the step."""
        return self.ask("GET", path, params=query)

    def post(self, path: str, **content: Any) -> httpx.Response:
        """Send; an answer that is no success fails the step."""
        return self.ask("POST", path, **content)

    def ask(self, method: str, path: str, **content: Any) -> httpx.Response:
        """Make a request within what is left of the time.

        Raises:
            FailedCheckError: Nobody answers, or the answer is no success.
        """
        url = f"{self.target.url}{path}"
        left = max(self._end - monotonic(), 0.1)
        try:
            answer = httpx.request(method, url, timeout=left, trust_env=False, **content)
        except (httpx.HTTPError, httpx.StreamError) as error:
            said = str(error) or type(error).__name__
            remedy = f"start {self.target.engine}, or correct the address (and what stands between: proxy, firewall)"
            raise FailedCheckError(f"{path}: it does not answer: {said[:_MOST_SAID]}", remedy) from None
        if not answer.is_success:
            said = " ".join(answer.text.split())[:_MOST_SAID]
            raise FailedCheckError(f"{path} answers {answer.status_code}: {said}", _remedy(answer.status_code))
        return answer

    def json(self, path: str, **query: str) -> Any:
        """Ask for JSON."""
        answer = self.get(path, **query)
        try:
            return answer.json()
        except ValueError:
            raise FailedCheckError(f"{path} answers, and not with JSON", _remedy(404)) from None

    def wait_for(self, is_there: Callable[[], bool], what: str, remedy: str) -> None:
        """Ask until something is there.

        Raises:
            FailedCheckError: It was not there in time.
        """
        while not is_there():
            if monotonic() > self._end:
                raise FailedCheckError(f"{what} {self.mark} did not arrive within {DEADLINE_SECONDS:g} s", remedy)
            sleep(_POLL_SECONDS)


_REMEDIES: Final[Mapping[int, str]] = {
    401: "put a user and password into the URL",
    403: "put a user and password that may do this into the URL",
    404: "correct the address: another program answers there, or another version, or a path is missing",
    429: "it is overloaded: try again, or raise its limits",
    503: "it is not ready: wait until it has started, and read its log",
}


def _remedy(status: int) -> str:
    return _REMEDIES.get(status, "read its log; is the version one that has this path?")
