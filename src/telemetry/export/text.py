"""Write families in Prometheus' text format 0.0.4, which every scraper and textfile collector reads.

It touches no socket and imports no Prometheus library. `scrape` and the textfile writers call it.
"""

from __future__ import annotations

from collections.abc import Iterable

from telemetry.signals import Family

from .alike import told_apart
from .sample import metric_name, sample_lines

_HELP_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n"})


def prometheus_text(families: Iterable[Family]) -> bytes:
    r"""Write families in the classic text format (Prometheus exposition formats, version 0.0.4).

    A counter keeps the name that its contract gives, with or without `_total`. What UTF-8 cannot hold, such as half
    of a surrogate pair out of a file name, becomes `?`, so that one odd label value never costs a whole scrape.

    >>> from telemetry.signals import Series
    >>> prometheus_text([Family("up", "gauge", "", "Is it up?", ("job",), (Series(("api",), 1),))])
    b'# HELP up Is it up?\n# TYPE up gauge\nup{job="api"} 1.0\n'
    """
    return "".join(_lines(family) for family in families).encode("utf-8", "replace")


def _lines(family: Family) -> str:
    if any(series.origin is not None for series in family.series[:1]):
        family = told_apart(family)
    name = metric_name(family.name)
    description = family.description.translate(_HELP_ESCAPES)
    return f"# HELP {name} {description}\n# TYPE {name} {family.kind}\n" + "".join(sample_lines(family))
