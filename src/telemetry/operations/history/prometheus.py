"""History out of an engine with Prometheus' HTTP API, such as Prometheus itself or VictoriaMetrics.

It asks for a range selector at one instant (`metric[6h]`), which gives the samples as they were stored. A range query
would repeat old values for five minutes, and so make samples where none are. Some engines leave the start of a range
out, so it asks for a millisecond more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, final

import httpx

from .flat import Flat, assembled, flat_names
from .problem import HistoryError
from .sample import Query, Reading

_CHUNK_SECONDS: Final = 6 * 3600
_TIMEOUT_SECONDS: Final = 30.0
_MOST_SAID: Final = 200


@final
class PrometheusHistory:
    """An engine.

    Args:
        url: Its address, with the path that a proxy or tenant puts before `/api/v1`.
        token: Is sent as a bearer token, where there is one.
    """

    __slots__ = ("_headers", "_url", "name")

    def __init__(self, url: str, *, token: str | None = None) -> None:
        self.name = str(httpx.URL(url).copy_with(userinfo=b"")).rstrip("/")
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def read(self, query: Query) -> Reading:
        """Give the samples that a query is about.

        Raises:
            HistoryError: The engine does not answer, or refuses.
        """
        return Reading(assembled(query.metric, query.kind, self._samples(query)))

    def _samples(self, query: Query) -> Iterator[Flat]:
        with self._client() as client:
            for name in flat_names(query.metric, query.kind):
                yield from self._of(client, name, query)

    def _of(self, client: httpx.Client, name: str, query: Query) -> Iterator[Flat]:
        selector = _selector(name, query.labels)
        for start, end in _chunks(query.start_s, query.end_s):
            expression = f"{selector}[{max(round(1000 * (end - start)), 0) + 1}ms]"
            for found in self._ask(client, expression, end):
                yield from (each for each in _flattened(name, found) if each[2] >= start)

    def _client(self) -> httpx.Client:
        return httpx.Client(base_url=self._url, headers=self._headers, timeout=_TIMEOUT_SECONDS, trust_env=False)

    def _ask(self, client: httpx.Client, expression: str, at_s: float) -> list[Any]:
        try:
            answer = client.post("/api/v1/query", data={"query": expression, "time": f"{at_s:.3f}"})
            body = answer.json() if answer.content else {}
        except httpx.HTTPError as error:
            raise HistoryError(self.name, f"it does not answer: {error or type(error).__name__}") from error
        except ValueError as error:
            raise HistoryError(
                self.name, f"it answers {answer.status_code} without JSON; is it the address?"
            ) from error
        if answer.status_code != 200 or not isinstance(body, dict) or body.get("status") != "success":
            said = str(body.get("error", "") if isinstance(body, dict) else body)[:_MOST_SAID]
            raise HistoryError(self.name, f"it answers {answer.status_code}: {said or 'no reason given'}")
        try:
            return list(body["data"]["result"])
        except (KeyError, TypeError) as error:
            raise HistoryError(self.name, "its answer is none of Prometheus' API") from error


def _flattened(name: str, found: Mapping[str, Any]) -> Iterator[Flat]:
    labels = {str(key): str(value) for key, value in found.get("metric", {}).items() if key != "__name__"}
    for time_s, value in found.get("values", ()):
        yield name, labels, float(time_s), float(value)


def _chunks(start_s: float, end_s: float) -> Iterator[tuple[float, float]]:
    while start_s < end_s:
        middle = min(start_s + _CHUNK_SECONDS, end_s)
        yield start_s, middle
        start_s = middle


def _selector(name: str, labels: Mapping[str, str]) -> str:
    quoted = (
        (each, value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")) for each, value in labels.items()
    )
    return name + "{" + ",".join(f'{each}="{value}"' for each, value in quoted) + "}"
