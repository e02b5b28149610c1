"""`Recording`: what an isolated runtime recorded, to be looked at and to be checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, final

from telemetry.runtime import Basket, TelemetryDispatcher
from telemetry.signals import AttributeValue, Distribution, Family, LogRecord, Quantiles, SpanRecord

from . import lines, pattern, series
from .tree import SpanTree, attributes_like, draw, forest
from .violations import violations


@final
class Recording:
    """What was recorded inside an `isolated()` block, readable inside and after it.

    Each check fails with what was expected beside what there is.

    Attributes:
        runtime: The isolated runtime.
    """

    def __init__(self, runtime: TelemetryDispatcher, basket: Basket) -> None:
        self.runtime = runtime
        self._basket = basket

    @property
    def spans(self) -> list[SpanRecord]:
        """The finished spans, in the order of their ends."""
        self.runtime.flush()
        return list(self._basket.records)

    @property
    def logs(self) -> list[LogRecord]:
        """The log lines, in order."""
        return list(self._basket.lines)

    @property
    def metrics(self) -> dict[str, Family]:
        """The families that have a series, by name."""
        return {family.name: family for family in self.runtime.families()}

    @property
    def losses(self) -> dict[str, int]:
        """What was refused or dropped, by reason."""
        return dict(self.runtime.losses())

    def value(self, metric: str, **labels: str) -> float | Distribution | Quantiles | None:
        """Give the value of one series; None when there is none.

        Labels that are not named may have any value, as long as one series fits.

        Raises:
            LookupError: Several series fit.
        """
        family = self.metrics.get(metric)
        if family is None:
            return None
        found = series.fitting(family, labels)
        if len(found) > 1:
            raise LookupError(f"{len(found)} series of {metric} have the labels {labels}: name more of them")
        return found[0].value if found else None

    def span(self, name: str, attributes: Mapping[str, AttributeValue] | None = None) -> SpanRecord:
        """Give the one finished span of this name that has these attributes, and maybe others.

        The name is that of the contract, or the one that the span is shown under, such as `chat gpt-4o`.

        Raises:
            LookupError: There is none, or there are several; with the tree of all.
        """
        wanted = (attributes or {}).items()
        found = [each for each in self.spans if self._is(each, name) and wanted <= dict(each.attributes).items()]
        if len(found) == 1:
            return found[0]
        asked = name if attributes is None else f"{name} with {dict(attributes)}"
        shown = self.tree(*(attributes or ()))
        raise LookupError(f"{len(found)} spans are {asked}, not one; finished are:\n{shown}")

    def _is(self, span: SpanRecord, name: str) -> bool:
        contract = self.runtime.registry.shown_span(span.name, span.kind, span.attributes)
        return name == span.name or (contract is not None and name == contract.name)

    def tree(self, *attributes: str, sort: bool = False) -> SpanTree:
        """Draw the finished spans, as a tree that equals text with the same lines.

        A line has the span's name, its attributes as `name=value`, `ERROR` with the error's type if it failed, and
        `ORPHAN` or `REMOTE` if its parent did not end here or is in another process. Siblings stand in the order of
        their start. Between two parts of a line stand two spaces.

        >>> import telemetry
        >>> from telemetry.testing import isolated
        >>> with isolated() as recording:
        ...     with telemetry.span("pipeline.run"), telemetry.span("spec.parse"):
        ...         pass
        >>> recording.tree("host.kind")
        pipeline.run  host.kind=online
          spec.parse  host.kind=online

        Args:
            attributes: Which ones are shown: their names, or patterns (`fnmatch`), such as `*` for all.
            sort: Order siblings by their text, for spans that threads or tasks start in any order.
        """
        return SpanTree(draw(forest(self.spans), attributes_like(*attributes), sort=sort))

    def assert_spans(self, tree: str) -> None:
        """Check that the finished spans are those of a tree, which is written as `tree` draws it.

        All spans must be there, in this order, and no others; a line `...` stands for any number of them, with all that
        is below. Of attributes only those count that the line names. `ERROR` without a type stands for any error.

        Raises:
            AssertionError: They are not; with the difference.
            ValueError: A line of the tree cannot be read.
        """
        __tracebackhide__ = True
        wanted = pattern.read_pattern(tree)
        if problem := pattern.problem(wanted, forest(self.spans)):
            raise AssertionError(problem)

    def assert_metric(self, metric: str, value: Any, /, **labels: str) -> None:
        """Check the value of one series; of a histogram or summary, the number of its observations.

        Labels that are not named may have any value, as long as one series fits. Nothing recorded is 0. The value is
        compared by `==`, so `pytest.approx(0.3)` is one.

        Raises:
            AssertionError: It is another, or several series fit; with all series of the metric.
        """
        __tracebackhide__ = True
        if problem := series.problem(self.metrics, metric, value, labels):
            raise AssertionError(problem)

    def assert_logged(self, event: str, /, **fields: Any) -> LogRecord:
        """Check that a line of this event was logged with these fields, and maybe others; give the first one.

        `severity` is the severity of the line.

        Raises:
            AssertionError: There is none; with what the lines of this event have instead.
        """
        __tracebackhide__ = True
        logged = self.logs
        found = lines.first_line(logged, event, fields)
        if found is None:
            raise AssertionError(lines.problem(logged, event, fields))
        return found

    def assert_whole(self, *, allow: Iterable[str] = ()) -> None:
        """Check that nothing was refused, dropped or lost: no breach of a contract, no limit that was reached.

        Spans that were sampled out are no loss, nor are spans of other libraries that the registry has counted.

        Args:
            allow: Reasons that do not count, as `losses` names them, or patterns of some (`fnmatch`).

        Raises:
            AssertionError: Something was; with each reason and the cases that are known.
        """
        __tracebackhide__ = True
        if found := self.violations(allow=allow):
            raise AssertionError("\n  ".join(("what was recorded is not whole:", *found.values())))

    def violations(self, *, allow: Iterable[str] = ()) -> dict[str, str]:
        """Say what `assert_whole` would fail for: a text for each reason."""
        return violations(self.losses, self.runtime.breaches.named(), allow)
