"""`/metrics` of a gateway: the processes of a folder as a scraper sees them, whatever becomes of their journals."""

from __future__ import annotations

import gzip
import os
import re
import struct
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from telemetry._hotpath import extent
from telemetry.export.gateway import Gateway
from telemetry.journal import DEAD_NAME, GATEWAY, Folder

from .conftest import MakeGateway
from .journals import Written, counter, gauge, hold, write_journal


def fetch(gateway: Gateway, path: str = "/metrics", **headers: str) -> httpx.Response:
    """Ask a gateway, without TLS to set up, which takes httpx 50 ms."""
    return httpx.get(gateway.url + path, headers=headers, verify=False, trust_env=False)


def total(gateway: Gateway, who: str = "a") -> float | None:
    """Give the jobs of somebody, as a scraper reads them."""
    found = re.search(rf'^jobs_total{{who="{who}"}} (\S+)$', fetch(gateway).text, re.MULTILINE)
    return None if found is None else float(found[1])


def vital(gateway: Gateway, name: str) -> float:
    """Give a value that the gateway has of itself."""
    found = re.search(rf"^telemetry_gateway_{re.escape(name)} (\S+)$", fetch(gateway).text, re.MULTILINE)
    assert found is not None
    return float(found[1])


def test_living_and_dead_are_one_page(folder: Path, make_gateway: MakeGateway) -> None:
    """Counts of all processes add up, before and after those of the dead are put together."""
    alive = write_journal(folder, [counter("jobs_total", 1.0, "a"), gauge("level", 3.0, "a", time_ns=9)])
    write_journal(folder, [counter("jobs_total", 2.0, "a"), gauge("level", 4.0, "a", time_ns=8)])
    hold(folder, alive)
    gateway = make_gateway()
    for _ in range(3):
        assert total(gateway) == 3.0
        assert 'level{who="a"} 3.0\n' in fetch(gateway).text
        gateway.turn()
    assert vital(gateway, 'processes{state="living"}') == 1.0
    assert vital(gateway, 'processes{state="folded"}') == 1.0
    assert [path.name for path in sorted(folder.glob("*.journal"))] == [alive.path.name, DEAD_NAME]


def test_formats_are_those_of_one_process(folder: Path, make_gateway: MakeGateway) -> None:
    """Classic text by default, OpenMetrics and gzip for who asks for them, each readable by its own parser."""
    hold(folder, write_journal(folder, [counter("jobs_total", 1.5, "a")]))
    gateway = make_gateway()
    classic = fetch(gateway)
    assert classic.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "# TYPE jobs_total counter\n" in classic.text
    modern = fetch(gateway, accept="application/openmetrics-text; version=1.0.0")
    names = {family.name for family in text_string_to_metric_families(modern.text)}  # type: ignore[no-untyped-call]
    assert {"jobs", "telemetry_gateway_processes"} <= names
    with httpx.stream("GET", gateway.url + "/metrics", headers={"accept-encoding": "gzip"}, trust_env=False) as answer:
        assert gzip.decompress(b"".join(answer.iter_raw())).startswith(b"# HELP jobs_total")


def test_values_are_read_anew_for_each_scrape(folder: Path, make_gateway: MakeGateway) -> None:
    """What a process counts, adds to its pages, or adds a page for, is in the next scrape."""
    journal = write_journal(folder, [counter("jobs_total", 1.0, "a")])
    hold(folder, journal)
    gateway = make_gateway()
    assert total(gateway) == 1.0
    changed = write_journal(folder, [counter("jobs_total", 5.0, "a"), counter("jobs_total", 7.0, "b")], key=2)
    content = changed.path.read_bytes()
    changed.path.unlink()
    with journal.path.open("r+b") as file:
        file.write(content)
    journal.set(extent.KEY, journal.key)
    assert (total(gateway), total(gateway, "b")) == (5.0, 7.0)


