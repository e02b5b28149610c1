"""The plan puts callees first, says how deep calls go, and has a digest of what matters."""

from __future__ import annotations

from tests.probe.workbench import planned

DIAMOND = """
    operator top(a: u32) -> u32 { return left(a) + right(a); }
    operator right(a: u32) -> u32 { return bottom(a) + 1; }
    operator left(a: u32) -> u32 { return bottom(a); }
    operator bottom(a: u32) -> u32 { return a; }
    operator alone(a: u32) -> u32 { return a; }
"""


def test_callees_come_first() -> None:
    """Each operator stands behind all that it calls; equals are in the order of their names."""
    assert [node.operator.name for node in planned(DIAMOND).nodes] == ["alone", "bottom", "left", "right", "top"]


def test_nodes_know_what_they_call() -> None:
    """Callees are named once each, sorted."""
    graph = planned(DIAMOND)
    assert {node.operator.name: node.callees for node in graph.nodes}["top"] == ("left", "right")
    assert graph.depth == 3


def test_an_operator_needs_what_its_callees_need() -> None:
    """What is lowered with an operator is all that it reaches, and nothing else."""
    graph = planned(DIAMOND)
    needed = graph.needed_by(graph.spec.operator("left"))
    assert [operator.name for operator in needed] == ["bottom", "left"]


def test_only_tables_in_use_are_lowered() -> None:
    """A table belongs to the operators that read it, directly or not."""
    graph = planned("""
        const T: u8[1] = [1];
        const U: u8[1] = [2];
        operator g() -> u8 { return T[0]; }
        operator f() -> u8 { return g(); }
    """)
    assert [table.name for table in graph.tables_of(graph.spec.operator("f"))] == ["T"]


def test_the_digest_is_about_content() -> None:
    """Order and layout between operators leave the digest as it is; a changed number does not."""
    one = "operator f() -> u8 { return 1; }\n"
    other = "operator g() -> u8 { return 2; }\n"
    assert planned(one + other).digest == planned(f"# a comment\n\n{other}\n\n{one}").digest
    assert planned(one + other).digest != planned(one + other.replace("2", "3")).digest
