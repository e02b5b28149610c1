"""Give a store the past: OpenMetrics text whose samples have timestamps."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from telemetry.errors import EngineError

from .program import PROGRAMS
from .server import Server

# Blocks of two hours, the default, take a quarter of an hour for two weeks; promtool does not list this option.
_ONE_BLOCK: Final = "--max-block-duration=384h"
_TIMEOUT_SECONDS: Final = 300.0


def backfill_prometheus(text: Path, folder: Path) -> None:
    """Write a file of OpenMetrics text as blocks into the folder of a Prometheus that has not started yet.

    Raises:
        EngineError: promtool is not installed, or refused the text; with what it said.
    """
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    arguments = ("tsdb", "create-blocks-from", "openmetrics", _ONE_BLOCK, "--quiet", str(text), str(data))
    PROGRAMS["promtool"].run(*arguments, timeout=_TIMEOUT_SECONDS)


def backfill_victoria_metrics(text: Path, store: Server) -> None:
    """Send a file of OpenMetrics text to a running VictoriaMetrics; what it holds can be asked for afterwards.

    Raises:
        EngineError: It refused the text; with what it said.
    """
    import httpx

    with httpx.Client(base_url=store.url, timeout=_TIMEOUT_SECONDS, trust_env=False) as client, text.open("rb") as file:
        answer = client.post("/api/v1/import/prometheus", content=file)
        if answer.is_error:
            raise EngineError(store.program.name, f"refused {text}: {answer.text.strip()}")
        client.get("/internal/force_flush").raise_for_status()
