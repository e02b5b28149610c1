"""The output as Debian's node_exporter reads it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families
from tests.engines import needs
from tests.export.servers import eventually, free_port
from tests.runsummary.run import convert_all


@contextmanager
def exporter(folder: Path) -> Iterator[str]:
    """Start a node_exporter with its textfile collector alone; give its address."""
    address = f"127.0.0.1:{free_port()}"
    options = ("--collector.disable-defaults", "--collector.textfile", f"--collector.textfile.directory={folder}")
    program = shutil.which("prometheus-node-exporter")
    assert program is not None
    process = subprocess.Popen([program, f"--web.listen-address={address}", *options], stderr=subprocess.DEVNULL)
    try:
        yield f"http://{address}/metrics"
    finally:
        process.terminate()
        process.wait(10)


def page(url: str) -> str:
    """Scrape; empty while nobody listens."""
    with suppress(httpx.TransportError):
        return httpx.get(url, trust_env=False).text
    return ""


@needs("prometheus-node-exporter")
def test_node_exporter_serves_what_was_written(tmp_path: Path) -> None:
    """Each sample that the tool wrote is on the exporter's page, and the exporter found no error in the file."""
    folder = tmp_path / "textfiles"
    folder.mkdir()
    assert convert_all(tmp_path, folder / "run.prom").returncode == 0
    with exporter(folder) as url:
        assert eventually(lambda: "gazeqa_" in page(url))
        served = page(url)
    assert "node_textfile_scrape_error 0" in served
    assert samples((folder / "run.prom").read_text()) <= samples(served)


def samples(text: str) -> set[tuple[str, float, frozenset[tuple[str, str]]]]:
    """Read samples; bounds are numbers, for the exporter has 1 and 1.024e+06 where Python has 1.0 and 1024000.0."""
    return {
        (
            each.name,
            each.value,
            frozenset((name, str(float(value)) if name == "le" else value) for name, value in each.labels.items()),
        )
        for family in text_string_to_metric_families(text)
        for each in family.samples
    }
