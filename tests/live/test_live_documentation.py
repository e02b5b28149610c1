"""The documents of the live check and of CI say what is so: tables agree with the code, snippets run as they stand."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.live.programs import look
from tests.live.requests import span, traces

from telemetry.contracts import CODES

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "ci.md").read_text("utf-8")
SNIPPETS = [yaml.safe_load(text) for text in re.findall(r"^```yaml\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)]
GITHUB, GITLAB = SNIPPETS

REGISTRY = """{
  "name": "team", "owners": ["delivery"],
  "metrics": [{
    "name": "image_push_duration_seconds", "kind": "histogram", "unit": "seconds", "owner": "delivery",
    "description": "How long pushing an image takes.", "labels": ["environment"], "buckets": [0.5, 1, 5, 30]
  }]
}
"""
BUILD = '''
import telemetry

def main():
    """Record one stage."""
    with telemetry.span("spec.parse"):
        telemetry.metric("image_push_duration_seconds").labels().observe(1)
'''
TESTS = '''
import telemetry, build

def test_it():
    """Record for real, into the journal that the environment names."""
    with telemetry.configure(service_name="team"):
        build.main()
'''


def steps(workflow: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Give the jobs of a workflow of GitHub, each with a command line of it."""
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            for line in step.get("run", "").splitlines():
                yield job, line


