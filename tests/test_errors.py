"""The error tree: what every one of its members does."""

from __future__ import annotations

import pickle
from collections.abc import Iterator

import pytest

from telemetry import errors

MADE = [
    errors.TelemetryError("plain"),
    errors.PortInUseError("port 9464 is taken"),
    errors.ContractError("one", "two"),
    errors.RegistryError("registry.json", "/metrics/0", "is wrong"),
    errors.SpecError("unexpected", code="syntax", path="a.spec", line=3, column=14),
    errors.UnsupportedError("no such backend"),
    errors.ToolchainError("gcc failed", code="toolchain_failed", exit_status=1),
]


def _tree(root: type[BaseException]) -> Iterator[type[BaseException]]:
    yield root
    for branch in root.__subclasses__():
        if branch.__module__ == errors.__name__:
            yield from _tree(branch)


@pytest.mark.parametrize("error", MADE, ids=lambda error: type(error).__name__)
def test_an_error_survives_a_process_pool(error: errors.TelemetryError) -> None:
    """Pickled and read again it has its type, its text and everything that it knows."""
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)


def test_the_docstring_draws_the_whole_tree() -> None:
    """Every error class stands in the picture at the top of the module."""
    assert errors.__doc__ is not None
    for kind in _tree(errors.TelemetryError):
        assert kind.__name__ in errors.__doc__


def test_a_contract_error_lists_all_its_findings() -> None:
    """One finding is the message itself; several are counted and listed."""
    assert str(errors.ContractError("only one")) == "only one"
    assert str(errors.ContractError("a", "b")).splitlines() == [
        "2 breaches of the telemetry contracts:",
        "  - a",
        "  - b",
    ]
