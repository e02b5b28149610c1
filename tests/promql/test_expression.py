"""What is read out of a PromQL expression: selections, what is done with them, and the labels that are asked for."""

from __future__ import annotations

import pytest

from telemetry.promql import PromQLError, expand, read_expression, variables


def test_each_selection_has_its_functions_and_window() -> None:
    """From the outside to the inside, with the time that it looks back over, subqueries included."""
    text = 'histogram_quantile(0.9, sum by (le) (rate(x_bucket{a=~"b"}[5m]))) / max_over_time(y[1h:1m])'
    first, second = read_expression(text).selections
    assert (first.name, first.matchers, first.function, first.window_seconds) == (
        "x_bucket", (("a", "=~", "b"),), "rate", 300,
    )  # fmt: skip
    assert [(step.name, step.by) for step in first.steps] == [
        ("histogram_quantile", None), ("sum", ("le",)), ("rate", None),
    ]  # fmt: skip
    assert (second.name, second.function, second.window_seconds) == ("y", "max_over_time", 3600)
    assert read_expression(text).window_seconds == 3600


def test_a_selection_by_name_matcher_is_named() -> None:
    """`{__name__="x"}` selects x; a pattern of names selects no one of them."""
    named, unnamed = read_expression('{__name__="x", a="1"} or {__name__=~"y.*"}').selections
    assert (named.name, named.labels, unnamed.name) == ("x", ("a",), "")


def test_sides_of_set_operators_are_known() -> None:
    """Beside `and` and `unless` it matters which series there are; inside of an aggregation the value matters again."""
    found = read_expression("(x unless x offset 1h) or y and sum(z)").selections
    assert [(each.name, each.beside) for each in found] == [("x", "unless"), ("x", "unless"), ("y", "and"), ("z", "")]


def test_groupings_have_the_series_that_they_are_about() -> None:
    """`on` is about each side, `by` about what is below it, with the labels that functions add."""
    text = 'sum by (a) (label_replace(x, "made", "", "", "")) / on (a) group_left (b) y'
    found = [(each.where, each.labels, each.names, each.made) for each in read_expression(text).groupings]
    assert found == [
        ("on", ("a",), ("x",), ("made",)),
        ("on", ("a",), ("y",), ()),
        ("group", ("b",), ("x", "y"), ("made",)),
        ("by", ("a",), ("x",), ("made",)),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rate(x[$__rate_interval])", "rate(x[5m])"),
        ("rate(x[$window])", "rate(x[5m])"),
        ("rate(x[${window}])", "rate(x[5m])"),
        ('x{a=~"${a:regex}"}', 'x{a=~"variable"}'),
        ("x{a='[[a]]'}", "x{a='variable'}"),
        ("topk($count, x)", "topk(1, x)"),
        ("sum by ($label) (x)", "sum by (variable) (x)"),
        ("x > $plan_from - $__range_s", "x > 1 - 3600"),
        ('x{a="$__all_and_more"}', 'x{a="variable"}'),
        ('x{a="by ($b)"}', 'x{a="by (variable)"}'),
    ],
)
def test_macros_and_variables_become_what_an_engine_reads(text: str, expected: str) -> None:
    """A window becomes a window, a string stays one, and a number stands where only a number can."""
    assert expand(text) == expected
    assert read_expression(text).text == expected


def test_given_values_come_first() -> None:
    """Who knows what a variable has says so."""
    assert expand('x{a="$a"}[$__range]', {"a": "red", "__range": "7d"}) == 'x{a="red"}[7d]'


def test_variables_are_named_without_macros() -> None:
    """All three ways of writing a variable are seen; Grafana's own are none of the dashboard's."""
    assert variables('x{a="$a", b="${b:regex}", c="[[c]]"}[$__rate_interval]') == {"a", "b", "c"}


@pytest.mark.parametrize("text", ["", "sum(", "rate(x)", "x[5m", 'x{a="b}', "sum by (a)) (x)"])
def test_what_is_no_promql_is_refused(text: str) -> None:
    """The error says that it is none, in one line."""
    with pytest.raises(PromQLError, match=r"^is not PromQL: .+$"):
        read_expression(text)
