"""Fetch a scrape over HTTP, within bounds of time and size."""

from __future__ import annotations

from time import monotonic
from typing import Final, NamedTuple

from telemetry.errors import SourceError
from telemetry.operations.shown import shown_source

from .scrape import MOST_BYTES

_SECONDS: Final = 10.0
_ACCEPT: Final = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"


class Answer(NamedTuple):
    """What an endpoint answered."""

    body: bytes
    is_openmetrics: bool


def fetch(url: str, *, seconds: float = _SECONDS, most_bytes: int = MOST_BYTES) -> Answer:
    """Ask an endpoint for its metrics; credentials in the URL are used, and never shown.

    Raises:
        SourceError: It refuses, is too slow, answers too much or with an error, or with what is no text of metrics.
    """
    try:
        import httpx
    except ModuleNotFoundError:
        raise SourceError(shown_source(url), "fetching needs httpx: pip install 'telemetry[cli]'") from None
    try:
        with (
            httpx.Client(timeout=seconds, trust_env=False) as client,
            client.stream("GET", url, headers={"Accept": _ACCEPT, "Accept-Encoding": "identity"}) as answer,
        ):
            _refuse_error(answer, shown_source(url))
            body = _body(answer, shown_source(url), monotonic() + seconds, most_bytes)
            return Answer(body, "openmetrics" in answer.headers.get("content-type", ""))
    except httpx.TimeoutException:
        raise SourceError(shown_source(url), f"it did not answer within {seconds:g} seconds") from None
    except (httpx.InvalidURL, UnicodeError):
        problem = "it is no URL; percent-encode what is special in a user or a password"
        raise SourceError(shown_source(url), problem) from None
    except (httpx.HTTPError, ValueError) as error:
        raise SourceError(shown_source(url), f"it cannot be asked: {error}; is something listening there?") from None


def _refuse_error(answer: object, url: str) -> None:
    status: int = answer.status_code  # type: ignore[attr-defined]
    headers = answer.headers  # type: ignore[attr-defined]
    if 300 <= status < 400:
        place = shown_source(headers.get("location", "elsewhere").partition("?")[0])
        raise SourceError(url, f"it leads to {place}; name that")
    if status != 200:
        raise SourceError(url, f"it answers {status}; the path of a Prometheus endpoint is mostly /metrics")
    if "html" in headers.get("content-type", ""):
        raise SourceError(url, "it answers a page of HTML, no metrics; the path is mostly /metrics")


def _body(answer: object, url: str, until: float, most_bytes: int) -> bytes:
    pieces, size = [], 0
    for piece in answer.iter_bytes():  # type: ignore[attr-defined]
        size += len(piece)
        if size > most_bytes:
            raise SourceError(url, f"it answers more than {most_bytes} bytes")
        if monotonic() > until:
            raise SourceError(url, "it answers too slowly")
        pieces.append(piece)
    return b"".join(pieces)
