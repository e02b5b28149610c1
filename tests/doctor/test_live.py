"""The engines that Debian has, real ones."""

from __future__ import annotations

from pathlib import Path

import httpx
from tests.doctor.running import alertmanager, doctor, prometheus, victoriametrics
from tests.doctor.stub import stub
from tests.engines import needs
from tests.export.servers import eventually


@needs("prometheus")
def test_prometheus(tmp_path: Path) -> None:
    """A marked metric is written and read back where it takes any; where it takes none, the flag to set is said."""
    with prometheus(tmp_path, "--web.enable-remote-write-receiver") as url:
        code, found = doctor(f"prometheus={url}")
        stored = httpx.get(f"{url}/api/v1/query", params={"query": "telemetry_doctor_probe"}, trust_env=False).json()
    assert (code, [each["problem"] for each in found.values()]) == (0, ["", ""])
    assert len(stored["data"]["result"]) == 1
    with prometheus(tmp_path) as url:
        code, found = doctor(f"prometheus={url}/")
    assert code == 1
    assert found["prometheus is ready"]["problem"] == ""
    assert "--web.enable-remote-write-receiver" in found["prometheus a metric is read back"]["remedy"]


@needs("victoria-metrics")
def test_victoriametrics(tmp_path: Path) -> None:
    """A marked metric is written as text and read back within 10 seconds."""
    with victoriametrics(tmp_path) as url:
        code, found = doctor(f"victoriametrics={url}")
    assert code == 0, found
    assert 0 < found["victoriametrics a metric is read back"]["seconds"] < 10


@needs("prometheus-alertmanager")
def test_alertmanager(tmp_path: Path) -> None:
    """A marked alert is read back; nobody is told of it, and no silence of it stays in force."""
    with stub() as webhook, alertmanager(tmp_path, f"{webhook.url}/hook") as url:
        told: list[str] = []
        webhook.take = lambda path, body: told.append(path)  # type: ignore[method-assign]
        code, found = doctor(f"alertmanager={url}")
        assert code == 0, found
        silences = httpx.get(f"{url}/api/v2/silences", trust_env=False).json()
        assert [each["status"]["state"] for each in silences] == ["expired"]
        assert told == []
        httpx.post(f"{url}/api/v2/alerts", json=[{"labels": {"alertname": "Real"}}], trust_env=False)
        assert eventually(lambda: told)


@needs("prometheus", "victoria-metrics")
def test_another_engine_than_was_said(tmp_path: Path) -> None:
    """An engine that is another one fails, with a remedy for each step."""
    with victoriametrics(tmp_path) as url:
        code, found = doctor(f"grafana={url}", f"victorialogs={url}")
    assert code == 1
    assert [bool(each["problem"]) == bool(each["remedy"]) for each in found.values()] == [True] * 3
    assert found["victorialogs a log line is read back"]["problem"]
    assert found["grafana is healthy"]["problem"]