def scripts(pipeline: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Give the jobs of a pipeline of GitLab, each with a command line of it."""
    for job in pipeline.values():
        if isinstance(job, dict):
            for line in (*job["script"], *job.get("after_script", ())):
                yield job, line


LINES = [*(("github", line) for _, line in steps(GITHUB)), *(("gitlab", line) for _, line in scripts(GITLAB))]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in git with a registry, a pipeline, tests, fresh documents, and a branch origin/main."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "contracts").mkdir()
    (folder / "docs" / "contracts").mkdir(parents=True)
    (folder / "contracts" / "team.json").write_text(REGISTRY)
    (folder / "build.py").write_text(BUILD)
    (folder / "test_build.py").write_text(TESTS)
    (folder / "pyproject.toml").write_text('[tool.telemetry]\nregistry = ["contracts/team.json"]\n')
    assert run(folder, "telemetry contracts docs --registry contracts/team.json --output docs/contracts") == 0
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    for arguments in (["init", "-q"], ["add", "."], [*identity, "commit", "-q", "-m", "x"]):
        subprocess.run(["git", *arguments], cwd=folder, check=True)
    subprocess.run(["git", "update-ref", "refs/remotes/origin/main", "HEAD"], cwd=folder, check=True)
    return folder


def run(folder: Path, line: str) -> int:
    """Run a command line as a shell in CI does, with our `telemetry`; give its exit code."""
    program = "import sys; from telemetry.cli import main; sys.argv[0] = 'telemetry'; main()"
    ours = f"{shlex.quote(sys.executable)} -c {shlex.quote(program)}"
    line = re.sub(r"^telemetry ", lambda _: f"{ours} ", line).replace("python -m", f"{shlex.quote(sys.executable)} -m")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TELEMETRY_", "PYTEST_"))}
    environment = {**kept, "TELEMETRY_JOURNAL": str(folder / "recorded")}
    done = subprocess.run(line, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    sys.stderr.write("\n".join((line, done.stdout, done.stderr)))
    return done.returncode


def test_every_line_of_a_snippet_runs(project: Path) -> None:
    """Each command of the snippets passes in a project that is in order; installing packages is not tried again."""
    ran = [line for _, line in LINES if not line.startswith("pip install ")]
    for line in ran:
        assert run(project, line) == 0, line
    assert sum(line.startswith("telemetry ") for line in ran) >= 9
    for name in ("junit.xml", "telemetry.sarif", "live.json"):
        assert (project / name).stat().st_size > 100


def test_a_run_without_configure_needs_telemetry_run(project: Path) -> None:
    """Tests that never configure leave no journal, and the message says the remedy of docs/ci.md, which helps."""
    tests, journal = project / "test_bare.py", project / "bare"
    tests.write_text("import build\n\ndef test_it():\n    build.main()\n")
    journal.mkdir()
    (project / "targets.toml").write_text('[[targets]]\ntarget = "build:main"\nspan = "plan.compile_graph"\n')
    (line,) = re.findall(r"`(telemetry run --config targets.toml -- python -m pytest)`", TEXT)
    environment = f"TELEMETRY_JOURNAL={shlex.quote(str(journal))} "
    assert run(project, f"{environment}python -m pytest test_bare.py") == 0
    found = look(journal)
    assert (found.status, "telemetry.configure()" in found.said) == (2, True)
    program = "import sys; from telemetry.cli import main; sys.argv[0] = 'telemetry'; main()"
    started = line.replace("telemetry", f"{shlex.quote(sys.executable)} -c {shlex.quote(program)}", 1)
    assert run(project, f"{environment}{started} test_bare.py") == 0
    assert look(journal, "--registry", project / "contracts" / "team.json", "--json").report["counts"]["spans"] == 2


def test_snippets_fail_when_something_is_wrong(project: Path, tmp_path: Path) -> None:
    """A contract that breaks and documents that are stale fail the same lines."""
    path = project / "contracts" / "team.json"
    path.write_text(REGISTRY.replace("image_push_duration_seconds", "push_seconds"))
    try:
        for words in ("contracts diff", "contracts docs"):
            (line,) = {each for _, each in LINES if words in each}
            assert run(project, line) == 1, line
    finally:
        path.write_text(REGISTRY)


def test_what_snippets_install_is_there() -> None:
    """The extras that they name exist."""
    import tomllib

    extras = tomllib.loads((DOCS.parent / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = set(re.findall(r"telemetry\[(\w+)\]", TEXT))
    assert named and named <= extras.keys()


def test_the_workflow_of_github_is_one() -> None:
    """It has triggers and jobs; each job a machine and steps; each step does one thing; what is uploaded is written."""
    assert set(GITHUB[True]) == {"push", "pull_request"}  # YAML 1.1 reads `on` as true, and so does PyYAML
    for job in GITHUB["jobs"].values():
        assert job["runs-on"] and job["steps"][0]["uses"].startswith("actions/checkout@")
        for step in job["steps"]:
            assert ("run" in step) != ("uses" in step)
            assert step.keys() <= {"name", "run", "uses", "with", "if"}
    text = " ".join(line for _, line in steps(GITHUB))
    uploads = [step["with"] for job in GITHUB["jobs"].values() for step in job["steps"] if "upload" in str(step)]
    assert {str(each.get("path") or each.get("sarif_file")) for each in uploads} == {"junit.xml", "telemetry.sarif"}
    assert "--junit junit.xml" in text and "> telemetry.sarif" in text
    checkout = GITHUB["jobs"]["contracts"]["steps"][0]
    assert checkout["with"]["fetch-depth"] == 0, "a diff needs the history"


def test_the_pipeline_of_gitlab_is_one() -> None:
    """Each job has a script; the report that GitLab reads is what the probe writes."""
    jobs = {name: job for name, job in GITLAB.items() if isinstance(job, dict)}
    assert set(jobs) == {"contracts", "gate", "live"} and all(job["script"] for job in jobs.values())
    assert jobs["gate"]["artifacts"]["reports"]["junit"] in jobs["gate"]["script"][0]


def test_the_codes_are_in_the_table() -> None:
    """docs/live.md has each code with its name, its level and what it wants."""
    text = (DOCS / "live.md").read_text("utf-8")
    listed = re.findall(r"^\| `(TC6\d\d)` \| `(\w+)` \| (\w+) \| (.+) \|$", text, re.MULTILINE)
    known = [(code, kind.name, kind.level, kind.wants) for code, kind in CODES.items() if code.startswith("TC6")]
    assert listed == known


def test_the_rules_are_in_the_gate() -> None:
    """docs/gate.md has each rule that the live check can bring up in a run."""
    text = (DOCS / "gate.md").read_text("utf-8")
    never = {"nothing", "metric-once", "foreign-recorded", "unreadable"}
    rules = {kind.name.replace("_", "-") for code, kind in CODES.items() if code.startswith("TC6")} - never
    assert [rule for rule in sorted(rules) if f"`{rule}`" not in text] == []


def test_the_example_in_code_runs(tmp_path: Path) -> None:
    """The example of docs/live.md is a program."""
    example = (DOCS / "live.md").read_text("utf-8").partition("```python\n")[2].partition("```")[0]
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "team.json").write_text(REGISTRY)
    (tmp_path / "recorded.jsonl").write_text(traces(span("spec.parse", {"host.kind": "online"})))
    program = f"{example}\nprint(report.coverage['spans'].seen, len(report.findings))\n"
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "1 0\n"


def test_the_command_is_one_of_its_group() -> None:
    """`telemetry contracts live --help` names its sources and options, and exit codes."""
    program = "import sys; from telemetry.cli import main; sys.argv[0] = 'telemetry'; main()"
    command = [sys.executable, "-c", program, "contracts", "live", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": "160"})
    for words in ("SOURCE", "--registry", "--service", "--fail-on", "--json", "Exit code 0, 1 when something is wrong"):
        assert words in done.stdout
    assert look("--fail-on").status == 2
