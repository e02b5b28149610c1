"""The steps of a rollout; each is written down before the next, and may be taken again after a crash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, Protocol, final

from telemetry.errors import ConfigurationError

from .disk import RolloutFolder, write_flag

Phase = Literal["baseline", "observation", "24 h", "48 h", "finished", "rolled back", "aborted"]

_DUE: Final[Mapping[str, float]] = {"observation": 3600.0, "24 h": 86_400.0, "48 h": 172_800.0}
_NEXT: Final[Mapping[str, Phase]] = {"observation": "24 h", "24 h": "48 h", "48 h": "finished"}
_OVER: Final = ("finished", "rolled back", "aborted")
_BASELINE_SECONDS: Final = 600.0


class Judge(Protocol):
    """Measures, and compares."""

    def capture(self, start_s: float, end_s: float) -> None:
        """Keep the baseline of a window; may be asked for again."""
        ...

    def verdict(self, start_s: float, end_s: float, now_s: float) -> str:
        """Give the verdict over a window: `ok`, `drifts`, `breach` or `not enough data`."""
        ...


@final
@dataclass(frozen=True, slots=True)
class Plan:
    """What is rolled out.

    Attributes:
        flag: Its name, as a pattern of flags.
        percent: What it shall have.
        earlier: What it has, and goes back to.
        flags: The file of flags.
        source: Where the history is.
        patience_seconds: How long a check may wait for data before the flag goes back.
    """

    flag: str
    percent: float
    earlier: float
    flags: str
    source: str
    patience_seconds: float = 3600.0


@final
@dataclass(slots=True)
class State:
    """Where a rollout stands.

    Attributes:
        began_s: When the baseline began.
        flag_s: When the flag was set; 0 before that.
    """

    plan: Plan
    phase: Phase
    began_s: float
    flag_s: float = 0.0
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do."""
        return self.phase in _OVER

    @property
    def due_s(self) -> float:
        """When the next step is due."""
        if self.phase == "baseline":
            return self.began_s + _BASELINE_SECONDS
        return self.flag_s + _DUE.get(self.phase, 0.0)


@final
class Rollout:
    """A rollout in a folder; every call takes the lock, and reads the state anew.

    Args:
        folder: Where it is kept.
        judge: What measures; not needed to start, look or abort.
    """

    __slots__ = ("_folder", "_judge")

    def __init__(self, folder: Path, judge: Judge | None = None) -> None:
        self._folder = RolloutFolder(folder)
        self._judge = judge

    def start(self, plan: Plan, now_s: float) -> State:
        """Begin with the baseline. Starting the same plan again changes nothing.

        Raises:
            ConfigurationError: Another rollout is under way in this folder, or percentages are wrong.
        """
        if not (0 <= plan.earlier <= 100 and 0 <= plan.percent <= 100 and plan.earlier != plan.percent):
            raise ConfigurationError("percentages are from 0 to 100, and the new one differs from the earlier one")
        with self._folder.locked():
            state = self._load()
            if state is not None:
                if state.plan == plan:
                    return state
                raise ConfigurationError(f"{self._folder.path}: there is a rollout already; take another folder")
            write_flag(Path(plan.flags), plan.flag, plan.earlier)
            state = State(plan, "baseline", now_s)
            return self._to(state, "baseline", now_s, "started")

    def status(self) -> State:
        """Tell where it stands.

        Raises:
            ConfigurationError: There is none.
        """
        state = self._load()
        if state is None:
            raise ConfigurationError(f"{self._folder.path}: there is no rollout; start one")
        return state

    def abort(self, now_s: float) -> State:
        """Set the flag back, and end; what is over stays as it is."""
        with self._folder.locked():
            state = self.status()
            return state if state.is_over else self._back(state, "aborted", now_s, "aborted")

    def step(self, now_s: float) -> State:
        """Do what is due by now; a timer calls this as often as it likes.

        Raises:
            ConfigurationError: There is no rollout, or another process works on it.
            HistoryError: The source cannot be read; the state stays as it was.
        """
        with self._folder.locked():
            state = self.status()
            self._folder.complete(asdict(state))
            while not state.is_over and now_s >= state.due_s:
                before = state.phase
                state = self._baseline(state, now_s) if before == "baseline" else self._check(state, now_s)
                if state.phase == before:
                    break
            return state

    def _judged(self) -> Judge:
        if self._judge is None:
            raise ConfigurationError("a step needs what measures")
        return self._judge

    def _baseline(self, state: State, now_s: float) -> State:
        self._judged().capture(state.began_s, state.due_s)
        write_flag(Path(state.plan.flags), state.plan.flag, state.plan.percent)
        state.flag_s = now_s
        return self._to(state, "observation", now_s, f"flag at {state.plan.percent:g} %")

    def _check(self, state: State, now_s: float) -> State:
        earlier = [_DUE[name] for name in _DUE if _DUE[name] < _DUE[state.phase]]
        start_s = state.flag_s + (earlier[-1] if earlier else 0.0)
        verdict = self._judged().verdict(start_s, state.due_s, now_s)
        if verdict == "not enough data" and now_s < state.due_s + state.plan.patience_seconds:
            return state
        if verdict in ("ok", "drifts"):
            return self._to(state, _NEXT[state.phase], now_s, f"check {state.phase}: {verdict}")
        return self._back(state, "rolled back", now_s, f"check {state.phase}: {verdict}")

    def _back(self, state: State, phase: Phase, now_s: float, why: str) -> State:
        write_flag(Path(state.plan.flags), state.plan.flag, state.plan.earlier)
        return self._to(state, phase, now_s, f"{why}; flag at {state.plan.earlier:g} %")

    def _to(self, state: State, phase: Phase, now_s: float, why: str) -> State:
        state.phase = phase
        state.events.append({"at_s": now_s, "phase": phase, "what": why})
        self._folder.save(asdict(state))
        return state

    def _load(self) -> State | None:
        found = self._folder.load()
        if found is None:
            return None
        try:
            return State(**{**found, "plan": Plan(**found["plan"])})
        except (TypeError, KeyError) as error:
            raise ConfigurationError(f"{self._folder.path}: its state is damaged ({error})") from error
