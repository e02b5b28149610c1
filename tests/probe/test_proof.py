"""Where Frama-C is installed, the C text is proved as far as the provers reach; what they miss is a note."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.engines import needs
from tests.probe.workbench import SPECS, built, planned

from telemetry.probe import parse, plan, prove

pytestmark = needs("frama-c")


def test_an_operator_that_the_simplifier_understands_is_proved(tmp_path: Path) -> None:
    """Every goal of a choice between constants is proved, and the evidence says what that means."""
    text = """
        operator sign(a: i32) -> i32
            ensures -1 <= result && result <= 1
            ensures a == 0 ==> result == 0
        {
            if a > 0 { return 1; }
            return a < 0 ? -1 : 0;
        }
    """
    verdict = built(planned(text), "c-gcc", tmp_path).verdict(proof_seconds=30)
    proof = json.loads(verdict.evidence)["proof"]
    assert verdict.outcome == "passed"
    assert proof["tool"].startswith("frama-c ")
    assert 0 < proof["proved"] == proof["goals"], proof
    assert proof["unproved"] == []
    assert "if the checked primitives keep their contracts and the compiler is right" in proof["states"]


def test_a_goal_that_is_not_proved_is_named_and_blocks_nothing(tmp_path: Path) -> None:
    """A wrong clause leaves a goal unproved; the verdict is the tests' own."""
    text = "operator f(a: u32) -> u32 ensures result != 3000000019 { return a; }"
    build = built(planned(text), "c-gcc", tmp_path)
    proof = prove(tmp_path / build.invocation.source_name, timeout_seconds=30)
    assert proof is not None
    assert not proof.complete
    assert any("ensures" in goal for goal in proof.unproved), proof


@needs("why3", "cvc4")
def test_with_why3_and_cvc4_the_clamp_is_proved_for_all_inputs(tmp_path: Path) -> None:
    """The prover is named in the result, and leaves no goal of the clamp open."""
    build = built(plan(parse(SPECS / "clamp.spec")), "c-gcc", tmp_path)
    proof = prove(tmp_path / build.invocation.source_name, timeout_seconds=60)
    assert proof is not None
    assert proof.prover == "cvc4"
    assert proof.complete, proof.unproved


@pytest.mark.parametrize("name", ["saturating_add", "binary_search", "fixed_point_fir"])
def test_frama_c_reads_what_the_c_backends_write(name: str, tmp_path: Path) -> None:
    """Clauses, quantifiers, sums, tables, loops and array results are ACSL that Frama-C accepts."""
    build = built(plan(parse(SPECS / f"{name}.spec")), "c-gcc", tmp_path)
    proof = prove(tmp_path / build.invocation.source_name, timeout_seconds=60)
    assert proof is not None
    assert proof.note == ""
    assert proof.goals >= proof.proved > 0
    assert len(proof.unproved) == proof.goals - proof.proved


def test_only_c_is_proved(tmp_path: Path) -> None:
    """A backend without C text has no proof, even where one is asked for."""
    verdict = built(planned("operator f() -> bool { return true; }"), "python", tmp_path).verdict(proof_seconds=30)
    assert json.loads(verdict.evidence)["proof"] is None


def test_a_source_that_frama_c_refuses_is_a_note(tmp_path: Path) -> None:
    """A proof that cannot be tried says why, and raises nothing."""
    source = tmp_path / "x.c"
    source.write_text("this is not C;\n")
    proof = prove(source, timeout_seconds=30)
    assert proof is not None
    assert (proof.goals, proof.note) == (0, "toolchain_failed")
