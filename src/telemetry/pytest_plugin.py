"""The pytest plugin: a recording for each test that asks for one, and failures that tell what it has.

It loads the rest of the package when a test asks for its fixtures. What goes wrong in it is a warning.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Generator, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

import pytest

if TYPE_CHECKING:
    from telemetry.testing import Recording

_FOLDER: Final = "__telemetry__"
_RECORDING: Final = pytest.StashKey["Recording"]()
_TOLD: Final = pytest.StashKey[frozenset[str]]()
"""The reasons that have failed the test already."""
Result = TypeVar("Result")
_MARKER: Final = (
    "telemetry(*, allow=(), **settings): how telemetry_recording records: reasons of losses that do not fail the test,"
    " and settings such as registry"
)


class TelemetryPluginWarning(pytest.PytestWarning):
    """Something went wrong in the plugin itself; the test is not to blame."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that writes snapshots, and the setting that allows losses."""
    group = parser.getgroup("telemetry")
    group.addoption("--telemetry-update", action="store_true", help="write the snapshots of telemetry anew")
    parser.addini("telemetry_allow", "losses that do not fail a test: reasons, or patterns of some", type="args")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture
def telemetry_recording(request: pytest.FixtureRequest) -> Iterator[Recording]:
    """Record into a runtime of the test's own; breaches of the contracts fail the test."""
    from telemetry.testing import isolated

    _, settings = _wanted(request.node)
    with isolated(**settings) as recording:
        request.node.stash[_RECORDING] = recording
        yield recording
        before = request.node.stash.get(_TOLD, frozenset[str]())
        found = _safely(_violations, request.node) or {}
        late = {reason: text for reason, text in found.items() if reason not in before}
    if late:
        pytest.fail(_refusal(late), pytrace=False)


@pytest.fixture
def telemetry_snapshot(telemetry_recording: Recording, request: pytest.FixtureRequest) -> Callable[..., None]:
    """Give what compares the recording with a file in `__telemetry__`; its options are those of `Snapshots.check`."""
    from telemetry.testing import Snapshots

    item = request.node
    replace = {str(request.getfixturevalue("tmp_path")): "<tmp>"} if "tmp_path" in request.fixturenames else {}
    snapshots = Snapshots(
        item.path.parent / _FOLDER / item.path.stem,
        item.nodeid.partition("::")[2].replace("::", "."),
        update=request.config.getoption("telemetry_update"),
        replace={**replace, str(item.config.rootpath): "<root>"},
    )
    return partial(snapshots.check, telemetry_recording)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Fail a test for what its recording lost; show the recording of one that fails by itself."""
    try:
        result = yield
    except (Exception, pytest.fail.Exception):
        _safely(_report, item)
        raise
    if refused := _safely(_violations, item):
        item.stash[_TOLD] = frozenset(refused)
        pytest.fail(_refusal(refused), pytrace=False)
    return result


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Show how two trees of spans differ."""
    return _safely(_compared, op, left, right)


def _wanted(item: pytest.Item) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Read the markers of a test, the nearest one last: what it allows, and its settings."""
    allowed: list[str] = list(item.config.getini("telemetry_allow"))
    settings: dict[str, Any] = {}
    for marker in reversed(list(item.iter_markers("telemetry"))):
        given = dict(marker.kwargs)
        allow = given.pop("allow", ())
        allowed += [allow] if isinstance(allow, str) else allow
        settings.update(given)
    return tuple(allowed), settings


def _violations(item: pytest.Item) -> dict[str, str]:
    recording = item.stash.get(_RECORDING, None)
    return {} if recording is None else recording.violations(allow=_wanted(item)[0])


def _refusal(refused: dict[str, str]) -> str:
    hint = "allow some: @pytest.mark.telemetry(allow=[...]), or telemetry_allow in the settings of pytest"
    return "\n  ".join(("telemetry: what the test recorded is not whole:", *refused.values(), hint))


def _report(item: pytest.Item) -> None:
    recording = item.stash.get(_RECORDING, None)
    if recording is None:
        return
    if tree := str(recording.tree("*")):
        item.add_report_section("call", "telemetry spans", tree)
    if refused := _violations(item):
        item.stash[_TOLD] = frozenset(refused)
        item.add_report_section("call", "telemetry violations", "\n".join(refused.values()))


def _compared(op: str, left: object, right: object) -> list[str] | None:
    testing = sys.modules.get("telemetry.testing")
    if testing is None or op != "==":
        return None
    kinds = testing.SpanTree | str
    recorded, expected = (left, right) if isinstance(left, testing.SpanTree) else (right, left)
    if not isinstance(recorded, testing.SpanTree) or not isinstance(expected, kinds):
        return None
    lines: list[str] = recorded.differences(expected)
    return lines


def _safely(work: Callable[..., Result], *arguments: object) -> Result | None:
    try:
        return work(*arguments)
    except Exception as error:  # noqa: BLE001 -- a run must not break for the plugin
        _warn(f"{work.__name__.strip('_')} failed: {type(error).__name__}: {error}")
        return None


def _warn(problem: str) -> None:
    with warnings.catch_warnings():  # a run that turns warnings into errors is not broken by this one
        warnings.simplefilter("always", TelemetryPluginWarning)
        warnings.warn(TelemetryPluginWarning(f"telemetry: {problem}"), stacklevel=2)
