"""Compilation is real, repeatable from any folder, and cached by what it depends on."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from tests.engines import is_there
from tests.probe.workbench import BACKENDS, SPECS, built, planned

from telemetry.errors import ToolchainError
from telemetry.pipeline import ArtefactStore
from telemetry.probe import BuildCache, backend, compile, lower, parse, plan, stages  # noqa: A004 - the stage's name
from telemetry.probe.cache import build_key
from telemetry.probe.toolversion import _version
from telemetry.testing import isolated

TEXT = "operator f(a: u32) -> u32 ensures result == a { return a; }"


@pytest.mark.parametrize("name", BACKENDS)
def test_two_folders_give_the_same_bytes(name: str, tmp_path: Path) -> None:
    """Neither the folder nor the time enters what is built, debug information included."""
    graph = plan(parse(SPECS / "matrix_multiply.spec"))
    here = built(graph, name, tmp_path / "here").artefact.output
    there = built(graph, name, tmp_path / "a much longer" / "folder").artefact.output
    assert here.path.read_bytes() == there.path.read_bytes()
    assert str(tmp_path).encode() not in here.path.read_bytes()
    assert here.sha256 == there.sha256 == hashlib.sha256(here.path.read_bytes()).hexdigest()


@pytest.mark.parametrize("name", BACKENDS)
def test_the_artefact_says_what_built_it(name: str, tmp_path: Path) -> None:
    """The program, its version, its exit status and the outputs are recorded."""
    artefact = built(planned(TEXT), name, tmp_path).artefact
    assert artefact.binary == Path(backend(name).binaries[0]).name
    assert any(digit in artefact.toolchain_version for digit in "0123456789")
    assert (artefact.exit_status, artefact.cache_hit) == (0, False)
    assert artefact.output.path.stat().st_size == artefact.output.size_bytes


@pytest.mark.parametrize("name", BACKENDS)
def test_a_second_build_comes_from_the_cache(name: str, tmp_path: Path) -> None:
    """The same source, command and toolchain give the same bytes without a run."""
    cache = BuildCache(tmp_path / "cache")
    graph = planned(TEXT)
    descriptor, operator = backend(name), graph.operators[0]
    invocation = lower(descriptor, operator, operator.clauses, graph)
    first = compile(descriptor, invocation, tmp_path / "first", cache=cache)
    second = compile(descriptor, invocation, tmp_path / "second", cache=cache)
    assert (first.cache_hit, second.cache_hit) == (False, True)
    assert first.output.path.read_bytes() == second.output.path.read_bytes()


def test_a_damaged_cache_entry_is_built_again(tmp_path: Path) -> None:
    """What does not have its own hash is not used, and is replaced."""
    cache = BuildCache(tmp_path / "cache")
    graph = planned(TEXT)
    descriptor, operator = backend("python"), graph.operators[0]
    invocation = lower(descriptor, operator, operator.clauses, graph)
    first = compile(descriptor, invocation, tmp_path / "a", cache=cache)
    (entry,) = (tmp_path / "cache").glob("??/*/output")
    entry.write_bytes(b"damaged")
    again = compile(descriptor, invocation, tmp_path / "b", cache=cache)
    assert not again.cache_hit
    assert again.output.sha256 == first.output.sha256
    assert compile(descriptor, invocation, tmp_path / "c", cache=cache).cache_hit


def test_the_cache_key_covers_all_that_matters() -> None:
    """Another source, command or toolchain is another build."""
    graph = planned(TEXT)
    operator = graph.operators[0]
    invocation = lower(backend("c-gcc"), operator, operator.clauses, graph)
    others = [
        (invocation, "gcc 2"),
        (replace(invocation, source=invocation.source + "\n"), "gcc 1"),
        (replace(invocation, argv=(*invocation.argv, "-O3")), "gcc 1"),
    ]
    keys = {build_key(invocation, "gcc 1"), *(build_key(each, version) for each, version in others)}
    assert len(keys) == 4


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(tmp_path: Path) -> None:
    """A file in the cache's place is no reason to fail a build."""
    (tmp_path / "cache").write_text("in the way")
    graph = planned(TEXT)
    operator = graph.operators[0]
    invocation = lower(backend("python"), operator, operator.clauses, graph)
    artefact = compile(backend("python"), invocation, tmp_path / "w", cache=BuildCache(tmp_path / "cache"))
    assert not artefact.cache_hit


def test_a_source_that_the_compiler_refuses_is_a_toolchain_failure(tmp_path: Path) -> None:
    """The error has its code, the exit status and the compiler's words, which are also in the store."""
    graph = planned(TEXT)
    operator = graph.operators[0]
    invocation = lower(backend("c-gcc"), operator, operator.clauses, graph)
    store = ArtefactStore(tmp_path / "store")
    with pytest.raises(ToolchainError, match="this is not C") as caught:
        compile(backend("c-gcc"), replace(invocation, source="this is not C;"), tmp_path / "w", artefacts=store)
    assert (caught.value.code, caught.value.exit_status) == ("toolchain_failed", 1)
    assert any(b"this is not C" in path.read_bytes() for path in store.directory.rglob("*") if path.is_file())


def test_a_missing_compiler_is_named(tmp_path: Path) -> None:
    """The error has code `toolchain_missing` before anything is built."""
    graph = planned(TEXT)
    operator = graph.operators[0]
    absent = replace(backend("c-gcc"), binaries=("no-such-compiler",))
    with pytest.raises(ToolchainError, match="no-such-compiler") as caught:
        compile(absent, lower(absent, operator, operator.clauses, graph), tmp_path)
    assert caught.value.code == "toolchain_missing"


def test_a_compiler_that_makes_nothing_is_noticed(tmp_path: Path) -> None:
    """Success without an output is a failure, and says so."""
    graph = planned(TEXT)
    operator = graph.operators[0]
    invocation = replace(lower(backend("c-gcc"), operator, operator.clauses, graph), argv=("true",))
    with pytest.raises(ToolchainError, match=r"succeeded without making f\.so") as caught:
        compile(backend("c-gcc"), invocation, tmp_path)
    assert caught.value.code == "toolchain_failed"


@pytest.mark.skipif(not is_there("clang"), reason="needs Clang")
def test_a_lowering_that_asks_for_a_version_is_no_run_of_a_toolchain() -> None:
    """The span of a lowering has none of the attributes of a run, and nothing is refused."""
    graph, descriptor = planned(TEXT), backend("llvm-ir")
    _version.cache_clear()
    with isolated() as recording:
        stages.lower(descriptor, graph.operators[0], graph.operators[0].clauses, graph)
    (lowering,) = [span for span in recording.spans if span.name == "codegen.lower"]
    assert not [name for name in lowering.attributes if name.startswith("toolchain.")]
    assert recording.losses == {}
