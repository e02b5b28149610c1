"""Snapshots: text of what was recorded that each run writes the same, kept in files."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from textwrap import dedent
from uuid import uuid4

import pytest
from tests.testing.conftest import Project

from telemetry import get_logger, metric, span
from telemetry.testing import Recording, Snapshots, isolated, render_snapshot

TESTS = """
    import pytest
    from telemetry import metric, span


    @pytest.mark.parametrize("backend", ["c-gcc", "a/b", "a:b"])
    def test_compile(telemetry_snapshot, backend, tmp_path):
        with span("compile.execute", attributes={"artifact.filename": str(tmp_path / "out")}):
            metric("compile_success_total").labels(backend=backend).inc()
        telemetry_snapshot()
        telemetry_snapshot("spans", ignore=["compile_*"])


    class TestParse:
        def test_parse(self, telemetry_snapshot):
            with span("spec.parse"):
                pass
            telemetry_snapshot()
"""


def record(folder: str = "/tmp/a") -> Recording:
    """Record what differs from run to run beside what does not."""
    run = uuid4().hex
    attributes = {"cicd.run": run}
    with isolated() as recording, suppress(ValueError), span("pipeline.run", attributes=attributes) as root:
        root.add_event("artifact", {"artifact.filename": f"{folder}/x.o", "artifact.size": 3})
        with span("compile.execute", kind="client", attributes={"process.pid": time.time_ns()}):
            metric("pipeline_latency_seconds").labels(backend="c-gcc").observe(time.time() % 1)
            metric("offline_bundle_size_bytes").labels(target="x", revision="y").observe(10)
        get_logger("tests").info("pipeline.start", pipeline=run)
        raise ValueError("no")
    return recording


def test_what_differs_from_run_to_run_is_not_in_the_text() -> None:
    """Two runs write the same: ids by number, paths as they are replaced, and no times, process ids or stack traces."""
    one = render_snapshot(record("/tmp/a"), replace={"/tmp/a": "<tmp>"})
    assert one == render_snapshot(record("/tmp/b"), replace={"/tmp/b": "<tmp>"})
    assert one == dedent("""\
        spans
          pipeline.run  cicd.run=<id-1>  error.code=internal  host.kind=online  ERROR ValueError
            * artifact  artifact.filename=<tmp>/x.o  artifact.size=3
            * exception  exception.message=no  exception.type=ValueError
            compile.execute  kind=client  host.kind=online
        metrics
          offline_bundle_size_bytes{target="x",revision="y",environment="development"} count=1 sum=10
          pipeline_latency_seconds{backend="c-gcc",environment="development",host_region="unknown"} count=1
        logs
          info pipeline.start  pipeline=<id-1>
        """)


def test_names_are_ignored_by_pattern() -> None:
    """Attributes, fields and metrics whose names fit are left out."""
    text = render_snapshot(record(), ignore=["cicd.*", "*_bytes", "pipeline"])
    assert "cicd" not in text
    assert "bytes" not in text
    assert "info pipeline.start\n" in text


def test_a_file_is_written_compared_and_missed(tmp_path: Path) -> None:
    """Without a file, or with another text, it fails and says what to do; an update writes, and then it passes."""
    with isolated() as recording, span("spec.parse"):
        pass
    with pytest.raises(AssertionError, match=r"test_it\.txt does not exist; write it with --telemetry-update"):
        Snapshots(tmp_path / "new", "test_it").check(recording)
    assert not (tmp_path / "new").exists()
    Snapshots(tmp_path / "new", "test_it", update=True).check(recording)
    Snapshots(tmp_path / "new", "test_it").check(recording)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["test_it.txt"]
    with isolated() as other, span("verify.run", attributes={"provenance.id": "p"}):
        pass
    with pytest.raises(AssertionError) as caught:
        Snapshots(tmp_path / "new", "test_it").check(other)
    lines = str(caught.value).splitlines()
    assert "-   spec.parse  host.kind=online" in lines
    assert "+   verify.run  host.kind=online  provenance.id=p" in lines
    assert "logs" in [line.strip() for line in lines]


def test_each_snapshot_of_a_test_has_a_name(tmp_path: Path) -> None:
    """The same name twice would compare two things with one file."""
    snapshots = Snapshots(tmp_path, "test_it", update=True)
    with isolated() as recording:
        snapshots.check(recording)
        snapshots.check(recording, "again")
        with pytest.raises(ValueError, match="has taken a snapshot named 'again'"):
            snapshots.check(recording, "again")


def test_file_names_are_safe_and_differ(tmp_path: Path) -> None:
    """Whatever a test is called, its file lies in the folder, and names that would become one do not."""
    names = ["a/b", "a:b", "../a", "x" * 300, "x" * 301, "plain[1]"]
    paths = [Snapshots(tmp_path, name).path() for name in names]
    assert len(set(paths)) == len(names)
    assert {path.parent for path in paths} == {tmp_path}
    assert all(len(path.name) < 130 for path in paths)
    assert paths[-1].name == "plain[1].txt"


def test_files_are_kept_beside_the_tests(project: Project) -> None:
    """A run without files fails, an update by several processes writes them all, and the next run passes with them."""
    project.write("test_steps.py", TESTS)
    run = project.pytest()
    assert "4 failed" in run.text, run.text
    assert not list(project.folder.rglob("*.txt"))
    assert project.pytest("-n2", "--telemetry-update").status == 0
    run = project.pytest()
    assert run.status == 0, run.text
    folder = project.folder / "__telemetry__" / "test_steps"
    assert len(list(folder.iterdir())) == 7
    assert "artifact.filename=<tmp>/out" in (folder / "test_compile[c-gcc].txt").read_text()
    assert (folder / "TestParse.test_parse.txt").read_text() == "spans\n  spec.parse  host.kind=online\nmetrics\nlogs\n"
    (folder / "TestParse.test_parse.txt").write_text("spans\n  spec.pars\nmetrics\nlogs\n")
    run = project.pytest()
    assert "1 failed, 3 passed" in run.text
    assert "+   spec.parse  host.kind=online" in run.text
