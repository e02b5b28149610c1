"""Journals for bundles, as a process leaves them, and what packs and changes bundles in tests."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.journal.written import SECOND, START_NS, Journal, record

from telemetry._hotpath import extent, layout, protobuf
from telemetry.contracts import load_registry
from telemetry.journal import Folder
from telemetry.journal.bundle import Manifest, Redaction, Selection, pack
from telemetry.metrics import ExecutionMetrics

INSTANCE = "0f" * 16
RESOURCE = protobuf.attributes(0x0A, {"service.name": "specc", "service.instance.id": INSTANCE})
SCOPE = protobuf.message(0x0A, protobuf.optional(0x0A, "telemetry") + protobuf.optional(0x12, "0.1.0"))
LIBRARY = protobuf.message(0x0A, protobuf.optional(0x0A, "library"))
DEATH_NS = START_NS + 600 * SECOND
SPANS, LOGS = 40, 3


def log(text: str, number: int = 1) -> bytes:
    """Encode a log record of some span."""
    content = b"".join(
        (
            b"\x09" + (START_NS + number).to_bytes(8, "little"),
            b"\x10\x09",
            protobuf.message(0x2A, protobuf.value(text)),
            protobuf.attribute(0x32, "backend", "c-gcc"),
            b"\x4a\x10" + (1).to_bytes(16, "big") + b"\x52\x08" + number.to_bytes(8, "big"),
        )
    )
    return protobuf.message(0x12, content)


def pages() -> list[bytes]:
    """Record some metrics of each kind, and give their pages."""
    metrics = ExecutionMetrics(load_registry(), ambient={"environment": "staging", "host_region": "here"}, limit=50)
    metrics.record("compile_success_total", 7, backend="c-gcc")
    metrics.record("backend_missing_binaries", 2, backend="c-clang")
    metrics.record("offline_bundle_size_bytes", 4096, target="linux", revision="r1")
    for seconds in (0.1, 0.2, 30.0):
        metrics.record("pipeline_latency_seconds", seconds, backend="c-gcc")
    return [bytes(page) for page in metrics.memory()]


def written(path: Path, *, key: int = 1000, instance: str = INSTANCE, first: int = 1) -> Journal:
    """Write the journal of a process that died while a span was open, ten minutes after it started."""
    journal = Journal(path, key=key, segment=8192, slots=4)
    resource = {"service.name": "specc", "service.instance.id": instance, "process.pid": 4711}
    journal.note(extent.NOTE_RESOURCE, protobuf.attributes(0x0A, resource))
    journal.note(extent.NOTE_SCOPE, SCOPE, 0)
    journal.note(extent.NOTE_SCOPE, LIBRARY, 1)
    journal.note(extent.NOTE_TERMS, {"service": "specc", "environment": "staging", "run_id": "r1"})
    journal.note(extent.NOTE_SITE, {"name": "compile.execute", "function": "run", "file": "c.py", "line": 3}, 5)
    journal.spans(range(first, first + SPANS - 5), operator="plus")
    for number in range(first + SPANS - 5, first + SPANS):
        journal.span(record(number, "other"), scope=1)
    for number in range(first, first + LOGS):
        journal.put(log("compile.start", number), state=extent.LOG)
    journal.begin(replace(record(first + 500, "compile.execute", first), end_ns=0), site=5)
    for page in pages():
        journal.write(journal.pages_at + journal.pages_used, aged(page))
        journal.pages_used += len(page)
    journal.set(extent.PAGES_USED, journal.pages_used)
    os.utime(path, ns=(DEATH_NS, DEATH_NS))
    return journal


def aged(page: bytes) -> bytes:
    """Give a page whose entries were made, and whose gauges were set, when the process started."""
    data, at = bytearray(page), layout.HEADER_WORDS
    used = int.from_bytes(data[layout.USED_WORD * 8 :][:8], "little")
    while at < used:
        data[at * 8 + 8 : at * 8 + 16] = START_NS.to_bytes(8, "little")
        kind = data[at * 8 + 4]
        at += int.from_bytes(data[at * 8 : at * 8 + 4], "little")
        for word in (at - 3, at - 1) if layout.KINDS[kind] == "gauge" else ():
            data[word * 8 : word * 8 + 8] = START_NS.to_bytes(8, "little")
    return bytes(data)


def no_secret(_name: str, _value: Any) -> bool:
    """Find nothing."""
    return False


def selection(journals: Path | None, key: Ed25519PrivateKey | None = None, **options: Any) -> Selection:
    """Make a selection of a fixed date."""
    redaction = options.pop("redaction", None) or Redaction(no_secret, lambda line: line)
    folders = () if journals is None else (Folder.open(journals),)
    return Selection(load_registry(), redaction, 1_700_000_000, folders, key=key, **options)


def packed(output: Path, journals: Path | None, key: Ed25519PrivateKey | None = None, **options: Any) -> Manifest:
    """Pack a selection of a fixed date."""
    return pack(selection(journals, key, **options), output)


def members(bundle: Path) -> dict[str, bytes]:
    """Read a bundle with the tar of the standard library."""
    with tarfile.open(bundle, "r:gz") as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]


def repacked(bundle: Path, change: Callable[[dict[str, bytes]], Iterable[tuple[str, bytes]] | None]) -> Path:
    """Write a bundle again after a change of its members, with the same form and their order, manifest untouched."""
    content = members(bundle)
    order = change(content) or content.items()
    bundle.write_bytes(archived((name, data) for name, data in order))
    return bundle


def archived(content: Iterable[tuple[str | tarfile.TarInfo, bytes]]) -> bytes:
    """Make an archive by hand."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for given, data in content:
            info = given if isinstance(given, tarfile.TarInfo) else tarfile.TarInfo(given)
            info.size = len(data) if info.isreg() else 0
            archive.addfile(info, io.BytesIO(data))
        end = archive.offset
    return gzip.compress(buffer.getvalue()[:end] + bytes(1024), mtime=0)


def resigned(
    bundle: Path, change: Callable[[dict[str, Any]], None], content: dict[str, bytes], key: Any = None
) -> Path:
    """Write a bundle with a changed manifest, signed anew where there is a key."""
    document = json.loads(content["manifest.json"])
    change(document)
    data = json.dumps(document).encode()
    signature = {"manifest.sig": key.sign(data)} if key else {}
    rest = {name: each for name, each in content.items() if name not in ("manifest.json", "manifest.sig")}
    bundle.write_bytes(archived({"manifest.json": data, **signature, **rest}.items()))
    return bundle
