"""Backends are data: what they need, what they are called, what text they make."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from tests.engines import needs
from tests.probe.workbench import BACKENDS, SPECS, built, planned

from telemetry.errors import UnsupportedError
from telemetry.probe import ExecutionGraph, Invocation, backend, backends, lower, parse, plan, readiness
from telemetry.probe.backends.llvmsource import translate

ALL_SPECS = sorted(SPECS.rglob("*.spec"))

# Each is a word of C, of LLVM's headers, of ACSL or of Python, or a name that generated code uses.
AWKWARD = """
    const TABLE: u8[2] = [1, 2];
    operator printf(int: u8, lambda: u8[2], integer: bool) -> u8 {
        return integer ? int + lambda[1] : TABLE[0];
    }
    operator main(register: u8, list: u8[2], entry: bool, int32_t: i32) -> i32 {
        let main = printf(register, list, entry) as i32;
        let result_of = main;
        let start = 0;
        for turn in 0..2 {
            let range = list[turn] as i32;
            start = start + range;
        }
        for pass in 0..2 {
            let range = pass as i64;
            start = start + (range as i32);
        }
        return start + result_of + int32_t;
    }
"""


def test_each_backend_is_found_by_its_name() -> None:
    """The registry has the four backends, each under the name that it carries."""
    assert sorted(backends()) == sorted(BACKENDS)
    assert all(backend(name).name == name for name in BACKENDS)


def test_an_unknown_backend_is_refused_with_a_hint() -> None:
    """The error names what may have been meant and what there is, and has its code."""
    with pytest.raises(UnsupportedError, match="unknown backend `c-gc`: did you mean `c-gcc`") as caught:
        backend("c-gc")
    assert caught.value.code == "unsupported"
    assert all(name in str(caught.value) for name in BACKENDS)


def test_missing_programs_are_named() -> None:
    """A backend tells which of its programs are not found; one that has all of them tells none."""
    absent = replace(backend("c-gcc"), name="c-absent", maturity="experimental", binaries=("gcc", "no-such-compiler"))
    assert absent.missing_binaries() == ("no-such-compiler",)
    report = readiness([absent, *backends().values()])
    assert report.missing == {"c-absent": ("no-such-compiler",), **dict.fromkeys(backends(), ())}
    assert report.maturities == {"experimental": 1, "stable": 3, "beta": 1}
    assert report.ready == BACKENDS


@pytest.mark.parametrize("name", BACKENDS)
def test_lowering_is_repeatable(name: str) -> None:
    """Two lowerings of one specification are equal, and name no folder."""
    path = SPECS / "crc32.spec"
    first, second = (_last_invocation(plan(parse(path)), name) for _ in range(2))
    assert first == second
    assert str(SPECS.parent) not in first.source
    assert first.clause_id == plan(parse(path)).operators[-1].clauses.id


@needs("clang")
@pytest.mark.parametrize("path", ALL_SPECS, ids=lambda path: path.stem)
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_generated_c_has_no_warnings(path: Path, compiler: str, tmp_path: Path) -> None:
    """The C is clean under the compilers' usual and additional warnings, for what warns hides what matters."""
    graph = plan(parse(path))
    for operator in graph.operators:
        source = lower(backend("c-gcc"), operator, operator.clauses, graph)
        (tmp_path / source.source_name).write_text(source.source)
    sources = sorted(file.name for file in tmp_path.iterdir())
    command = [compiler, "-std=c11", "-O1", "-Wall", "-Wextra", "-Wshadow", "-Wpedantic", "-Werror", "-fsyntax-only"]
    run = subprocess.run([*command, *sources], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


@needs("clang")
@pytest.mark.parametrize("path", ALL_SPECS, ids=lambda path: path.stem)
def test_llvm_ir_is_valid_with_opaque_pointers(path: Path, tmp_path: Path) -> None:
    """The form for LLVM 15 and later passes LLVM's verifier; Clang 14 reads it when told to."""
    graph = plan(parse(path))
    operator = graph.operators[-1]
    text = translate(operator, operator.clauses, graph, opaque_pointers=True)
    assert not re.search(r"i\d+\*|\]\*", text)
    (tmp_path / "x.ll").write_text(text)
    version = subprocess.run(["clang", "--version"], capture_output=True, text=True, check=True).stdout
    major = int(re.findall(r"version (\d+)", version)[0])
    flags = ["-mllvm", "-opaque-pointers"] if major < 15 else []
    command = ["clang", *flags, "-O0", "-S", "-emit-llvm", "-Wno-override-module", "-o", "y.ll", "x.ll"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("name", BACKENDS)
def test_names_of_other_languages_are_only_names(name: str, tmp_path: Path) -> None:
    """An operator or local may be called as a keyword or function of a target language is."""
    verdict = built(planned(AWKWARD), name, tmp_path).verdict()
    assert verdict.outcome == "passed" or _only_faults_that_the_reference_has(verdict.violations)


def _only_faults_that_the_reference_has(violations: tuple[object, ...]) -> bool:
    return all("the reference faults too" in str(violation) for violation in violations)


def _last_invocation(graph: ExecutionGraph, name: str) -> Invocation:
    operator = graph.operators[-1]
    return lower(backend(name), operator, operator.clauses, graph)