def test_pid_that_is_used_again_is_another_process(folder: Path, make_gateway: MakeGateway) -> None:
    """The same pid, and even the same start, with another key: both count, the dead one once."""
    write_journal(folder, [counter("jobs_total", 1.0, "a")], pid=77, ticks=5)
    hold(folder, write_journal(folder, [counter("jobs_total", 2.0, "a")], pid=77, ticks=5))
    gateway = make_gateway()
    gateway.turn()
    assert total(gateway) == 3.0
    assert vital(gateway, 'processes{state="living"}') == 1.0


def test_copy_of_a_journal_counts_once(folder: Path, make_gateway: MakeGateway) -> None:
    """Two files of one key are one process."""
    journal = write_journal(folder, [counter("jobs_total", 1.0, "a")])
    (folder / f"9-{journal.path.name.partition('-')[2]}").write_bytes(journal.path.read_bytes())
    gateway = make_gateway()
    assert total(gateway) == 1.0


def _truncate_header(journal: Written) -> None:
    os.truncate(journal.path, 100)


def _truncate_pages(journal: Written) -> None:
    os.truncate(journal.path, journal.word(extent.PAGES_AT) + 40)


def _flip_magic(journal: Written) -> None:
    journal.set(extent.MAGIC_WORD, 1)


def _flip_key(journal: Written) -> None:
    journal.set(extent.KEY, journal.key ^ 2)


def _flip_page_size(journal: Written) -> None:
    _overwrite(journal, journal.word(extent.PAGES_AT) + 5 * 8, (1 << 60) + 1)


def _flip_used(journal: Written) -> None:
    _overwrite(journal, journal.word(extent.PAGES_AT) + 4 * 8, 1 << 40)


def _flip_entry(journal: Written) -> None:
    _overwrite(journal, journal.word(extent.PAGES_AT) + 8 * 8, (1 << 64) - 1)


def _flip_places(journal: Written) -> None:
    journal.set(extent.PAGES_AT, (1 << 64) - 8)


def _make_folder(journal: Written) -> None:
    journal.path.unlink()
    journal.path.mkdir()


def _make_link(journal: Written) -> None:
    target = journal.path.rename(journal.path.with_suffix(".elsewhere"))
    journal.path.symlink_to(target)


def _overwrite(journal: Written, at: int, value: int) -> None:
    with journal.path.open("r+b") as file:
        file.seek(at)
        file.write(struct.pack("<Q", value))


DAMAGES = (
    _truncate_header, _truncate_pages, _flip_magic, _flip_key, _flip_page_size, _flip_used, _flip_entry, _flip_places,
    _make_folder, _make_link,
)  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("lives", [True, False])
def test_damaged_journal_is_left_out_counted_and_named_once(
    folder: Path,
    make_gateway: MakeGateway,
    capsys: pytest.CaptureFixture[str],
    damage: Callable[[Written], None],
    lives: bool,
) -> None:
    """One journal that cannot be read costs itself: the others are served, and one line says which it is."""
    hold(folder, write_journal(folder, [counter("jobs_total", 4.0, "a")]))
    broken = write_journal(folder, [counter("jobs_total", 100.0, "a")])
    if lives:
        hold(folder, broken)
    damage(broken)
    gateway = make_gateway()
    assert total(gateway) == 4.0  # a journal that lives may be in the making: it has another look
    assert total(gateway) == 4.0
    assert vital(gateway, "unreadable_journals") == 1.0
    for _ in range(3):
        gateway.turn()
        assert total(gateway) == 4.0
    assert capsys.readouterr().err.count(broken.path.name) == 1


def test_damage_after_a_scrape_keeps_what_was_read(folder: Path, make_gateway: MakeGateway) -> None:
    """A journal that is cut short while its process runs does not make totals fall."""
    journal = write_journal(folder, [counter("jobs_total", 4.0, "a")])
    hold(folder, journal)
    gateway = make_gateway()
    assert total(gateway) == 4.0
    _truncate_pages(journal)
    assert total(gateway) == 4.0
    assert vital(gateway, "unreadable_journals") == 1.0


