"""A process that may have no more memory (`RLIMIT_AS`) records into less, and goes on."""

from __future__ import annotations

import pytest
from tests.runtime.conftest import Run

_LIMITED = """
    import gc, json, os, pathlib, resource, telemetry
    telemetry.configure("specc", journal=False)  # whatever is imported is imported before the limit
    telemetry.shutdown()
    gc.collect()
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + int(os.environ["SLACK_MIB"]) * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    runtime = telemetry.configure("specc", journal=json.loads(os.environ["JOURNAL"]))
    with telemetry.span("spec.parse"):
        telemetry.metric("compile_success_total").labels(backend="c-gcc").inc()
    (family,) = runtime.families()
    print(json.dumps([runtime.region.is_file, runtime.losses(), family.series[0].value]))
"""


@pytest.mark.parametrize("slack_mib", [40, 7])
@pytest.mark.parametrize("is_file", [True, False])
def test_less_memory_is_a_smaller_journal(run: Run, slack_mib: int, is_file: bool) -> None:
    """Where the usual size is refused a smaller one records spans and metrics; that is counted, and named once."""
    ended = run(_LIMITED, SLACK_MIB=str(slack_mib), JOURNAL='"journal"' if is_file else "false")
    assert ended.status == 0, ended.stderr
    assert ended.said == [is_file, {"journal_reduced": 1}, 1.0]
    (line,) = ended.stderr.splitlines()
    assert line.startswith("telemetry: journal reduced: ")


def test_a_refused_journal_leaves_no_file(run: Run) -> None:
    """Where even the smallest is refused, `configure` says how much it lacks, as a MemoryError, and leaves no file."""
    ended = run(
        _LIMITED.replace("    runtime = ", "    try: ", 1).partition("    with ")[0]
        + "    except MemoryError as error: print(json.dumps([str(error), os.listdir('journal')]))\n",
        SLACK_MIB="1",
        JOURNAL='"journal"',
    )
    assert ended.status == 0, ended.stderr
    message, files = ended.said
    assert "ulimit -v" in message
    assert files == ["lock"]
