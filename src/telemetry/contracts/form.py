"""What the names in a registry must look like: a pattern each, and the words for it."""

from __future__ import annotations

from typing import Final, NamedTuple


class Form(NamedTuple):
    """What all of a string must look like, and how to say so."""

    pattern: str
    words: str


_DOTTED = r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*"

METRIC_NAME: Final = Form("[a-zA-Z_:][a-zA-Z0-9_:]*", "a Prometheus metric name (letters, digits, '_' and ':')")
LABEL_NAME: Final = Form(
    "(?!__)(?!le$)(?!quantile$)[a-zA-Z_][a-zA-Z0-9_]*",
    "a Prometheus label name (letters, digits and '_'; not 'le', 'quantile', or one that starts with '__')",
)
DOTTED_NAME: Final = Form(_DOTTED, "a name of lower-case words joined by dots, such as 'compile.execute'")
ATTRIBUTE_NAME: Final = Form(
    rf"{_DOTTED}(?:\.\*)?", "a name of lower-case words joined by dots, such as 'backend.name' or 'process.*'"
)
DISPLAY: Final = Form(
    rf"[^{{}}]*(?:\{{{_DOTTED}\}}[^{{}}]*)+",
    "a name with attributes in braces, such as '{http.request.method} {http.route}'",
)
WORD: Final = Form("[a-z][a-z0-9_]*", "a word of lower-case letters, digits and '_'")
DAY: Final = Form("[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])", "a day such as '2026-01-31'")
