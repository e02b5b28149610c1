"""One context for us and OpenTelemetry, whichever is imported first."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from tests.context.conftest import Run

BOTH_SEE_ONE = """
    from opentelemetry import baggage, context, trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    memory = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    tracer = provider.get_tracer("theirs")

    def nest(recording):
        with tracer.start_as_current_span("above") as above:
            with telemetry.span("job") as ours:
                assert trace.get_current_span() is ours
                assert isinstance(ours, trace.Span)
                assert type(context.get_current()).__mro__[1] is context.Context or isinstance(
                    context.get_current(), context.Context)
                token = context.attach(baggage.set_baggage("tenant", "a"))
                with tracer.start_as_current_span("below") as below:
                    assert baggage.get_baggage("tenant") == "a"
                    telemetry.current_span().set_attribute("job.set", "through ours")
                    with telemetry.span("job.step") as step:
                        assert baggage.get_baggage("tenant") == "a"
                        assert trace.get_current_span() is step
                    assert trace.get_current_span() is below
                context.detach(token)
                assert baggage.get_baggage("tenant") is None
                assert trace.get_current_span() is ours
            assert trace.get_current_span() is above
        assert trace.get_current_span() is trace.INVALID_SPAN
        theirs = {each.name: each for each in memory.get_finished_spans()}
        mine = {each.name: each for each in recording.spans}
        traces = {each.trace_id for each in mine.values()} | {each.context.trace_id for each in theirs.values()}
        assert len(traces) == 1
        assert mine["job"].parent_span_id == theirs["above"].context.span_id
        assert not mine["job"].parent_is_remote
        assert theirs["below"].parent.span_id == mine["job"].span_id
        assert mine["job.step"].parent_span_id == theirs["below"].context.span_id
        assert theirs["below"].attributes["job.set"] == "through ours"
"""


@pytest.mark.parametrize(
    "first",
    [
        "import telemetry",
        "from opentelemetry import trace",
        "import opentelemetry.context",
        "import opentelemetry.trace.propagation",
        "import opentelemetry.sdk.trace",
        "from telemetry.testing import isolated",
    ],
)
def test_spans_of_both_nest_in_either_order_of_imports(first: str, run: Run) -> None:
    """Parents, trace ids, attributes, baggage, attach and detach: as if there were one library."""
    run(f"""
    {first}
    import telemetry
    from telemetry.testing import isolated
    {BOTH_SEE_ONE}
    with isolated(registry=[REGISTRY]) as recording:
        nest(recording)
    """)


def test_an_import_inside_an_open_span_joins_in(run: Run) -> None:
    """OpenTelemetry, first imported within our span, sees it as the current one, and may go on below it."""
    run("""
    import sys, telemetry
    from telemetry.testing import isolated
    with isolated(registry=[REGISTRY]) as recording:
        with telemetry.span("job") as ours:
            assert not any(name.startswith("opentelemetry") for name in sys.modules)
            from opentelemetry import context, trace
            assert trace.get_current_span() is ours
            assert isinstance(context.get_current(), context.Context)
            assert isinstance(ours, trace.Span)
            with telemetry.span("job.step") as step:
                assert trace.get_current_span() is step
            token = context.attach(context.set_value("mine", 1))
            assert telemetry.current_span() is ours
            context.detach(token)
        assert trace.get_current_span() is trace.INVALID_SPAN
        assert context.get_current() == {}
    """)


def test_only_the_context_may_be_imported(run: Run) -> None:
    """An application that uses nothing but `opentelemetry.context` shares it too, from either side."""
    for first in ("import telemetry", "import opentelemetry.context"):
        run(f"""
    {first}
    import sys, telemetry
    from opentelemetry import context
    from telemetry.testing import isolated
    assert "opentelemetry.trace" not in sys.modules
    with isolated(registry=[REGISTRY]):
        token = context.attach(context.set_value("mine", 1))
        with telemetry.span("job") as ours:
            assert context.get_value("mine") == 1
            assert isinstance(context.get_current(), context.Context)
        context.detach(token)
        from opentelemetry import trace
        with telemetry.span("job") as ours:
            assert trace.get_current_span() is ours
    """)


def test_recording_imports_nothing_of_opentelemetry(run: Run) -> None:
    """Spans, metrics, headers and decorators by themselves leave it unloaded."""
    loaded = run("""
    import sys, telemetry
    from telemetry.testing import isolated

    @telemetry.record_metric("shop_ticks_total")
    @telemetry.instrument_span("job")
    def job():
        with telemetry.span("job.step") as step:
            step.set_attribute("job.a", 1)
            step.add_event("e")
            carrier = {}
            telemetry.inject(carrier)
            telemetry.detach(telemetry.attach(telemetry.extract(carrier)))

    with isolated(registry=[REGISTRY]) as recording:
        job()
        assert len(recording.spans) == 2
    print([name for name in sys.modules if name.startswith("opentelemetry")])
    """)
    assert loaded == "[]\n"


CUSTOM = """
import threading
from opentelemetry.context.context import Context, _RuntimeContext

class Custom(_RuntimeContext):
    def __init__(self):
        self.local = threading.local()
    def get_current(self):
        return getattr(self.local, "stack", None) and self.local.stack[-1] or Context()
    def attach(self, context):
        self.local.__dict__.setdefault("stack", []).append(context)
        return len(self.local.stack)
    def detach(self, token):
        del self.local.stack[token - 1:]
