"""`telemetry contracts cardinality`: what lies past a limit is found, in every source that has metrics."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from telemetry.cli.bundle import app as bundles
from telemetry.cli.contracts.cardinality import cardinality
from telemetry.export.exposition import expose
from telemetry.export.scrape import ScrapeServer
from telemetry.instrument import metric
from telemetry.testing import Recording, isolated

HEAD = "# TYPE compile_success_total counter\n"


def run(*arguments: object, given: str | None = None) -> Result:
    """Run the command with these arguments."""
    app = typer.Typer()
    app.command()(cardinality)
    return CliRunner().invoke(app, [str(each) for each in arguments], input=given)


def record(number: int) -> None:
    """Record under so many backends."""
    for index in range(number):
        metric("compile_success_total").labels(backend=f"b{index}").inc()


def scrape(recording: Recording) -> str:
    """Write what a scraper gets."""
    return expose(recording.runtime.metrics).write("text").text.decode()


@pytest.fixture
def page() -> str:
    """Record more than staging allows, and give the page."""
    with isolated(environment="staging") as recording:
        record(60)
        return scrape(recording)


def by_file(page: str, folder: Path) -> Result:
    """Read a file."""
    path = folder / "metrics.txt"
    path.write_text(page)
    return run(path, "--json")


def by_standard_input(page: str, _: Path) -> Result:
    """Read the standard input."""
    return run("-", "--json", given=page)


@pytest.mark.parametrize("read", [by_file, by_standard_input])
def test_what_overflowed_is_found(page: str, tmp_path: Path, read: Callable[[str, Path], Result]) -> None:
    """The metric, its limit, the share that overflowed and the label that causes it are said; the exit code is 1."""
    result = read(page, tmp_path)
    said: dict[str, Any] = json.loads(result.stdout)
    first = said["metrics"][0]
    assert result.exit_code == 1
    assert (first["metric"], first["environment"], first["series"], first["limit"]) == (
        "compile_success_total", "staging", 50, 50,
    )  # fmt: skip
    assert first["has_overflowed"]
    assert first["overflow_ratio"] == pytest.approx(10 / 60)
    assert next(iter(first["labels"].items())) == ("backend", 50)
    assert [each["code"] for each in said["findings"]] == ["TC302"]
    assert "16.7% of what was recorded; most values has 'backend': 50" in said["findings"][0]["problem"]


def test_an_endpoint_is_read() -> None:
    """A URL is scraped; what is within its limits ends with 0."""
    with isolated(environment="staging") as recording:
        record(3)
        with ScrapeServer(recording.runtime.metrics) as server:
            result = run(server.url)
    assert result.exit_code == 0, result.output
    assert "compile_success_total" in result.stdout
    assert result.stdout.splitlines()[-1].endswith("findings: 0")


def test_a_journal_and_a_bundle_of_it_say_the_same(tmp_path: Path) -> None:
    """The folder of a running process is read, and so is the bundle that was packed from it."""
    folder, bundle = tmp_path / "journals", tmp_path / "bundle.tar.gz"
    with isolated(environment="staging", journal=folder):
        record(60)
        live = run(folder, "--json")
        packed = CliRunner().invoke(bundles, ["pack", "--unsigned", "--journal", str(folder), "--output", str(bundle)])
        assert packed.exit_code == 0, packed.output
    said = [json.loads(result.stdout) for result in (live, run(bundle, "--json"))]
    assert [each["metrics"][0]["series"] for each in said] == [50, 50]
    assert [[found["code"] for found in each["findings"]] for each in said] == [["TC302"], ["TC302"]]


def series(number: int, **more: str) -> str:
    """Write the page of another exporter, which has no limit."""
    labels = "".join(f',{name}="{value}"' for name, value in more.items())
    lines = (
        f'compile_success_total{{backend="b{index}",environment="staging"{labels}}} 1\n' for index in range(number)
    )
    return HEAD + "".join(lines)


@pytest.mark.parametrize(
    ("count", "arguments", "codes", "exit_code"),
    [
        (60, (), ["TC303"], 1),
        (60, ("--environment", "production"), [], 0),
        (45, (), ["TC304"], 0),
        (39, (), [], 0),
    ],
)
def test_each_series_is_held_against_its_own_limit(
    count: int, arguments: tuple[str, ...], codes: list[str], exit_code: int
) -> None:
    """Each is judged in the environment that it names, or all in the one that is asked for; a warning ends well."""
    result = run("-", "--json", *arguments, given=series(count))
    assert [each["code"] for each in json.loads(result.stdout)["findings"]] == codes
    assert result.exit_code == exit_code


def test_what_a_prometheus_adds_makes_no_series() -> None:
    """The same series of two instances is one series of the contract."""
    both = series(30, instance="a") + series(30, instance="b").removeprefix(HEAD)
    assert json.loads(run("-", "--json", given=both).stdout)["metrics"][0]["series"] == 30


def test_only_the_fullest_are_listed(page: str) -> None:
    """`--top` shortens the list, and no finding."""
    result = run("-", "--top", "1", given=page + "# TYPE other gauge\nother 1\n")
    assert [line.split()[0] for line in result.stdout.splitlines()[:2]] == ["metric", "compile_success_total"]
    assert result.stdout.splitlines()[2].startswith("error TC302")
    assert "metrics: 2, findings: 1" in result.stdout


def test_a_source_that_is_none_is_bad_usage(tmp_path: Path) -> None:
    """A path that is not there is said, with what it may be."""
    result = run(tmp_path / "none")
    assert result.exit_code == 2
    assert "there is no such folder or file" in result.output


def test_credentials_are_not_shown() -> None:
    """A credential as a value of a label or in a URL is in no table, no finding and no JSON."""
    key = "ghp_" + "a1B2" * 9
    page = "".join(f'requests{{environment="{key}",n="{number}"}} 1\n' for number in range(2001))
    for arguments in ((), ("--json",)):
        result = run("-", *arguments, given=page)
        assert (result.exit_code, key in result.output, "[redacted]" in result.output) == (1, False, True)


def test_an_empty_source_is_no_pass(tmp_path: Path) -> None:
    """Of a source without series it cannot be said that all is well."""
    with isolated(journal=tmp_path / "j"):
        pass
    for source, given in (("-", ""), (tmp_path / "j", None)):
        result = run(source, "--json", given=given)
        assert (result.exit_code, [each["code"] for each in json.loads(result.stdout)["findings"]]) == (1, ["TC600"])


@pytest.mark.parametrize(("limit", "codes"), [(2, ["TC303"]), (5, [])])
def test_a_journal_of_metrics_in_no_contract(tmp_path: Path, limit: int, codes: list[str]) -> None:
    """Metrics that the contracts do not know, or know in another shape, are held against the limit of foreign ones."""
    (tmp_path / "team.json").write_text(json.dumps({"extends": [], "cardinality": {"foreign": limit}}))
    with isolated(environment="staging", journal=tmp_path / "j"):
        record(3)
        result = run(tmp_path / "j", "--json", "--registry", tmp_path / "team.json")
    said = json.loads(result.stdout)
    (usage,) = said["metrics"]
    assert (usage["metric"], usage["series"], usage["limit"]) == ("compile_success_total", 3, limit)
    assert usage["labels"]["label 1"] == 3
    assert ([each["code"] for each in said["findings"]], result.exit_code) == (codes, int(bool(codes)))
