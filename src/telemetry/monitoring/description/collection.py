"""Where data comes from, where it goes, and how long it stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, final

from telemetry.contracts import Entry, Form, shipped_packs

from .duration import SPAN

_ADDRESS: Final = Form(r"[A-Za-z0-9.-]+:[0-9]{1,5}", "a host and a port such as '127.0.0.1:9465'")
_NAME: Final = Form("[a-z][a-z0-9_]*", "a name of lower-case letters, digits and '_'")
_IMAGE: Final = Form(
    r"[a-z0-9./-]+(?::[0-9]+/[a-z0-9./-]+)?:v?[0-9][\w.-]*", "an image with a version, such as 'a/b:1.2'"
)
_FOLDER: Final = Form(r"/[^\s:]+", "an absolute path without a colon")
_MONTHS: Final = Form(r"[1-9][0-9]*", "a number of months in quotes")
_KEPT: Final = ("engine", "high", "resolution", "long_resolution", "logs", "traces")


@final
@dataclass(frozen=True, slots=True)
class Collection:
    """Where data comes from, where it goes, and how long it stays.

    Attributes:
        interval: How often targets are scraped.
        evaluation: How often rules are evaluated.
        targets: Addresses by the name of their job.
        keep: How long each store keeps what it has, and in what resolution; `long` is in months.
        packs: Those whose metrics the long-term store has.
        ports: Where each server listens.
        folders: Where our log lines lie, and the text files of finished runs.
        images: The container image of each server.
    """

    interval: str = "10s"
    evaluation: str = "10s"
    targets: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    keep: Mapping[str, str] = field(default_factory=dict, hash=False)
    packs: tuple[str, ...] = ()
    ports: Mapping[str, int] = field(default_factory=dict, hash=False)
    folders: Mapping[str, str] = field(default_factory=dict, hash=False)
    images: Mapping[str, str] = field(default_factory=dict, hash=False)

    def address(self, server: str) -> str:
        """Give where a server listens: this machine only."""
        return f"127.0.0.1:{self.ports[server]}"


def read_collection(entry: Entry, base: Collection | None = None) -> Collection:
    """Read `collection.toml`; what it does not say is as in `base`, and what is wrong is reported at its place."""
    known = base or Collection()
    with entry:
        with entry.entry("scrape") as scrape:
            interval = scrape.text("interval", known.interval, SPAN)
            evaluation = scrape.text("evaluation", known.evaluation, SPAN)
            with scrape.entry("targets") as targets:
                found = {name: targets.texts(name, form=_ADDRESS, least=1) for name in targets.keys(_NAME)}
        return Collection(
            interval,
            evaluation,
            {**known.targets, **found},
            _keep(entry, known.keep),
            _packs(entry, known.packs),
            {**known.ports, **_ports(entry)},
            _texts(entry, "folders", _FOLDER, known.folders, ("lines", "textfiles")),
            _texts(entry, "images", _IMAGE, known.images, tuple(known.images)),
        )


def _keep(entry: Entry, known: Mapping[str, str]) -> Mapping[str, str]:
    with entry.entry("keep") as keep:
        durations = {name: keep.text(name, known.get(name), SPAN) for name in _KEPT}
        return {**durations, "long": keep.text("long", known.get("long"), _MONTHS)}


def _packs(entry: Entry, known: tuple[str, ...]) -> tuple[str, ...]:
    with entry.entry("long_term") as long_term:
        packs = long_term.texts("packs")
        for index, name in enumerate(packs):
            if name not in shipped_packs():
                place = long_term.place / "packs" / index
                place.report(f"there is no pack {name!r}; shipped are {', '.join(shipped_packs())}", "TC104")
        return packs or known


def _ports(entry: Entry) -> Mapping[str, int]:
    with entry.entry("ports") as ports:
        return {name: ports.count(name) for name in ports.keys(_NAME)}


def _texts(entry: Entry, key: str, form: Form, known: Mapping[str, str], names: tuple[str, ...]) -> Mapping[str, str]:
    """Read texts by name: all names of the first file, and of a later one what it changes."""
    with entry.entry(key) as inner:
        given = tuple(inner.keys(_NAME)) if not known else tuple(name for name in names if inner.has(name))
        return {**known, **{name: inner.text(name, form=form) for name in given}}
