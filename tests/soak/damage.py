"""What happens to the files themselves: no room, no folder, flipped bits, cut files. The pipeline goes on."""

from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any, final

from tests.collector import Collector
from tests.soak.execution import MisfireError, finish, kill, run, start, wait_for
from tests.soak.orders import Orders
from tests.soak.recovery import Found, audit, recover
from tests.soak.report import Ending
from tests.soak.truth import read_truth

FLIPS_PER_SECOND = 2000
HEADER_BYTES = 4096
"""Where a journal says what is where: without it nothing can be found."""
SPANS_PER_SECOND = 10_000
SMALL_BYTES = 1 << 20
FILE_BYTES = 8 << 20
"""Less than a journal has, and more than the truth needs, which is under the same limit."""


@cache
def may_mount() -> bool:
    """Tell whether this process may mount a file system, by trying; root in a container often may not."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return False
    with TemporaryDirectory(prefix="soak-") as folder:
        if run(["mount", "-t", "tmpfs", "-o", "size=64k", "soak", folder]).returncode:
            return False
        return not run(["umount", folder]).returncode


@contextmanager
def small_disk(folder: Path, size: int, *, options: str = "") -> Iterator[Path]:
    """Mount a file system in memory that holds no more than some bytes."""
    disk = folder / "disk"
    disk.mkdir()
    mounted = run(["mount", "-t", "tmpfs", "-o", f"size={size}{options}", "soak", str(disk)])
    if mounted.returncode:
        raise MisfireError(f"nothing could be mounted: {mounted.stderr}")
    try:
        yield disk
    finally:
        run(["umount", "--lazy", str(disk)])


@final
@dataclass(frozen=True, slots=True)
class Damaged:
    """What came of it.

    Attributes:
        ending: How the child fared.
        ended: How many spans had ended.
        found: How many of them were recovered.
        counted: How many the ledger, or the child itself, says are lost or not to be found.
        unbalanced: The ledgers that do not add up.
        unreadable: The journals of which nothing can be read, which is said.
        strange: How many spans were found that never ended: damage that was believed.
    """

    ending: Ending
    ended: int
    found: int
    counted: int
    unbalanced: tuple[str, ...] = ()
    unreadable: int = 0
    strange: int = 0


def go_on(
    folder: Path, journal: Path, happen: Callable[[Path], None], *, seconds: float, largest: int = 0, url: str = ""
) -> Damaged:
    """Have a child record while something happens to its journal's folder; see what it says, and what is left.

    Args:
        folder: Where the truth is kept.
        journal: The journal's folder.
        happen: What happens once the child has got going.
        seconds: How long the child records.
        largest: The most bytes that a file of it may have; 0 for no limit.
        url: Where it sends; empty for nowhere.
    """
    truth = folder / "truth"
    orders = Orders("ours", "exit", str(truth), str(journal), url, seconds, spans_per_second=SPANS_PER_SECOND)
    child = start("steady", orders.written())
    if largest:
        resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (largest, largest))
    wait_for(child, truth)
    happen(journal)
    return _examined(finish(child), truth, journal)


def send_on(folder: Path, journal: Path, happen: Callable[[Path], None], *, seconds: float) -> Damaged:
    """Do the same with a collector that is well; found is what it has got."""
    with Collector() as collector:
        outcome = go_on(folder, journal, happen, seconds=seconds, url=collector.url)
        ended = {f"{span_id:016x}" for span_id in read_truth(folder / "truth").ended}
        return replace(outcome, found=len(ended & collector.spans.keys()))


def _examined(ending: Ending, truth: Path, journal: Path) -> Damaged:
    ended = read_truth(truth).ended
    found = recover(journal) if journal.is_dir() else Found()
    books, unreadable = audit(journal) if journal.is_dir() else ([], 0)
    return Damaged(
        ending,
        len(ended),
        len(ended & found.finished.keys()),
        max(_counted(books), sum(ending.report.losses.values())),
        tuple(str(book) for book in books if not book["balances"]),
        unreadable,
        len(found.finished.keys() - ended),
    )


def _counted(books: list[dict[str, Any]]) -> int:
    return sum(sum(book["lost"].values()) + max(0, book["interrupted"]) for book in books)


def nothing(_journal: Path) -> None:
    """Let it be."""


def remove(journal: Path) -> None:
    """Remove the folder with all that is in it."""
    shutil.rmtree(journal)


def fill(journal: Path) -> None:
    """Take all room of the disk that is left."""
    with (journal / "ballast").open("wb", buffering=0) as ballast:
        try:
            while True:
                ballast.write(bytes(4096))
        except OSError:
            return


def flip_bits(seconds: float, seed: int, *, spare: int = 0) -> Callable[[Path], None]:
    """Make what flips random bits of all journals of a folder for some seconds, where they are in use.

    Args:
        seconds: How long.
        seed: What makes it the same again.
        spare: The bytes at the beginning that are left as they are.
    """

    def flip(journal: Path) -> None:
        chance = Random(seed)
        end = monotonic() + seconds
        while monotonic() < end:
            for path in journal.glob("*.journal"):
                _flip(path, chance, spare)
            sleep(1 / FLIPS_PER_SECOND)

    return flip


def _flip(path: Path, chance: Random, spare: int) -> None:
    """Flip a bit that is in use; as often one of the first pages, which say where all is, as one of all others."""
    file = os.open(path, os.O_RDWR)
    try:
        at = chance.randrange(16 * 4096) if chance.random() < 0.5 else _place(file, chance)
        byte = os.pread(file, 1, at)
        if byte and at >= spare:
            os.pwrite(file, bytes([byte[0] ^ 1 << chance.randrange(8)]), at)
    finally:
        os.close(file)


def _place(file: int, chance: Random) -> int:
    """Give a random place of a sparse file that is no hole."""
    extents = list(_extents(file))
    at = chance.randrange(sum(map(len, extents)))
    for extent in extents:
        if at < len(extent):
            return extent[at]
        at -= len(extent)
    raise AssertionError("unreachable")


def _extents(file: int) -> Iterator[range]:
    """Give what of a file is no hole."""
    end = 0
    with suppress(OSError):  # ENXIO: only a hole is left
        while True:
            begin = os.lseek(file, end, os.SEEK_DATA)
            end = os.lseek(file, begin, os.SEEK_HOLE)
            yield range(begin, end)


def truncate(folder: Path, seed: int) -> Damaged:
    """Kill a child, and cut its journal off at a random place; see what is left."""
    truth, journal = folder / "truth", folder / "journal"
    kill(Orders("ours", "kill", str(truth), str(journal)), between=(0, 0.1))
    chance = Random(seed)
    for path in journal.glob("*.journal"):
        _cut(path, chance)
    ended = read_truth(truth).ended
    found = recover(journal)
    books, unreadable = audit(journal)
    return Damaged(Ending(), len(ended), len(ended & found.finished.keys()), _counted(books), (), unreadable)


def _cut(path: Path, chance: Random) -> None:
    with path.open("r+b") as file:
        file.truncate(_place(file.fileno(), chance))