def test_files_of_others_are_no_journals(folder: Path, make_gateway: MakeGateway) -> None:
    """What is named otherwise is neither read nor removed nor complained about."""
    for name in ("notes.journal", "1-2-zz.journal", "1-2-7.journal", "x.txt"):
        (folder / name).write_bytes(b"mine")
    gateway = make_gateway()
    gateway.turn()
    assert vital(gateway, "unreadable_journals") == 0.0
    assert (folder / "notes.journal").read_bytes() == b"mine"


def test_metric_of_no_contract_is_named_once(
    folder: Path, make_gateway: MakeGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    """A process with other contracts is told about, once, and its known metrics are shown."""
    hold(folder, write_journal(folder, [counter("jobs_total", 1.0, "a"), counter("strange_total", 1.0)]))
    gateway = make_gateway()
    for _ in range(2):
        assert total(gateway) == 1.0
        gateway.turn()
    assert capsys.readouterr().err.count("strange_total (no contract has this name)") == 1
    assert vital(gateway, "refused_metrics") == 1.0


def test_folder_that_is_removed_comes_back(folder: Path, make_gateway: MakeGateway) -> None:
    """While it is gone a scrape fails, rather than to show totals that fell; later the gateway leads the new one."""
    hold(folder, write_journal(folder, [counter("jobs_total", 4.0, "a")]))
    gateway = make_gateway()
    gateway.turn()
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    assert fetch(gateway).status_code == 500
    assert fetch(gateway, "/readyz").status_code == 503
    gateway.turn()
    hold(folder, write_journal(folder, [counter("jobs_total", 6.0, "a")]))
    gateway.turn()
    assert total(gateway) == 6.0
    assert vital(gateway, "leads") == 1.0
    assert Folder.open(folder).is_held(GATEWAY)
    assert fetch(gateway, "/readyz").text == "ready\n"


def test_folder_that_cannot_be_used_is_said(folder: Path, make_gateway: MakeGateway) -> None:
    """A folder that others may write to is refused; the gateway is up, not ready, and says why."""
    folder.chmod(0o777)
    gateway = make_gateway()
    gateway.turn()
    assert fetch(gateway, "/healthz").text == "ok\n"
    answer = fetch(gateway, "/readyz")
    assert answer.status_code == 503
    assert "chmod go-w" in answer.text
    folder.chmod(0o700)
    gateway.turn()
    assert fetch(gateway, "/readyz").status_code == 200


def test_scrapes_in_parallel_are_whole(folder: Path, make_gateway: MakeGateway) -> None:
    """Scrapes that run beside each other, and beside the adding up of the dead, all have the whole total."""
    for _ in range(200):
        write_journal(folder, [counter("jobs_total", 1.0, "a"), counter("jobs_total", 2.0, "b")])
    gateway = make_gateway()
    seen: list[tuple[float | None, float | None]] = []

    def scrape() -> None:
        for _ in range(8):
            text = fetch(gateway).text
            found = [re.search(rf'jobs_total{{who="{who}"}} (\S+)', text) for who in "ab"]
            seen.append(tuple(each and float(each[1]) for each in found))  # type: ignore[arg-type]

    threads = [Thread(target=scrape) for _ in range(3)]
    for thread in threads:
        thread.start()
    gateway.turn()
    for thread in threads:
        thread.join()
    assert set(seen) == {(200.0, 400.0)}
    assert len(seen) == 24


def test_other_paths_and_methods_are_refused(make_gateway: MakeGateway) -> None:
    """There are three paths, to be read."""
    gateway = make_gateway()
    assert fetch(gateway, "/").status_code == 404
    for path in ("/metrics", "/readyz", "/healthz"):
        assert httpx.post(gateway.url + path, content=b"x" * 100, verify=False, trust_env=False).status_code == 405
        assert httpx.head(gateway.url + path, verify=False, trust_env=False).status_code == 200
