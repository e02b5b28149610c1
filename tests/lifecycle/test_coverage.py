"""What nobody records, tests, shows or watches is told, and who names what no contract has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.contracts.files import COUNTER, GAUGE, Files
from tests.lifecycle.pages import project

from telemetry.contracts import OWN_PACK, load_registry, shipped_packs
from telemetry.operations.usage import Coverage, coverage

SPAN = {"name": "image.build", "description": "Build an image."}
EVENT = {"name": "image.done", "description": "An image was built."}


def metrics() -> list[dict[str, Any]]:
    """Declare what the project uses, and some that it does not."""
    return [
        {**COUNTER, "labels": ["team", "environment"]},
        {**GAUGE, "name": "image_queue_depth"},
        {**COUNTER, "name": "image_builds_total"},
        {**COUNTER, "name": "unused_total"},
        {**COUNTER, "name": "trial_total", "stability": "experimental"},
        {**COUNTER, "name": "old_total", "stability": "deprecated", "since": "2026-01-31"},
    ]


def measured(files: Files, folder: Path) -> Coverage:
    """Measure all sides of the project."""
    content = {"extends": [], "metrics": metrics(), "spans": [SPAN, {**SPAN, "name": "x"}], "events": [EVENT]}
    root = project(folder / "project")
    sides = {side: [root / name] for side, name in (("code", "app"), ("tests", "tests"))}
    looks = {"dashboards": [root / "dashboards"], "alerts": [root / "rules"]}
    return coverage(files.load(content), {**sides, **looks})  # type: ignore[dict-item]


def missing(seen: Coverage, side: str, kind: str = "metrics") -> tuple[str, ...]:
    """Give what one side does not use."""
    return next(each.missing for each in seen.shares if (each.side, each.kind) == (side, kind))


def test_each_side_has_its_gaps(files: Files, tmp_path: Path) -> None:
    """Code and tests owe something to all but what is about to go, dashboards and alerts to what is stable."""
    seen = measured(files, tmp_path)
    assert missing(seen, "code") == ("image_builds_total", "unused_total", "trial_total")
    assert missing(seen, "tests") == ("builds_total", "image_queue_depth", "unused_total", "trial_total")
    assert missing(seen, "dashboards") == ("image_queue_depth", "image_builds_total", "unused_total")
    assert missing(seen, "alerts") == ("image_builds_total", "unused_total")
    assert missing(seen, "code", "spans") == ("x",)
    assert missing(seen, "code", "events") == ()


def test_shares_are_by_kind(files: Files, tmp_path: Path) -> None:
    """The share of a kind is what is used of it; of nothing all is used."""
    seen = measured(files, tmp_path)
    shares = {(each.side, each.kind): (each.used, each.total, each.percent) for each in seen.shares}
    assert shares["code", "metrics"] == (2, 5, 40.0)
    assert shares["code", "events"] == (1, 1, 100.0)
    assert ("alerts", "spans") not in shares


def test_gaps_are_told_at_their_declaration(files: Files, tmp_path: Path) -> None:
    """A gap has the registry file, and harms no check."""
    gaps = [each for each in measured(files, tmp_path).findings if each.code == "TC503"]
    assert {(Path(each.path).name, each.level, each.line) for each in gaps} == {("team0.json", "info", 1)}
    assert "metric 'unused_total': no dashboard shows it" in {each.problem for each in gaps}


def test_names_without_a_contract_are_told(files: Files, tmp_path: Path) -> None:
    """A call that records one is an error, a query that reads one a warning; what rules record is known."""
    root = project(tmp_path / "project")
    (root / "app" / "more.py").write_text(
        "from telemetry import metric, span\nmetric('nowhere_total').inc()\nwith span('no.where'): ...\n"
        "other('elsewhere_total')\n"
    )
    (root / "dashboards" / "more.json").write_text('{"expr": "up + job:builds:rate5m + builds_total + foreign_total"}')
    registry = files.load({"extends": [], "metrics": [COUNTER, {**GAUGE, "name": "image_queue_depth"}]})
    sides: Any = {"code": [root / "app"], "dashboards": [root / "dashboards" / "more.json"], "alerts": [root / "rules"]}
    told = [(each.code, each.level, each.line, each.problem) for each in coverage(registry, sides).findings]
    orphans = [each for each in told if each[0] in ("TC505", "TC506") and "image.build" not in each[3]]
    assert orphans == [
        ("TC505", "error", 2, "metric names 'nowhere_total', which is in no contract"),
        ("TC505", "error", 3, "span names 'no.where', which is in no contract"),
        ("TC506", "warning", 1, "query names 'foreign_total', which is in no contract"),
    ]


def test_without_files_the_packs_count(tmp_path: Path) -> None:
    """Where nobody has files of their own, it is the packs that are measured."""
    (tmp_path / "a.py").write_text('NAME = "compile_failure_total"\n')
    seen = coverage(load_registry(), {"code": [tmp_path]})
    assert "compile_failure_total" not in missing(seen, "code")
    assert "compile_success_total" in missing(seen, "code")


def test_the_loop_is_closed() -> None:
    """Each stable metric that is shipped is on a dashboard that is generated, and no query or rule reads another."""
    registry = load_registry(packs=(*shipped_packs(), OWN_PACK))
    tree = Path(__file__).parents[2] / "monitoring"
    seen = coverage(registry, {"dashboards": [tree / "dashboards"], "alerts": [tree / "rules"]})
    assert {each.percent for each in seen.shares if (each.kind, each.side) == ("metrics", "dashboards")} == {100.0}
    assert [str(each) for each in seen.findings if each.code in ("TC503", "TC506")] == []
