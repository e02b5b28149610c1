"""What the registry lacks is refused by name, with the nearest name and with what to do."""

from __future__ import annotations

import pytest
from tests.contracts.files import COUNTER, Files

from telemetry.contracts import Registry, load_registry
from telemetry.errors import ContractError

PACK = load_registry()


@pytest.mark.parametrize(
    ("noun", "name", "meant"),
    [
        ("metric", "lowering_duration_second", "lowering_duration_seconds"),
        ("span", "compile.exec", "compile.execute"),
        ("event", "compile.started", "compile.start"),
    ],
)
def test_a_name_that_is_nearly_right(noun: str, name: str, meant: str) -> None:
    """The error says what is missing where, suggests the nearest name, and says what else to do."""
    with pytest.raises(ContractError) as caught:
        getattr(PACK, noun)(name)
    assert str(caught.value) == (
        f"no {noun} {name!r} in the registry (packs: pipeline); did you mean {meant!r}? "
        "Correct the name, or declare it in a registry file and name that in TELEMETRY_REGISTRY"
    )


def test_a_name_that_is_like_no_other(files: Files) -> None:
    """Without a near name nothing is suggested; with a file of the user, that is where to declare it."""
    registry = files.load({"metrics": [COUNTER]})
    with pytest.raises(ContractError) as caught:
        registry.metric("zebra")
    path = files.folder / "team0.json"
    assert str(caught.value) == (
        f"no metric 'zebra' in the registry (packs: pipeline; files: {path}). Correct the name, or declare it in {path}"
    )


def test_lookups_give_the_contract() -> None:
    """A name that is there gives what was declared under it."""
    assert PACK.metric("backend_maturity") is PACK.metrics["backend_maturity"]
    assert PACK.span("verify.run") is PACK.spans["verify.run"]
    assert PACK.event("verify.block") is PACK.events["verify.block"]


def test_an_empty_registry() -> None:
    """A registry without anything has limits all the same, and refuses every name."""
    assert Registry().cardinality_limit("production") == 200
    with pytest.raises(ContractError, match=r"no span 'x' in the registry \(packs: none\)\. Correct the name"):
        Registry().span("x")
