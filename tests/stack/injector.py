"""Plays cases: their past as a file to backfill, their present as a `/metrics` that is scraped."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import isnan
from pathlib import Path
from threading import Thread
from time import time
from typing import Any, Self

from tests.stack.cases import Case, Played

LEAD = 10
"""Steps before the one at which the unit test wants an alert: state that rules record has to come about live."""

STEP_SECONDS = 10
HOLD_SECONDS = 45
"""For how long the condition goes on after that step, before the case does."""

RECENT_SECONDS = 120
JOB = "injected"


class Injector:
    """A server for the block; the cases begin with `play`."""

    def __init__(self, cases: list[Case]) -> None:
        self._cases = cases
        self.began = 0.0
        injector = self

        class Handler(BaseHTTPRequestHandler):
            """Shows all series."""

            def do_GET(self) -> None:
                """Answer a scrape."""
                body = injector.page().encode()
                self.send_response(200)
                self.send_header("content-type", "text/plain; version=0.0.4")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._server.serve_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def target(self) -> str:
        """The address to scrape."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    def play(self) -> None:
        """Begin."""
        self.began = time()

    @property
    def seconds(self) -> float:
        """How long it has been playing."""
        return time() - self.began

    def page(self) -> str:
        """Write the values of now."""
        every = ((series.name, self._now(case, series)) for case in self._cases for series in case.series)
        return "".join(f"{name} {value}\n" for name, value in every if value is not None)

    def write_past(self, path: Path) -> None:
        """Write what comes before the present, as OpenMetrics with times."""
        with path.open("w") as file:
            for case in self._cases:
                for series in case.series:
                    file.writelines(self._past(case, series))
            file.write("# EOF\n")

    def _past(self, case: Case, series: Played) -> Iterator[str]:
        labelled = f'{series.name[:-1]},instance="{self.target}",job="{JOB}"}}'
        for step in range(max(case.step - LEAD, 0)):
            value = series.at(step)
            for ago in self._moments((case.step - LEAD - step) * case.interval, case.interval):
                if value is not None and not isnan(value):
                    at = self.began - ago
                    shown = at - (step * case.interval - value) if series.is_time else value
                    yield f"{labelled} {shown} {at:.3f}\n"

    @staticmethod
    def _moments(ago: int, interval: int) -> Iterator[int]:
        """Give how long ago a step was; just before the present it goes on every ten seconds, as scrapes do."""
        yield ago
        if ago <= interval:
            yield from range(min(ago - STEP_SECONDS, RECENT_SECONDS), 0, -STEP_SECONDS)

    def _now(self, case: Case, series: Played) -> float | None:
        """Give the value of now: up to the step of the alert, held there, and then on."""
        live, first = self.seconds, case.step - LEAD
        held = min(max(live - LEAD * STEP_SECONDS, 0), HOLD_SECONDS)
        played = first + (live - held) / STEP_SECONDS
        value = series.at(played)
        if value is None:
            return None
        if series.is_time:  # as long ago as in the unit test, whose time runs faster here
            return self.began + live - (played * case.interval + held - value)
        # What rises goes on rising while the condition is held.
        before, at = series.at(case.step - 1), series.at(case.step)
        slope = (at - before) / STEP_SECONDS if at is not None and before is not None and at > before else 0.0
        return value + slope * held
