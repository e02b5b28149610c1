"""Questions in PromQL, over the HTTP API that Prometheus, VictoriaMetrics and vmalert have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self, final

from telemetry.errors import EngineError

_TIMEOUT_SECONDS: Final = 60.0


@final
@dataclass(frozen=True, slots=True)
class Series:
    """One series of an answer.

    Attributes:
        labels: With `__name__` where it has one.
        points: Seconds since 1970, and the value, rising by time.
    """

    labels: Mapping[str, str]
    points: tuple[tuple[float, float], ...]


@final
class QueryApi:
    """A client of one server.

    Raises:
        EngineError: The server does not answer, or refuses the question; with what it said.
    """

    def __init__(self, url: str, *, timeout: float = _TIMEOUT_SECONDS) -> None:
        import httpx

        self._url = url
        self._client = httpx.Client(base_url=url, timeout=timeout, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def instant(self, query: str, at: float) -> list[Series]:
        """Evaluate a query at one time; a scalar is a series without labels."""
        data = self.ask("/api/v1/query", query=query, time=str(at))
        if data["resultType"] in {"scalar", "string"}:
            return [Series({}, (_point(data["result"]),))] if data["resultType"] == "scalar" else []
        return [_series(each) for each in data["result"]]

    def range(self, query: str, start: float, end: float, step: float) -> list[Series]:
        """Evaluate a query at every step from start to end, all in seconds."""
        span = {"start": str(start), "end": str(end), "step": str(step)}
        data = self.ask("/api/v1/query_range", query=query, **span, nocache="1")  # else VictoriaMetrics moves both ends
        return [_series(each) for each in data["result"]]

    def rules(self) -> list[dict[str, Any]]:
        """Give all rules that the server has loaded, each with its `group`."""
        groups = self.ask("/api/v1/rules")["groups"]
        return [{**rule, "group": group["name"]} for group in groups for rule in group["rules"]]

    def ask(self, path: str, **parameters: str) -> Any:
        """Give the `data` of an answer."""
        import httpx

        try:
            answer = self._client.post(path, data=parameters) if parameters else self._client.get(path)
            said = answer.json()
        except httpx.HTTPError as error:
            raise EngineError(self._url, f"does not answer: {error}") from error
        except ValueError as error:
            raise EngineError(self._url, f"is no store of metrics: it answers {answer.text[:200]!r}") from error
        if not isinstance(said, dict) or said.get("status") != "success":
            problem = said.get("error", said) if isinstance(said, dict) else said
            raise EngineError(self._url, f"refuses {parameters.get('query', path)}: {problem}")
        return said["data"]


def _series(found: Mapping[str, Any]) -> Series:
    points = found["values"] if "values" in found else [found["value"]]
    return Series(found["metric"], tuple(_point(each) for each in points))


def _point(found: tuple[float, str]) -> tuple[float, float]:
    return float(found[0]), float(found[1])
