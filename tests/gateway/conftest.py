"""What the tests of the gateway share: a folder, contracts, and gateways that are closed in the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest

from telemetry.contracts import MetricContract, Registry
from telemetry.export.gateway import Access, Gateway

REGISTRY = Registry(
    metrics={
        "jobs_total": MetricContract("jobs_total", "counter", "count", "Jobs.", "me", ("who",)),
        "level": MetricContract("level", "gauge", "count", "Level.", "me", ("who",), across="last"),
    }
)


class MakeGateway(Protocol):
    """Makes a gateway of the folder, that is closed when the test ends."""

    def __call__(self, **options: Any) -> Gateway:
        """Make one on a free port."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for journals."""
    path = tmp_path / "journals"
    path.mkdir(mode=0o700)
    return path


@pytest.fixture
def make_gateway(folder: Path) -> Iterator[MakeGateway]:
    """Make gateways of the folder; their turns are taken by the test."""
    with ExitStack() as stack:

        def make(**options: Any) -> Gateway:
            access = options.pop("access", Access(port=0))
            return stack.enter_context(Gateway(folder, REGISTRY, access, **options))

        yield make
