"""Write one family's sample lines, which are the same in both text formats.

It knows no header, no format name and no HTTP: `text` and `openmetrics` put their own comment lines around these.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from math import inf, isfinite, isnan

from telemetry.signals import Distribution, Exemplar, Family, Quantiles, Series

_METRIC_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_VALUE_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


@lru_cache(maxsize=4096)
def metric_name(name: str) -> str:
    """Give a name that every Prometheus reads: what it does not allow becomes `_`."""
    return name if _METRIC_NAME.fullmatch(name) else _underscored(name, also=":")


@lru_cache(maxsize=4096)
def label_name(name: str) -> str:
    """Give a label name that every Prometheus reads; a colon is not allowed in one."""
    return name if _LABEL_NAME.fullmatch(name) else _underscored(name, also="")


def quoted(value: str) -> str:
    """Escape a label value, or the help text of OpenMetrics, for standing between double quotes."""
    return value.translate(_VALUE_ESCAPES)


def number(value: float) -> str:
    """Write a float as Prometheus' own Go code does: exponents from a million on, `+Inf`, `-Inf`, `NaN`."""
    value = float(value)
    if not isfinite(value):
        return "NaN" if isnan(value) else "+Inf" if value > 0 else "-Inf"
    text = repr(value)
    whole, _, fraction = text.partition(".")
    if value < 0 or len(whole) <= 6 or not fraction:
        return text
    digits = (whole + fraction).rstrip("0")
    point = "." if len(digits) > 1 else ""
    return f"{digits[0]}{point}{digits[1:]}e+{len(whole) - 1:02d}"


def sample_lines(family: Family, *, exemplars: bool = False) -> Iterator[str]:
    """Give one line, with its end, for every sample of every series, and where it may have one its exemplar.

    A histogram whose first bound is negative shows neither `_sum` nor `_count`: its sum could fall, and what falls is
    not a counter (OpenMetrics 1.0.0, Histogram).
    """
    name = metric_name(family.name)
    bounds = [number(bound) for bound in (*family.bounds, inf)]
    summed = not family.bounds or family.bounds[0] >= 0
    for series in family.series:
        value = series.value
        if isinstance(value, Distribution):
            yield from _bucket_lines(name, family, series, value, bounds, exemplars=exemplars)
            if summed:
                yield from _total_lines(name, family, series, value)
        elif isinstance(value, Quantiles):
            yield from _quantile_lines(name, family, series, value)
            yield from _total_lines(name, family, series, value)
        else:
            # OpenMetrics 1.0.0, Exemplars: only those counters that are counters there may have one.
            has_one = exemplars and series.exemplars and family.kind == "counter" and name.endswith("_total")
            example = _exemplar(series.exemplars[-1]) if has_one else ""
            yield f"{name}{_label_set(family, series)} {number(value)}{example}\n"


def _bucket_lines(
    name: str, family: Family, series: Series, value: Distribution, bounds: Sequence[str], *, exemplars: bool
) -> Iterator[str]:
    before, after = _label_set_around("le", family, series)
    kept = series.exemplars if exemplars else ()
    examples = {bisect_left(family.bounds, each.value): _exemplar(each) for each in kept}
    for bucket, (bound, count) in enumerate(zip(bounds, accumulate(value.buckets), strict=True)):
        yield f'{name}_bucket{before}le="{bound}"{after} {number(count)}{examples.get(bucket, "")}\n'


def _exemplar(exemplar: Exemplar) -> str:
    ids = f'trace_id="{exemplar.trace_id:032x}",span_id="{exemplar.span_id:016x}"'
    return f" # {{{ids}}} {number(exemplar.value)} {exemplar.time_ns / 1e9:.3f}"


def _quantile_lines(name: str, family: Family, series: Series, value: Quantiles) -> Iterator[str]:
    before, after = _label_set_around("quantile", family, series)
    for quantile, estimate in value.values:
        yield f'{name}{before}quantile="{number(quantile)}"{after} {number(estimate)}\n'


def _total_lines(name: str, family: Family, series: Series, value: Distribution | Quantiles) -> Iterator[str]:
    labels = _label_set(family, series)
    yield f"{name}_count{labels} {number(value.count)}\n"
    yield f"{name}_sum{labels} {number(value.sum)}\n"


def _label_set(family: Family, series: Series) -> str:
    if not family.labels:
        return ""
    return "{" + ",".join(_pair(name, value) for name, value in _sorted_labels(family, series)) + "}"


def _label_set_around(extra: str, family: Family, series: Series) -> tuple[str, str]:
    labels = _sorted_labels(family, series)
    before = "".join(f"{_pair(name, value)}," for name, value in labels if name < extra)
    after = "".join(f",{_pair(name, value)}" for name, value in labels if name > extra)
    return "{" + before, after + "}"


def _sorted_labels(family: Family, series: Series) -> list[tuple[str, str]]:
    return sorted(zip(family.labels, series.labels, strict=True))


def _pair(name: str, value: str) -> str:
    return f'{label_name(name)}="{quoted(value)}"'


def _underscored(name: str, *, also: str) -> str:
    text = re.sub(rf"[^a-zA-Z0-9_{also}]", "_", name)
    return re.sub(r"^[0-9]", "_", text)
