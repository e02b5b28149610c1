"""The unit tests of the rules, for `promtool test rules`: each level, each edge, each exception."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from math import ceil
from typing import Final

from telemetry.monitoring.description import Alerts
from telemetry.monitoring.description.alert import Alert
from telemetry.monitoring.description.alerts import Variant
from telemetry.monitoring.description.duration import duration, seconds
from telemetry.monitoring.description.proof import Proof
from telemetry.monitoring.description.record import Expectation
from telemetry.monitoring.document import as_yaml
from telemetry.monitoring.query import equals

from .judgement import Judges, judges
from .missing import NAME, Watched, missing_annotations, missing_labels, watched
from .rule import annotated, static_labels
from .series import Input, course, example, labels_of, named, reached
from .wording import said

_STEPS: Final = ((86400, 3600), (3600, 60), (600, 30), (0, 10))
"""From how long something lasts to how often it is looked at, in seconds."""


def proof_files(alerts: Alerts, links: Mapping[str, str]) -> Mapping[str, str]:
    """Write the tests of each alert, of the recording rules, and of missing data."""
    files = {f"tests/{each.name}.yml": _file(each.group, _step(alerts, each), _alert_tests(alerts, each, links))
             for each in alerts.alerts.values()}  # fmt: skip
    for group in sorted({each.group for each in alerts.expectations}):
        mine = [each for each in alerts.expectations if each.group == group]
        files[f"tests/{group}.records.yml"] = _file(group, 60, [_expectation(each) for each in mine])
    missed = [test for each in watched(alerts.alerts.values()) for test in _missing_tests(each, links)]
    return files | ({f"tests/{NAME}.yml": _file("missing", 10, missed)} if missed else {})


def _file(group: str, step: int, tests: Sequence[Mapping[str, object]]) -> str:
    shown = duration(step)
    content = {"rule_files": [f"../rules/{group}.yml"], "evaluation_interval": shown}
    return as_yaml({**content, "tests": [{"interval": shown, **each} for each in tests]})


def _step(alerts: Alerts, alert: Alert) -> int:
    """Choose how often to look, so that a test of days does not evaluate every ten seconds of them."""
    if alert.proofs:
        return max(seconds(proof.step) for proof in alert.proofs.values())
    levels = [variant.level for variant in alerts.variants(alert.name)]
    lasts = [max(seconds(level.hold), seconds(level.window) if alert.is_event else 0) for level in levels]
    lasts += [int(level.threshold) for level in levels if _is_age(alert)]
    longest = max(lasts, default=0)
    return next(step for least, step in _STEPS if longest >= least)


def _alert_tests(alerts: Alerts, alert: Alert, links: Mapping[str, str]) -> list[Mapping[str, object]]:
    variants = alerts.variants(alert.name)
    tests: list[Mapping[str, object]] = []
    for variant in variants:
        proof = alert.proofs.get(variant.level.severity)
        if proof is not None:
            tests.append(_proof_test(alert, variant, proof, links))
        elif not alert.proofs:
            tests += _level_tests(alert, variants, variant, links, _step(alerts, alert))
    return tests


def _level_tests(
    alert: Alert, variants: Sequence[Variant], variant: Variant, links: Mapping[str, str], step: int
) -> Iterator[Mapping[str, object]]:
    """Test one level: silent below, at the edge and just before `for`; firing at it; silent again."""
    labels = _labels(alert, variant, variants)
    judging = judges(alert, variants, labels)
    course_of = _Course(alert, judging, links, labels, step)
    fires = judging.fires_at(variant, step)
    settled = seconds(variant.level.window) + 2 * step
    title = f"{alert.name} {variant.level.severity}{''.join(f', {k} {v}' for k, v in variant.match.items())}"
    yield course_of.test(f"{title}: silent while all is well", [judging.calm], [fires, fires + settled])
    if alert.when in ("above", "below") and not _is_age(alert):
        yield course_of.test(f"{title}: silent at the edge", [variant.level.threshold], [fires, fires + step])
    bad = judging.bad(variant)
    before = [fires - step] if fires >= step else []
    yield course_of.test(f"{title}: fires after its time, and is over", [bad], [*before, fires], then=settled)
    if alert.counts_events:
        yield course_of.event(f"{title}: fires when it happens", bad, seconds(variant.level.window))
    for other in variants:
        if other.level.severity == variant.level.severity and other is not variant:
            between = (other.level.threshold + variant.level.threshold) / 2
            value, at = (
                (ceil(between), fires)
                if alert.counts_events
                else (between, fires + ceil(_longest(variants) / step) * step)
            )
            yield course_of.test(f"{title}: judged by its own threshold", [value], [at])


class _Course:
    """The tests of one series of an alert."""

    def __init__(
        self, alert: Alert, judging: Judges, links: Mapping[str, str], labels: Mapping[str, str], step: int
    ) -> None:
        self._alert, self._judging, self._links, self._labels, self._step = alert, judging, links, labels, step

    def test(self, title: str, values: Sequence[float], times: Sequence[int], then: int = 0) -> Mapping[str, object]:
        """Test a value that stays until the last of the times; then, if so, what is calm for so many seconds."""
        lasting = times[-1] // self._step + 2
        phases = [(value, lasting) for value in values]
        checks = [self._check(at, values[0]) for at in times]
        if then:
            phases.append((self._judging.calm, then // self._step + 2))
            over = lasting * self._step + (seconds(self._longest_window) if self._alert.counts_events else then)
            checks.append(self._silent(over))
        shown = self._input(phases)
        return {"name": title, "input_series": _inputs(shown.series), "alert_rule_test": checks}

    def event(self, title: str, value: float, window: int) -> Mapping[str, object]:
        """Test a counter that was there before, and rises."""
        before = 2 * window // self._step
        shown = self._input([(0.0, before), (value, 2 * before)])
        checks = [self._silent((before - 1) * self._step), self._check(before * self._step, value)]
        checks.append(self._silent(before * self._step + window + self._step))
        return {"name": title, "input_series": _inputs(shown.series), "alert_rule_test": checks}

    @property
    def _longest_window(self) -> str:
        return max((each.level.window for each in self._judging.variants), key=seconds)

    def _input(self, phases: Sequence[tuple[float, int]]) -> Input:
        if self._alert.counts_events:
            phases = (
                [(phases[0][0], sum(count for _, count in phases))] if len(phases) > 1 and phases[1][0] == 0 else phases
            )
        return course(self._alert, phases, self._step, self._labels)

    def _check(self, at: int, value: float) -> Mapping[str, object]:
        seen = float(at) if _is_age(self._alert) and value else reached(self._alert, value)
        kept = self._alert.query.kept if self._alert.query else self._alert.by
        shown = {label: self._labels[label] for label in kept}
        firing = self._judging.firing(seen, at, self._step)
        expected = [_expected(self._alert, each, seen, shown, self._links) for each in firing]
        return {"eval_time": duration(at), "alertname": self._alert.name, "exp_alerts": expected}

    def _silent(self, at: int) -> Mapping[str, object]:
        return {"eval_time": duration(at), "alertname": self._alert.name, "exp_alerts": []}


def _proof_test(alert: Alert, variant: Variant, proof: Proof, links: Mapping[str, str]) -> Mapping[str, object]:
    """Test an expression by the series of its description; those of an exception, with its labels and threshold."""
    labels = {**proof.labels, **variant.match}
    passes = Judges(alert, (variant,)).passes(variant, proof.value)
    silent = [{"eval_time": at, "alertname": alert.name, "exp_alerts": []} for at in proof.quiet]
    expected = [_expected(alert, variant, proof.value, labels, links)] if passes else []
    firing = [{"eval_time": at, "alertname": alert.name, "exp_alerts": expected} for at in proof.fires]
    moved = [(equals(label, proof.labels[label]), equals(label, value)) for label, value in variant.match.items()]
    series = {reduce(lambda name, pair: name.replace(*pair), moved, name): each for name, each in proof.series.items()}
    return {
        "name": f"{alert.name} {variant.level.severity}{''.join(f', {k} {v}' for k, v in variant.match.items())}",
        "input_series": _inputs(series),
        "alert_rule_test": [*silent, *firing],
    }


def _expected(
    alert: Alert, variant: Variant, value: float, labels: Mapping[str, str], links: Mapping[str, str]
) -> Mapping[str, object]:
    said_now = said(alert, variant.level, value, labels)
    return {
        "exp_labels": {**labels, **_rendered(static_labels(alert, variant), labels)},
        "exp_annotations": dict(annotated(alert, variant, links, said_now)),
    }


def _missing_tests(each: Watched, links: Mapping[str, str]) -> Iterator[Mapping[str, object]]:
    """Test that what stops coming is missed after two intervals, and what comes is not."""
    suffix = "_count" if each.metric.kind in ("histogram", "summary") else ""
    labels = {label: example(each.metric, label) for label in each.metric.labels}
    shown = {label: labels[label] for label in each.by}
    window, last = seconds(each.window), 600
    expected = {
        "exp_labels": {**shown, **_rendered(missing_labels(each), shown)},
        "exp_annotations": missing_annotations(each, links),
    }
    checks = [
        {"eval_time": duration(at), "alertname": NAME, "exp_alerts": alerts}
        for at, alerts in ((last, []), (last + window, []), (last + window + 10, [expected]))
    ]
    values = {named(f"{each.metric.name}{suffix}", labels): f"1x{last // 10} stale _x{window}"}
    yield {"name": f"{each.metric.name}: missed", "input_series": _inputs(values), "alert_rule_test": checks}


def _expectation(each: Expectation) -> Mapping[str, object]:
    samples = [{"labels": labels, "value": value} for labels, value in each.samples.items()]
    return {
        "name": each.title,
        "input_series": _inputs(each.series),
        "promql_expr_test": [{"expr": each.expression, "eval_time": each.at, "exp_samples": samples}],
    }


def _labels(alert: Alert, variant: Variant, variants: Sequence[Variant]) -> Mapping[str, str]:
    """Give the labels of a series that this variant judges and no other one."""
    taken = [(label, value) for each in variants if each is not variant for label, value in each.match.items()]
    free = {
        label: example(alert.metric, label, unlike=[value for other, value in taken if other == label])
        for label, _ in taken
    }
    return labels_of(alert, {**free, **variant.match})


def _rendered(labels: Mapping[str, str], series: Mapping[str, str]) -> Mapping[str, str]:
    """Put the labels of a series where a rule names them."""
    names = {f"{{{{ $labels.{label} }}}}": value for label, value in series.items()}
    return {label: names.get(value, value) for label, value in labels.items()}


def _inputs(series: Mapping[str, str]) -> list[Mapping[str, str]]:
    return [{"series": name, "values": values} for name, values in series.items()]


def _longest(variants: Sequence[Variant]) -> int:
    return max(seconds(each.level.hold) + seconds(each.level.window) for each in variants)


def _is_age(alert: Alert) -> bool:
    return alert.query is not None and alert.query.show == "age"