"""


@pytest.mark.parametrize("first", ["import telemetry", "import opentelemetry.context"])
def test_a_custom_runtime_context_is_used_through_its_public_side(first: str, run: Run, tmp_path: Path) -> None:
    """With `OTEL_PYTHON_CONTEXT` set, attach and detach serve: spans of both sides nest as ever."""
    (tmp_path / "custom.py").write_text(CUSTOM)
    metadata = tmp_path / "custom-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: custom\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[opentelemetry_context]\ncustom = custom:Custom\n")
    run(
        f"""
    {first}
    import telemetry
    from telemetry.testing import isolated
    {BOTH_SEE_ONE}
    assert type(context._RUNTIME_CONTEXT).__name__ == "Custom"
    with isolated(registry=[REGISTRY]) as recording:
        nest(recording)
    assert context.get_current() == {{}}
    """,
        path=tmp_path,
        OTEL_PYTHON_CONTEXT="custom",
    )


def test_a_custom_runtime_context_may_come_inside_a_span(run: Run, tmp_path: Path) -> None:
    """The span that is open then is its current one until it ends, and nothing is left behind."""
    (tmp_path / "custom.py").write_text(CUSTOM)
    metadata = tmp_path / "custom-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: custom\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[opentelemetry_context]\ncustom = custom:Custom\n")
    run(
        """
    import telemetry
    from telemetry.testing import isolated
    with isolated(registry=[REGISTRY]) as recording:
        with telemetry.span("job") as outer:
            with telemetry.span("job") as ours:
                from opentelemetry import context, trace
                assert trace.get_current_span() is ours
                with telemetry.span("job.step") as step:
                    assert trace.get_current_span() is step
            assert trace.get_current_span() is outer
            assert telemetry.current_span() is outer
        assert telemetry.current_span() is None
        assert [each.parent_span_id for each in recording.spans] == [ours.span_id, outer.span_id, None]
    """,
        path=tmp_path,
        OTEL_PYTHON_CONTEXT="custom",
    )


def test_the_hook_goes_away_and_leaves_the_modules_as_they_are(run: Run) -> None:
    """After the last module it is off `sys.meta_path`; loaders, sources and reloads are the interpreter's own."""
    run("""
    import importlib, importlib.machinery, inspect, sys
    before = list(sys.meta_path)
    import telemetry
    assert len(sys.meta_path) == len(before) + 1
    from opentelemetry import baggage, context, trace
    from opentelemetry.trace import propagation, span
    assert sys.meta_path == before
    for module in (baggage, context, propagation, span):
        assert type(module.__loader__) is type(module.__spec__.loader) is importlib.machinery.SourceFileLoader
        assert "def " in inspect.getsource(module)
    importlib.reload(span)
    importlib.reload(propagation)
    importlib.reload(context)
    with telemetry.span("job"):
        pass
    """)


def test_other_importers_are_left_alone(run: Run) -> None:
    """Finders of others keep their turns; a missing module is missing; a failed import is tried again."""
    run("""
    import importlib, sys, telemetry
    seen = []

    class Finder:
        @staticmethod
        def find_spec(name, path=None, target=None):
            seen.append(name)

    sys.meta_path.insert(0, Finder)
    try:
        import opentelemetry.nothing
    except ModuleNotFoundError:
        pass
    sys.modules["opentelemetry.context.context"] = None
    try:
        import opentelemetry.context
    except ModuleNotFoundError:
        pass
    else:
        raise AssertionError("imported")
    del sys.modules["opentelemetry.context.context"]
    from opentelemetry import context, trace
    assert "opentelemetry.context" in seen
    from telemetry.testing import isolated
    with isolated(registry=[REGISTRY]):
        with telemetry.span("job") as ours:
            assert trace.get_current_span() is ours
    """)


def test_without_opentelemetry_it_works(run: Run) -> None:
    """Where it is not installed, an import of it fails as ever, and recording goes on."""
    run("""
    import sys
    class Without:
        @staticmethod
        def find_spec(name, path=None, target=None):
            if name.partition(".")[0] == "opentelemetry":
                raise ModuleNotFoundError(name)
    sys.meta_path.insert(0, Without)
    import telemetry
    from telemetry.testing import isolated
    with isolated(registry=[REGISTRY]) as recording:
        with telemetry.span("job"):
            try:
                import opentelemetry.context
            except ModuleNotFoundError:
                pass
        assert len(recording.spans) == 1
    """)


@pytest.mark.parametrize(
    "context",
    [
        "class Context(dict):\n    __slots__ = ('odd',)\ndef get_current(): return Context()",
        "",
        "Context = 3\n_RUNTIME_CONTEXT = None",
    ],
    ids=["other-layout", "empty", "no-class"],
)
def test_a_release_that_differs_stays_apart(context: str, run: Run, tmp_path: Path) -> None:
    """Imported from a zip file, with none of the names that are expected: the import works, and so do we."""
    modules = {
        "opentelemetry/__init__.py": "",
        "opentelemetry/context/__init__.py": context,
        "opentelemetry/trace/__init__.py": "",
        "opentelemetry/trace/propagation/__init__.py": "",
        "opentelemetry/trace/span.py": "",
        "other.py": "value = 1",
    }
    with zipfile.ZipFile(tmp_path / "modules.zip", "w") as archive:
        for name, text in modules.items():
            archive.writestr(name, text)
    run(
        """
    import telemetry, sys
    from telemetry.testing import isolated
    with isolated(registry=[REGISTRY]) as recording:
        with telemetry.span("job") as outer:
            import opentelemetry.context, opentelemetry.trace.propagation, opentelemetry.trace.span, other
            assert telemetry.current_span() is outer
            with telemetry.span("job.step"):
                pass
        assert telemetry.current_span() is None
        assert [each.parent_span_id for each in recording.spans] == [outer.span_id, None]
    loaders = {type(sys.modules[name].__loader__).__name__ for name in ("other", "opentelemetry.context")}
    assert loaders == {"zipimporter"} and other.value == 1
    """,
        path=tmp_path / "modules.zip",
    )
