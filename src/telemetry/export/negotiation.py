"""Choose what a scraper gets from what its request says it accepts (RFC 9110, §12.5).

It reads two header values and writes nothing. `scrape` calls it once a request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

TextFormat = Literal["text", "openmetrics"]

TEXT_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS_CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"

_OPENMETRICS = "application/openmetrics-text"


@dataclass(frozen=True, slots=True)
class Representation:
    """The form of an answer: the text format, its content type, and whether the body is gzipped."""

    format: TextFormat
    content_type: str
    gzip: bool


def negotiate(accept: str = "", accept_encoding: str = "") -> Representation:
    """Choose the form of a scrape's answer.

    OpenMetrics 1.0.0 goes to those who name it and weigh it at least as high as plain text; everybody else gets plain
    text, a client that accepts neither included, since a page that can be read serves it better than a 406.

    >>> negotiate("application/openmetrics-text;version=1.0.0,text/plain;q=0.5", "gzip").format
    'openmetrics'
    """
    chosen: TextFormat = "openmetrics" if _wants_openmetrics(accept) else "text"
    content_type = OPENMETRICS_CONTENT_TYPE if chosen == "openmetrics" else TEXT_CONTENT_TYPE
    return Representation(chosen, content_type, _accepts_gzip(accept_encoding))


def _wants_openmetrics(accept: str) -> bool:
    weights = _weights(accept, _answerable)
    text = weights.get("text/plain", weights.get("text/*", weights.get("*/*", 0.0)))
    openmetrics = weights.get(_OPENMETRICS, 0.0)
    return openmetrics > 0 and openmetrics >= text


def _answerable(name: str, parameters: Mapping[str, str]) -> bool:
    return name != _OPENMETRICS or parameters.get("version", "1.0.0") == "1.0.0"


def _accepts_gzip(accept_encoding: str) -> bool:
    weights = _weights(accept_encoding, lambda *_: True)
    gzip = weights.get("gzip", weights.get("*", 0.0))
    return gzip > 0 and gzip >= weights.get("identity", 0.0)


def _weights(header: str, counts: Callable[[str, Mapping[str, str]], bool]) -> dict[str, float]:
    weights: dict[str, float] = {}
    for name, parameters in _choices(header):
        if counts(name, parameters):
            weights[name] = max(weights.get(name, 0.0), _weight(parameters))
    return weights


def _choices(header: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    for choice in header.split(","):
        name, *parameters = (part.strip().lower() for part in choice.split(";"))
        pairs = (parameter.partition("=") for parameter in parameters)
        yield name, {key.strip(): value.strip().strip('"') for key, _, value in pairs}


def _weight(parameters: Mapping[str, str]) -> float:
    try:
        weight = float(parameters.get("q", "1"))
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0
