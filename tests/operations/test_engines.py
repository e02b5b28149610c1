"""Real servers come up, say what is wrong, and are gone when nobody needs them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep, time

import httpx
import pytest
from tests.engines import needs

from telemetry.errors import EngineError
from telemetry.operations.engines import (
    PROGRAMS,
    Program,
    QueryApi,
    Server,
    alertmanager,
    backfill_prometheus,
    backfill_victoria_metrics,
    node_exporter,
    prometheus,
    victoria_metrics,
    vmalert,
)

ROUTES = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"
RULES = "groups: [{name: g, rules: [{record: 'one:one', expr: vector(1)}]}]\n"
PAST = '# TYPE jobs counter\njobs_total{squad="alpha"} 5 %d\njobs_total{squad="alpha"} 8 %d\n# EOF\n'

pytestmark = needs("prometheus", "prometheus-alertmanager", "victoria-metrics", "vmalert", "prometheus-node-exporter")


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that has ended and was not reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def engine(name: str, folder: Path) -> Server:
    """Make one of the servers, with the least that it needs."""
    config = folder / "config.yml"
    config.write_text(ROUTES if name == "prometheus-alertmanager" else "{}")
    makers: dict[str, Callable[[], Server]] = {
        "prometheus": lambda: prometheus(config),
        "prometheus-alertmanager": lambda: alertmanager(config),
        "victoria-metrics": victoria_metrics,
        "prometheus-node-exporter": lambda: node_exporter(folder),
    }
    return makers[name]()


@pytest.mark.parametrize(
    "name", ["prometheus", "prometheus-alertmanager", "victoria-metrics", "prometheus-node-exporter"]
)
def test_a_server_serves_for_as_long_as_the_block(name: str, tmp_path: Path) -> None:
    """Inside the block it answers; afterwards the process, its data and the one that watches over it are gone."""
    before = children()
    with engine(name, tmp_path) as server:
        pid, folder = server.pid, server.folder
        assert httpx.get(server.url).status_code < 500
    assert not is_alive(pid)
    assert not folder.exists()
    assert children() <= before


def children() -> set[str]:
    """Give the processes below this one."""
    return set(Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split())


def test_rules_are_evaluated_by_vmalert(tmp_path: Path) -> None:
    """A vmalert beside a store has loaded the rules that it was given."""
    (tmp_path / "rules.yml").write_text(RULES)
    with victoria_metrics() as store, vmalert(tmp_path / "rules.yml", store.url) as server, QueryApi(server.url) as api:
        assert [rule["name"] for rule in api.rules()] == ["one:one"]


def test_servers_end_with_a_process_that_is_killed(tmp_path: Path) -> None:
    """When the process that started a server is killed, the server ends too."""
    program = (
        "from telemetry.operations.engines import victoria_metrics\n"
        "import time\nserver = victoria_metrics().start()\nprint(server.pid, flush=True)\ntime.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        assert is_alive(pid)
        process.send_signal(signal.SIGKILL)
    until = monotonic() + 20
    while is_alive(pid) and monotonic() < until:
        sleep(0.02)
    assert not is_alive(pid)


def test_a_missing_program_names_its_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whoever lacks a server reads which package has it, and how to install that."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match=r"prometheus-alertmanager: not installed.*apt-get install prometheus-alert"):
        alertmanager(tmp_path / "none.yml").start()


def test_a_port_in_use_is_named() -> None:
    """Two servers on one port: the second one says that it is taken, and by which number."""
    with victoria_metrics() as first, pytest.raises(EngineError, match=f"port {first.port} of 127.0.0.1 is in use"):
        victoria_metrics(port=first.port).start()


def test_a_refused_configuration_is_shown(tmp_path: Path) -> None:
    """What the server says of its configuration is in the error, and nothing of it runs on."""
    config = tmp_path / "config.yml"
    config.write_text("scrape_timout: 5s\n")
    before = children()
    with pytest.raises(EngineError, match="field scrape_timout not found"):
        prometheus(config).start()
    assert children() <= before


def test_a_tool_that_fails_is_quoted() -> None:
    """A tool that ends badly is quoted, with its status."""
    with pytest.raises(EngineError, match=r"promtool: ended with status 1: .*nowhere.yml"):
        PROGRAMS["promtool"].run("check", "config", "nowhere.yml")
    assert "usage" in PROGRAMS["promtool"].run("--help")


def test_a_tool_that_hangs_is_ended() -> None:
    """A tool that does not end is ended, and the error says so."""
    with pytest.raises(EngineError, match="timed out"):
        Program("sleep", "coreutils").run("60", timeout=0.2)


@pytest.mark.parametrize("name", ["prometheus", "victoria-metrics"])
def test_a_backfilled_past_can_be_asked_for(name: str, tmp_path: Path) -> None:
    """Samples of a week ago that were backfilled are there, at their time and with their labels."""
    week_ago = int(time()) - 7 * 86_400
    text = tmp_path / "past.om"
    text.write_text(PAST % (week_ago, week_ago + 60))
    config = tmp_path / "config.yml"
    config.write_text("{}")
    server = victoria_metrics() if name == "victoria-metrics" else prometheus(config, folder=tmp_path)
    if name == "prometheus":
        backfill_prometheus(text, tmp_path)
    with server, QueryApi(server.url) as api:
        if name == "victoria-metrics":
            backfill_victoria_metrics(text, server)
        found = api.instant("jobs_total", week_ago + 61)
        ranged = api.range("jobs_total", week_ago, week_ago + 60, 60)
    assert [(series.labels["squad"], series.points[0][1]) for series in found] == [("alpha", 8.0)]
    assert ranged[0].points == ((week_ago, 5.0), (week_ago + 60, 8.0))


def test_refused_questions_are_explained(tmp_path: Path) -> None:
    """A query that is no PromQL, a server that is none, and one that is gone: each error says which it was."""
    config = tmp_path / "config.yml"
    config.write_text("{}")
    with prometheus(config) as server, QueryApi(server.url) as api:
        with pytest.raises(EngineError, match=r"refuses sum\(\(: .*parse error"):
            api.instant("sum((", 0)
        assert api.instant("3 * 2", 5)[0].points == ((5.0, 6.0),)
    with pytest.raises(EngineError, match="does not answer"), QueryApi(server.url) as api:
        api.instant("up", 0)
    with node_exporter(tmp_path) as other, pytest.raises(EngineError, match="is no store"), QueryApi(other.url) as api:
        api.rules()
