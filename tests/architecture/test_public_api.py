"""What an application may use is written down, name by name."""

from __future__ import annotations

from types import ModuleType

from tests.architecture import public_api

import telemetry

FACADE_NAMES = 30


def test_public_names_are_as_written_down() -> None:
    """Each public name has the signature that `public_api.txt` shows; the command there writes a change down."""
    assert public_api.LIST.exists(), f"there is no list yet; run: {public_api.COMMAND}"
    written = public_api.LIST.read_text().splitlines()
    assert public_api.render().splitlines() == written, f"the interface changed; if that is meant: {public_api.COMMAND}"


def test_facade_is_small() -> None:
    """An application has at most 30 names to learn."""
    assert len(telemetry.__all__) <= FACADE_NAMES


class Sample:
    """A class with a member of each kind."""

    def __init__(self, size: int = 3, *, name: str = "x") -> None:
        self.size, self.name = size, name

    def grow(self, by: int, /) -> None:
        """Grow."""
        self.size += by

    @property
    def area(self) -> float:
        """The area."""
        return float(self.size)

    @classmethod
    def read(cls, text: str) -> Sample:
        """Read."""
        return cls(len(text))

    async def wait(self) -> None:
        """Wait."""

    def _hidden(self) -> None:
        raise AssertionError(self)


def test_each_kind_of_name_is_shown_with_its_signature() -> None:
    """Functions, classes with their public members, and values are listed in order, annotations as written."""

    def first(*args: int, key: str | None = None) -> bool:
        return bool(args or key)

    Sample.__module__ = "telemetry.sample"
    room = ModuleType("telemetry.sample")
    room.__dict__.update(first=first, Sample=Sample, LIMIT=3, __all__=("LIMIT", "Sample", "first"))
    assert list(public_api.module(room)) == [
        "# telemetry.sample",
        "LIMIT: int",
        "class Sample(size: int = 3, *, name: str = 'x')",
        "    property area: float",
        "    def grow(self, by: int, /) -> None",
        "    classmethod def read(cls, text: str) -> Sample",
        "    async def wait(self) -> None",
        "def first(*args: int, key: str | None = None) -> bool",
        "",
    ]
