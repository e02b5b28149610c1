"""Write what was recorded as text that the next run writes the same, and compare it with a file.

Ids become numbers, times are left out, and so is what each log line has.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final, final

from telemetry.signals import Attributes, Distribution, Family, LogRecord, Quantiles, Series

from .difference import LEGEND, difference
from .recording import Recording
from .series import series_name
from .tree import ERROR_TYPE, GAP, Node, draw, forest
from .value import brief, number, one_line, shown

_ID: Final = re.compile(r"\b(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{32}|[0-9a-f]{16})\b", re.IGNORECASE)
_INSTANT: Final = re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?")
_TIME: Final = "<time>"
_TIME_UNITS: Final = frozenset(
    {"seconds", "milliseconds", "microseconds", "nanoseconds", "minutes", "hours", "s", "ms"}
)
_UNSTEADY: Final = ("*_ms", "*_ns", "*_seconds", "*.duration", "*.pid", "thread.*", "exception.stacktrace", ERROR_TYPE)
"""Attributes and fields that are of one run only, or, the last one, written already."""
_NAME_LENGTH: Final = 100


def render_snapshot(
    recording: Recording,
    *,
    ignore: Iterable[str] = (),
    replace: Mapping[str, str] | None = None,
    sort: bool = False,
) -> str:
    """Write spans, metrics and log lines, without what differs from run to run.

    Ids become `<id-1>`, `<id-2>` and so on, in the order in which they come up, times of day `<time>`. Left out are
    durations, process ids, stack traces, and the fields that each log line has. Of a histogram or summary there is the
    number of observations, and the sum unless it is a time.

    Args:
        recording: What was recorded.
        ignore: Attributes, fields and metrics to leave out: names, or patterns (`fnmatch`).
        replace: What to write in place of texts of this run, such as the path of a temporary folder.
        sort: Order siblings in the tree, and log lines, by their text, for work done in parallel.
    """
    writer = _Writer(tuple(ignore))
    common = recording.runtime.registry.fields
    logs = [writer.line(record, common) for record in recording.logs]
    parts = {
        "spans": draw(forest(recording.spans), writer.span, sort=sort),
        "metrics": sorted(line for family in recording.metrics.values() for line in writer.metric(family)),
        "logs": sorted(logs) if sort else logs,
    }
    text = "\n".join(line for title, lines in parts.items() for line in (title, *(GAP + line for line in lines)))
    for old, new in (replace or {}).items():
        text = text.replace(old, new)
    return _without_ids(text) + "\n"


def _without_ids(text: str) -> str:
    numbers: dict[str, int] = {}
    text = _ID.sub(lambda found: f"<id-{numbers.setdefault(found[0].lower(), len(numbers) + 1)}>", text)
    return _INSTANT.sub(_TIME, text)


@final
@dataclass(frozen=True, slots=True)
class _Writer:
    ignored: tuple[str, ...]

    def span(self, node: Node) -> list[str]:
        record = node.record
        kind = () if record.kind == "internal" else (f"kind={record.kind}",)
        first = (one_line(record.name), *kind, *self._pairs(record.attributes), *node.marks)
        events = ((f"* {one_line(event.name)}", *self._pairs(event.attributes)) for event in record.events)
        return [GAP.join(parts) for parts in (first, *events)]

    def metric(self, family: Family) -> Iterator[str]:
        if not _is_like(family.name, self.ignored):
            for series in family.series:
                yield f"{series_name(family, series)} {_value(family, series)}"

    def line(self, record: LogRecord, common: Mapping[str, object]) -> str:
        own = {name: value for name, value in record.fields.items() if name not in common}
        return GAP.join((f"{record.severity} {one_line(record.event)}", *self._pairs(own)))

    def _pairs(self, attributes: Attributes) -> Iterator[str]:
        for name, value in sorted(attributes.items()):
            if not _is_like(name, (*_UNSTEADY, *self.ignored)):
                yield f"{name}={shown(value)}"


def _is_like(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _value(family: Family, series: Series) -> str:
    is_time = family.unit in _TIME_UNITS
    if not isinstance(series.value, Distribution | Quantiles):
        return _TIME if is_time else brief(number(series.value))
    return f"count={series.value.count}" + ("" if is_time else f" sum={brief(series.value.sum)}")


@final
@dataclass(slots=True)
class Snapshots:
    """The snapshot files of one test.

    Attributes:
        folder: Where they are.
        test: The test's name, which theirs begin with.
        update: Whether to write files instead of comparing.
        replace: As for `render_snapshot`.
    """

    folder: Path
    test: str
    update: bool = False
    replace: Mapping[str, str] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set, init=False, repr=False)

    def check(self, recording: Recording, name: str = "", *, ignore: Iterable[str] = (), sort: bool = False) -> None:
        """Compare what was recorded with the file, or write the file.

        Args:
            recording: What was recorded.
            name: Which of the test's snapshots this is, where it takes several.
            ignore: As for `render_snapshot`.
            sort: As for `render_snapshot`.

        Raises:
            AssertionError: It differs from the file, or there is no file.
            ValueError: The test has taken a snapshot of this name.
        """
        __tracebackhide__ = True
        if name in self._seen:
            raise ValueError(f"{self.test} has taken a snapshot named {name!r}; give each one a name of its own")
        self._seen.add(name)
        path = self.path(name)
        text = render_snapshot(recording, ignore=ignore, replace=self.replace, sort=sort)
        if self.update:
            _write(path, text)
        elif problem := _problem(path, text):
            raise AssertionError(problem)

    def path(self, name: str = "") -> Path:
        """Give the file of a snapshot; a name that no file can have is changed, and gets a digest of what it was."""
        whole = f"{self.test}.{name}" if name else self.test
        safe = re.sub(r"[^\w.\[\]-]+", "_", whole)[:_NAME_LENGTH]
        digest = "" if safe == whole else f"-{sha256(whole.encode()).hexdigest()[:8]}"
        return self.folder / f"{safe}{digest}.txt"


def _problem(path: Path, text: str) -> str | None:
    if not path.exists():
        return f"{path} does not exist; write it with --telemetry-update, and look through it:\n{text}"
    written = path.read_text(encoding="utf-8")
    if written == text:
        return None
    opening = f"what was recorded is not as in {path} {LEGEND}; --telemetry-update writes it anew:"
    return "\n".join((opening, *difference(written.splitlines(), text.splitlines())))


def _write(path: Path, text: str) -> None:
    """Put the whole text in place at once: another process may be reading, or writing the same."""
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile("w", dir=path.parent, suffix=".tmp", delete=False, encoding="utf-8") as file:
        file.write(text)
    Path(file.name).replace(path)
