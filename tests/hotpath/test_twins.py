"""Both twins record the same: random programs of spans, metrics, exceptions and forms, run on each of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from telemetry._hotpath import REASON

from .program import ERRORS, VALUES

PROGRAM = Path(__file__).with_name("program.py")

if REASON and not os.environ.get("CI"):
    pytest.skip(f"there is one twin only: {REASON}", allow_module_level=True)

values = st.sampled_from(sorted(VALUES))
actions = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(["backend.name", "clause.id", "dataset.version", "unknown.name", "build.cache_hit"]), values
        ),
        st.tuples(st.just("event"), values),
        st.tuples(st.just("status"), st.sampled_from(["OK", "ERROR", "UNSET", "nonsense"])),
        st.tuples(st.just("exception"), st.sampled_from(sorted(ERRORS))),
        st.tuples(st.just("rename"), st.sampled_from(["verify.run", "no.such.span"])),
        st.tuples(st.just("end"), st.just("")),
    ),
    max_size=3,
)


def steps(body: st.SearchStrategy[list[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Make steps that hold bodies of further ones."""
    return st.one_of(
        st.fixed_dictionaries(
            {
                "do": st.just("call"),
                "form": st.sampled_from(
                    ["plain", "plain", "generated", "awaited", "agenerated", "bare", "method", "wrong"]
                ),
                "backend": values,
                "operator": st.none() | values,
                "clause": st.none() | values,
                "items": st.integers(0, 3),
                "body": body,
            }
        ),
        st.fixed_dictionaries(
            {
                "do": st.just("block"),
                "name": st.sampled_from(["spec.parse", "verify.run", "no.such.span"]),
                "kind": st.sampled_from(["", "", "client", "nonsense"]),
                "attributes": st.dictionaries(st.sampled_from(["backend.name", "unknown.name"]), values, max_size=2),
                "actions": actions,
                "body": body,
            }
        ),
        st.fixed_dictionaries({"do": st.just("try"), "again": st.booleans(), "body": body}),
        st.fixed_dictionaries(
            {
                "do": st.just("remote"),
                "traceparent": st.sampled_from(
                    [
                        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
                        "nonsense",
                    ]
                ),
                "body": body,
            }
        ),
    )


leaves = st.lists(
    st.one_of(
        st.fixed_dictionaries({"do": st.just("raise"), "error": st.sampled_from(sorted(ERRORS))}),
        st.fixed_dictionaries({"do": st.just("touch"), "actions": actions}),
    ),
    max_size=2,
)
bodies = st.recursive(leaves, lambda inner: st.lists(steps(inner), max_size=3), max_leaves=8)
programs = st.fixed_dictionaries(
    {
        "settings": st.sampled_from([{}, {}, {}, {"sampler": "always_off"}, {"limits": None}]).map(
            lambda given: {} if given == {"limits": None} else given
        ),
        "body": bodies,
    }
)


@contextmanager
def twin(*, pure: bool) -> Iterator[subprocess.Popen[str]]:
    """Start a process that runs programs on one twin."""
    environ = {**os.environ, "TELEMETRY_PURE": "1" if pure else "", "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [sys.executable, str(PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ
    )
    try:
        yield process
    finally:
        assert process.stdin is not None
        process.communicate(timeout=20)


@pytest.fixture(scope="module")
def twins() -> Iterator[tuple[subprocess.Popen[str], subprocess.Popen[str]]]:
    """A process for each twin."""
    with twin(pure=False) as compiled, twin(pure=True) as pure:
        yield compiled, pure


def ask(process: subprocess.Popen[str], program: Any) -> Any:
    """Run a program in one of the processes."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(program) + "\n")
    process.stdin.flush()
    answered = process.stdout.readline()
    assert answered, f"the process died: {process.wait(5)}"
    return json.loads(answered)


@settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(programs)
def test_twins_record_the_same(
    twins: tuple[subprocess.Popen[str], subprocess.Popen[str]], program: dict[str, Any]
) -> None:
    """Outcome, spans, metrics and losses of a program are equal; nothing is left in the context."""
    program = {**program, "body": [*program["body"], *program["body"]]}  # the second time, everything is remembered
    compiled, pure = (ask(process, program) for process in twins)
    assert compiled == pure
    assert not compiled["leaked"]
