"""Replay rules over a history: in a throw-away VictoriaMetrics, by vmalert, in seconds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from telemetry.operations.engines import PROGRAMS, victoria_metrics

from .episodes import Episode, episodes_of
from .history import History, load_history
from .instants import iso_of
from .rulefiles import RuleFile, staged, stages

STEP_SECONDS: Final = 60.0
_TIMEOUT_SECONDS: Final = 600.0
# A rule is asked once for the whole time: at the border of two requests `for` would begin anew.
_POINTS: Final = 1_000_000
_STORE: Final = (
    f"-search.maxPointsPerTimeseries={_POINTS}",
    "-search.maxQueryDuration=10m",
    "-search.disableCache",
)


def replay_rules(
    files: Iterable[RuleFile], history: Path, *, step_seconds: float = STEP_SECONDS
) -> tuple[History, list[Episode]]:
    """Evaluate rules at every step of a history, and give the alerts that would have fired.

    Raises:
        EngineError: VictoriaMetrics or vmalert is not installed, or refused a rule; with what it said.
        SourceError: The history or a rule file cannot be read.
    """
    vmalert = PROGRAMS["vmalert"]
    vmalert.path()
    sorted_rules = stages(files)
    with victoria_metrics(*_STORE) as store, TemporaryDirectory(prefix="telemetry-") as folder:
        found = load_history(history, store.url)
        for rules in sorted_rules:
            path = Path(folder) / "rules.yml"
            path.write_text(staged(rules, step_seconds))
            vmalert.run(*_arguments(path, store.url, found, step_seconds), timeout=_TIMEOUT_SECONDS)
            _flush(store.url)
        return found, episodes_of(_fired(store.url), step_seconds)


def _arguments(rules: Path, url: str, history: History, step_seconds: float) -> Iterator[str]:
    yield f"-rule={rules}"
    yield f"-datasource.url={url}"
    yield f"-remoteWrite.url={url}"
    yield f"-replay.timeFrom={iso_of(history.start)}"
    yield f"-replay.timeTo={iso_of(history.end)}"
    yield f"-replay.maxDatapointsPerQuery={_POINTS}"
    # What a stage needs is stored already, so no rule waits for another; and an older vmalert looks 5 minutes back.
    yield "-replay.rulesDelay=0s"
    yield f"-datasource.queryStep={step_seconds:g}s"
    yield "-disableAlertgroupLabel"
    yield "-loggerLevel=WARN"


def _flush(url: str) -> None:
    import httpx

    httpx.get(f"{url}/internal/force_flush", timeout=_TIMEOUT_SECONDS, trust_env=False).raise_for_status()


def _fired(url: str) -> list[Mapping[str, Any]]:
    import httpx

    match = {"match[]": 'ALERTS{alertstate="firing"}'}
    found = httpx.get(f"{url}/api/v1/export", params=match, timeout=_TIMEOUT_SECONDS, trust_env=False)
    found.raise_for_status()
    return [json.loads(line) for line in found.text.splitlines()]
