"""Write families in the OpenMetrics text format 1.0.0.

It touches no socket and imports no Prometheus library. `scrape` calls it for a scraper that asks for the format.
"""

from __future__ import annotations

from collections.abc import Iterable

from telemetry.signals import Family

from .alike import told_apart
from .sample import metric_name, quoted, sample_lines

_END = "# EOF\n"


def openmetrics_text(families: Iterable[Family]) -> bytes:
    r"""Write families in OpenMetrics 1.0.0, with units where the format allows them and `# EOF` at the end.

    A counter without `_total`, which a contract may allow by a waiver, is exposed as `unknown` under its name, since
    the format has no such counter. What UTF-8 cannot hold becomes `?`.

    >>> from telemetry.signals import Series
    >>> openmetrics_text([Family("builds_total", "counter", "count", "Builds.", (), (Series((), 2),))])
    b'# HELP builds Builds.\n# TYPE builds counter\nbuilds_total 2.0\n# EOF\n'
    """
    return ("".join(_lines(family) for family in families) + _END).encode("utf-8", "replace")


def openmetrics_name(family: Family) -> str:
    """Give the family's name as OpenMetrics counts it: a counter's without `_total`."""
    if family.kind == "counter":
        return family.name.removesuffix("_total")
    return family.name


def _lines(family: Family) -> str:
    if any(series.origin is not None for series in family.series[:1]):
        family = told_apart(family)
    name = metric_name(openmetrics_name(family))
    head = f"# HELP {name} {quoted(family.description)}\n# TYPE {name} {_type(family)}\n"
    return head + _unit_line(name, family.unit) + "".join(sample_lines(family, exemplars=True))


def _type(family: Family) -> str:
    waived = family.kind == "counter" and not family.name.endswith("_total")
    return "unknown" if waived else family.kind


def _unit_line(name: str, unit: str) -> str:
    # OpenMetrics 1.0.0, UNIT: the unit must be the name's last part, so a name without it goes without the line.
    return f"# UNIT {name} {unit}\n" if unit and name.endswith(f"_{unit}") else ""
