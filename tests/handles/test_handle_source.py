"""The module of typed handles at run time, and for names and texts that are hard to write in Python."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.handles.modules import EXAMPLE, classes

import telemetry
from telemetry.contracts import MetricContract, Registry, ShareContract, load_registry, render_handles
from telemetry.testing import isolated

Import = Callable[[Registry], ModuleType]


def contract(name: str = "builds_total", labels: tuple[str, ...] = ("team",), **more: Any) -> MetricContract:
    """Make a contract of a counter, or of what `more` says."""
    given: dict[str, Any] = {"kind": "counter", "unit": "count", "description": "Builds.", "owner": "me", **more}
    return MetricContract(name, labels=labels, **given)


def registry(*contracts: MetricContract, **more: Any) -> Registry:
    """Make a registry of these metrics."""
    return Registry(metrics={each.name: each for each in contracts}, **more)


def test_a_handle_is_the_metric_itself(imported: Import) -> None:
    """At run time each handle is the object that `telemetry.metric` gives: it costs what that costs."""
    packs = load_registry()
    module = imported(packs)
    recorded = {name for name, metric in packs.metrics.items() if metric.share is None}
    assert len(recorded) >= 8
    assert [name for name in recorded if getattr(module, name) is not telemetry.metric(name)] == []


def test_types_do_not_exist_at_run_time(imported: Import) -> None:
    """Importing the module makes handles, and neither classes nor imports of what types need."""
    module = imported(registry(contract()))
    names = {name for name in vars(module) if not name.startswith("__")}
    assert names == {"builds_total", "_metric", "annotations", "TYPE_CHECKING"}


def test_a_handle_records(imported: Import, tmp_path: Path) -> None:
    """What a handle of the module records is what is collected then, and nothing is lost."""
    path = tmp_path / "registry.json"  # with the shipped packs: functions of other tests stay decorated in this process
    own = json.loads((EXAMPLE / "registry.json").read_text())
    del own["extends"]
    path.write_text(json.dumps(own))
    module = imported(load_registry(path))
    with isolated(registry=[path]) as recording:
        module.images_written_total.labels(layout="raw").inc(3)
        module.image_queue_depth.set(2)
        written = recording.value("images_written_total", layout="raw", environment="development")
        depth = recording.value("image_queue_depth", environment="development")
    assert (written, depth) == (3.0, 2.0)
    assert recording.losses == {}


@pytest.mark.parametrize(
    ("metric", "reason"),
    [
        (contract("share", kind="gauge", share=ShareContract("builds_total", "team", "a", 60)), "no code records it"),
        (contract("job:builds:rate5m"), "no free name"),
        (contract("Builds"), "no free name"),
        (contract("pass"), "no free name"),
        (contract("str"), "no free name"),
        (contract("annotations"), "no free name"),
        (contract(labels=("team", "class")), "its label 'class' is no name of a parameter"),
    ],
    ids=lambda value: value.name if isinstance(value, MetricContract) else "",
)
def test_a_metric_without_a_handle_is_named(imported: Import, metric: MetricContract, reason: str) -> None:
    """What has no handle stands in the docstring with the reason, and the other metrics have theirs."""
    module = imported(registry(metric, contract("others_total")))
    assert f"- {metric.name}: " in (module.__doc__ or "") and reason in (module.__doc__ or "")
    assert module.others_total is telemetry.metric("others_total")
    assert vars(module).get(metric.name) is not telemetry.metric(metric.name)


def test_names_that_are_alike_stay_apart() -> None:
    """Each metric has a class of its own, whatever its name, and none takes the name of an alias or a child."""
    names = ("a_b", "a__b", "ab", "a_1", "a1", "a_", "counter", "counter_child", "team_value", "literal", "protocol")
    closed = [contract(name, values={"team": frozenset({"x"})}) for name in names]
    source = render_handles(registry(*closed, enumerations={"team": ("x",)}))
    aliases = {node.target.id for node in ast.walk(ast.parse(source)) if _is_alias(node)}  # type: ignore[attr-defined]
    assert len(classes(source)) == len(names) + 1
    assert aliases == {"TeamValue"} and not aliases & classes(source).keys()


def _is_alias(node: ast.AST) -> bool:
    return isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation) == "TypeAlias"


HARD = ('a"b', "a\\", "'", "\x00", "\ud800", "é", "\U0001f600", "\u2028", '"""', "\\N{DASH}", "{x}", "%s")


def test_hard_values_are_written_as_they_are() -> None:
    """Quotes, backslashes, control characters and halves of a surrogate pair come back from the source unchanged."""
    source = render_handles(registry(contract(values={"team": frozenset(HARD)})))
    (literal,) = [node for node in ast.walk(ast.parse(source)) if ast.unparse(node).startswith("Literal[")]
    assert isinstance(literal, ast.Subscript)
    assert set(ast.literal_eval(literal.slice)) == set(HARD)
    assert source.encode("utf-8").decode("utf-8") == source


@pytest.mark.parametrize("text", [*HARD, "two\nlines", 'ends in "', '"starts', "word " * 60, "x" * 200, " "])
def test_hard_texts_do_no_harm(imported: Import, text: str) -> None:
    """Whatever a description, a unit or an owner says, the module can be written and imported."""
    module = imported(registry(contract(description=text, unit=text, owner=text)))
    assert module.builds_total is telemetry.metric("builds_total")


def test_a_description_is_in_the_class() -> None:
    """The docstring of a handle's class tells what the metric is, its kind, unit, owner, state and successor."""
    metric = contract(description='Say """it""".', stability="deprecated", since="2026-01-31", replaced_by="runs_total")
    text = ast.get_docstring(classes(render_handles(registry(metric)))["BuildsTotalMetric"])
    facts = "Counter; unit: count; owner: me; deprecated since 2026-01-31."
    assert text == f'Say """it""".\n\n{facts}\n\nUse runs_total in its place.'


def test_the_order_of_declarations_does_not_matter() -> None:
    """The same contracts in another order give the same text."""
    one, other = contract("a_total"), contract("b_total", labels=())
    assert render_handles(registry(one, other)) == render_handles(registry(other, one))


def test_a_registry_without_metrics_gives_a_module(imported: Import) -> None:
    """A registry that has no metrics yet is no mistake."""
    assert imported(Registry()).__doc__
