"""Code with handles of the pack `pipeline`, right and wrong, and what a type checker has to say of it."""

from __future__ import annotations

CASES = (
    (
        'metrics.lowering_duration_seconds.labels(backend="c", operater="gcd", maturity="stable")',
        'Unexpected keyword argument "operater" .* did you mean "operator"',
    ),
    (
        'metrics.lowering_duration_seconds.labels(backend="c", operator="gcd", maturity="stabel")',
        "\"Literal\\['stabel'\\]\"; expected \"Literal\\['beta', 'deprecated', 'experimental', 'stable'\\]\"",
    ),
    (
        'metrics.lowering_duration_seconds.labels(backend="c", maturity="stable")',
        'Missing named argument "operator"',
    ),
    (
        'metrics.verification_total.labels(backend="c", outcome="timeout")',
        "expected \"Literal\\['blocked', 'passed'\\]\"",
    ),
    ("metrics.compile_success_total.labels(backend=3)", 'incompatible type "int"; expected "str"'),
    ('metrics.compile_success_total.labels("c")', "Too many positional arguments"),
    (
        'metrics.compile_success_total.labels(backend="c", environment="moon")',
        "\"Literal\\['moon'\\]\"; expected \"Literal\\['development', ",
    ),
    (
        'metrics.compile_success_total.labels(backend="c", environment=None)',
        'incompatible type "None"',
    ),
    ('metrics.compile_success_total.labels(backend="c").dec()', '"CounterChild" has no attribute "dec"'),
    ('metrics.compile_success_total.labels(backend="c").set(1)', '"CounterChild" has no attribute "set"'),
    ('metrics.compile_success_total.labels(backend="c").inc("1")', 'incompatible type "str"; expected "float"'),
    ("metrics.compile_success_total.inc()", 'no attribute "inc"'),
    (
        'metrics.backend_missing_binaries.labels(backend="c").observe(1)',
        '"GaugeChild" has no attribute "observe"',
    ),
    (
        'metrics.offline_bundle_size_bytes.labels(target="x", revision="y").time()',
        '"SampleChild" has no attribute "time"',
    ),
    ('metrics.pipeline_latency_seconds.labels(backend="c").inc()', '"DurationChild" has no attribute "inc"'),
    ("metrics.lowering_duration_second", 'no attribute "lowering_duration_second"; maybe "lowering_duration_seconds"'),
    ("metrics.verification_block_rate", 'no attribute "verification_block_rate"'),
    ("metrics.spans.codegen_lwoer()", '"type\\[Spans\\]" has no attribute "codegen_lwoer"'),
    (
        'metrics.spans.codegen_lower(backend_name="c", operator_name="gcd")',
        'Missing named argument "clause_id"',
    ),
    (
        'metrics.spans.codegen_lower(backend_name="c", operator_name="gcd", clause_id=7)',
        'incompatible type "int"; expected "str"',
    ),
    (
        'metrics.spans.verify_run(verify_outcome="maybe")',
        "\"Literal\\['maybe'\\]\"; expected \"Literal\\['blocked', 'passed'\\] \\| None\"",
    ),
    ('metrics.spans.spec_parse(spec_nmae="x")', 'Unexpected keyword argument "spec_nmae" .* did you mean "spec_name"'),
    ("metrics.spans.spec_parse().colour", 'has no attribute "colour"'),
    ("metrics.events.compile_start(None)", 'Missing named argument "backend"'),
    (
        'metrics.events.compile_start(None, backend="c", operater="gcd")',
        'Unexpected keyword argument "operater" .* did you mean "operator"',
    ),
    (
        'metrics.events.verify_block(None, provenance_id="p", severity="info")',
        "expected \"Literal\\['critical', 'error', 'warning'\\]\"",
    ),
)
"""A line of code, and a pattern of what mypy says about it."""

GOOD = """
lowering = metrics.lowering_duration_seconds.labels(backend="c", operator="gcd", maturity="stable")
lowering.observe(0.5)


def lower() -> int:
    with lowering.time():
        return 1


def fail(code: "metrics.ErrorCodeValue", child: "metrics.CounterChild") -> None:
    metrics.compile_failure_total.labels(backend="c", error_code=code).inc()
    child.inc(2)


fail("timeout", metrics.compile_success_total.labels(backend="c", environment="staging", host_region="eu"))
metrics.backend_missing_binaries.labels(backend="c").set(3)
metrics.backend_missing_binaries.labels(backend="c").dec()
metrics.offline_bundle_size_bytes.labels(target="linux", revision="r1").observe(4096)

with metrics.spans.codegen_lower(backend_name="c", operator_name="gcd", clause_id="1f") as span:
    span.set_attribute("build.cache_hit", True)
    metrics.events.lower_end(get_logger(), backend="c", operator="gcd", severity="error", error_code="timeout")
with metrics.spans.compile_execute(
    backend_name="c", toolchain_outputs=["a.o"], attributes={"host.kind": "offline", "model.version": "m-3"}
):
    metrics.events.compile_start(get_logger("compile"), backend="c", fields={"trace_id": "1"})
"""

_NAMES = ("self", "given", "log", "method_name", "getattr", "name", "level", "str")
_TEXT = {"type": "string", "description": "Odd."}
COLLIDING = {
    "name": "odd",
    "owners": ["delivery"],
    "metrics": [
        {
            "name": "odd_total",
            "kind": "counter",
            "unit": "count",
            "description": "Odd.",
            "owner": "delivery",
            "labels": ["self", "labels", "environment"],
        }
    ],
    "spans": [
        {
            "name": "odd.span",
            "description": "Odd.",
            "attributes": [{"name": name, **_TEXT} for name in ("self", "name", "kind")],
        }
    ],
    "events": [
        {"name": "odd.event", "description": "Odd.", "fields": [{"name": name, **_TEXT} for name in _NAMES]},
        {"name": "list", "description": "Named as a type."},
    ],
}
"""A registry whose labels, attributes and fields have the names that functions have for themselves."""

COLLIDING_CALLS = f"""
colliding.odd_total.labels(self="a", labels="b").inc()
with colliding.spans.odd_span(self="a", name="b", kind="c"):
    pass
colliding.events.odd_event(get_logger(), {", ".join(f'{name}="{name}"' for name in _NAMES)}, fields={{"event": "x"}})
"""
