"""What `telemetry run` records: functions of every form, wherever they are imported, in one trace with the children."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.collector import Collector
from tests.run.program import EXAMPLES, attributes, run, spans, tree

STAGES = """
import asyncio
from functools import lru_cache

class Stage:
    def __init__(self, name):
        self.name = name
    def visit_all(self, backend="c-gcc"):
        return self.visit_one(), self._visit_hidden()
    def visit_one(self):
        return 1
    def _visit_hidden(self):
        return 2
    @staticmethod
    def visit_static(x):
        return x
    @classmethod
    def visit_class(cls):
        return cls.__name__

class Late(Stage):
    pass

def function(operator, *, depth=1):
    return {"cache": {"hit": operator == "clamp"}}

async def coroutine():
    await asyncio.sleep(0)
    return 3

def generator():
    received = yield 4
    return received

async def agenerator():
    yield 5

@lru_cache
def cached(x):
    return x

def fails():
    raise KeyError("gone")

def _private():
    return 6
"""

PROGRAM = """
import asyncio, colorsys, inspect, os, sys
import their.stages as stages
from their.stages import Stage, Late, function
assert function("clamp", depth=2) == {"cache": {"hit": True}}
assert list(inspect.signature(function).parameters) == ["operator", "depth"]
assert asyncio.run(stages.coroutine()) == 3 and inspect.iscoroutinefunction(stages.coroutine)
made = stages.generator()
assert next(made) == 4
try:
    made.send(8)
except StopIteration as stop:
    assert stop.value == 8
async def work():
    return [each async for each in stages.agenerator()]
assert asyncio.run(work()) == [5]
stage = Stage("x")
assert stage.visit_all() == (1, 2) and Stage.visit_static(9) == 9 and stage.visit_class() == "Stage"
assert Late("y").visit_all() == (1, 2)
assert stages.cached(1) == 1 and stages.cached.cache_info().misses == 1
try:
    stages.fails()
except KeyError as error:
    assert error.args == ("gone",)
assert stages._private() == 6
assert colorsys.rgb_to_hsv(0, 0, 0) == (0.0, 0.0, 0)
"""

CONFIG = """
[[targets]]
target = "their.stages:function"
span = "codegen.lower"
attributes = { "backend.name" = "c-gcc" }
capture = { "operator.name" = "operator" }
result = { "build.cache_hit" = "cache.hit" }
metrics = [{ name = "compile_success_total", on = "success", labels = { backend = "c-gcc" } }]

[[targets]]
target = "their.*:Stage.visit_*"
span = "spec.parse"

[[targets]]
target = "their.stages:_private"
span = "verify.run"
kind = "client"

[[targets]]
target = "colorsys:rgb_to_hsv"
span = "distribute.package"

[[targets]]
target = "their.stages:*"
span = "plan.compile_graph"
"""


@pytest.fixture
def their(tmp_path: Path) -> Path:
    """Lay out a package that knows nothing of telemetry; give the folder that it is in."""
    (tmp_path / "their").mkdir()
    (tmp_path / "their" / "__init__.py").touch()
    (tmp_path / "their" / "stages.py").write_text(STAGES)
    (tmp_path / "program.py").write_text(PROGRAM)
    return tmp_path


def test_functions_of_every_form_are_recorded_and_stay_what_they_are(their: Path) -> None:
    """The program's own assertions hold; each target has its spans, and the first target that fits has a function."""
    with Collector() as collector:
        done = run(their, sys.executable, "program.py", config=CONFIG, collector=collector)
        found = spans(collector)
        counted = collector.metrics["compile_success_total"].sum.data_points[0].as_double
    assert (done.returncode, done.stderr) == (0, "")
    names = [span.name for span in found]
    assert names == [
        *("codegen.lower", "plan.compile_graph", "plan.compile_graph", "plan.compile_graph"),
        *("spec.parse", "spec.parse", "spec.parse", "spec.parse", "spec.parse", "spec.parse"),
        *("plan.compile_graph", "verify.run", "distribute.package"),
    ]
    lowered = attributes(found[0])
    assert (lowered["operator.name"], lowered["backend.name"], lowered["build.cache_hit"]) == ("clamp", "c-gcc", True)
    assert counted == 1
    assert found[-3].status.code == 2
    assert attributes(found[-3])["error.type"] == "KeyError"
    assert found[-2].kind == 3


def test_the_whole_program_is_one_trace_with_its_children(their: Path) -> None:
    """Children by subprocess, by `multiprocessing` and by console script are below the span that started them."""
    (their / "child.py").write_text("from their.stages import function\nfunction('gcd')\n")
    script = their / "script"
    script.write_text(f"#!{sys.executable}\nfrom their.stages import function\nfunction('crc32')\n")
    script.chmod(0o755)
    (their / "main.py").write_text(
        "import multiprocessing, subprocess, sys\n"
        "from their import stages\n"
        "def main():\n"
        "    subprocess.run([sys.executable, 'child.py'], check=True, cwd='.')\n"
        "    subprocess.run(['./script'], check=True, env={'PATH': '/bin', **__import__('os').environ})\n"
        "    for method in ('fork', 'spawn'):\n"
        "        child = multiprocessing.get_context(method).Process(target=stages.function, args=(method,))\n"
        "        child.start(); child.join(); assert child.exitcode == 0\n"
        "if __name__ == '__main__':\n"
        "    main()\n"
    )
    config = f'{CONFIG}\n[[targets]]\ntarget = "__main__"\nspan = "compile.execute"\n'
    with Collector() as collector:
        done = run(their, sys.executable, "main.py", config=config, collector=collector, PYTHONPATH=str(their))
        found = spans(collector)
    assert done.returncode == 0, done.stderr
    assert len({span.trace_id for span in found}) == 1
    assert tree(found) == [("compile.execute", "")] + [("codegen.lower", "compile.execute")] * 4
    operators = [attributes(span).get("operator.name") for span in found[1:]]
    assert operators == ["gcd", "crc32", "fork", "spawn"]
    assert "target missing: target 'colorsys:rgb_to_hsv'" in done.stderr


def test_a_program_that_fails_is_a_span_that_failed(tmp_path: Path) -> None:
    """The traceback is the program's own, and the span of the whole has the error."""
    config = '[[targets]]\ntarget = "__main__"\nspan = "compile.execute"\n'
    with Collector() as collector:
        done = run(tmp_path, sys.executable, "-c", "1 / 0", config=config, collector=collector)
        (whole,) = spans(collector)
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert whole.status.code == 2
    assert attributes(whole)["error.type"] == "ZeroDivisionError"


@pytest.mark.parametrize(
    ("body", "status", "is_error"),
    [
        ("import sys; sys.exit(3)", 3, True),
        ("import sys; sys.exit('no input')", 1, True),
        ("import sys; sys.exit(0)", 0, False),
        ("import sys; sys.exit()", 0, False),
        ("import sys\ntry: sys.exit(3)\nexcept SystemExit: pass", 0, False),
        ("import sys\ntry: sys.exit(3)\nexcept SystemExit: sys.exit(0)", 0, False),
        ("import threading, sys\nt = threading.Thread(target=sys.exit, args=(3,)); t.start(); t.join()", 0, False),
    ],
)
def test_a_program_that_leaves_with_a_status_is_a_span_that_failed(
    body: str, status: int, is_error: bool, tmp_path: Path
) -> None:
    """`sys.exit` counts where it ends the program with a status that is not 0, and not where somebody caught it."""
    config = '[[targets]]\ntarget = "__main__"\nspan = "compile.execute"\n'
    with Collector() as collector:
        done = run(tmp_path, sys.executable, "-c", body, config=config, collector=collector)
        (whole,) = spans(collector)
    assert done.returncode == status
    assert (whole.status.code == 2) == is_error
    assert attributes(whole).get("error.type") == ("SystemExit" if is_error else None)


def test_the_job_that_started_it_is_its_parent(tmp_path: Path) -> None:
    """`TRACEPARENT` in the environment is the parent of the whole."""
    config = '[[targets]]\ntarget = "__main__"\nspan = "compile.execute"\n'
    job = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with Collector() as collector:
        run(tmp_path, sys.executable, "-c", "", config=config, collector=collector, TRACEPARENT=job)
        (whole,) = spans(collector)
    assert whole.trace_id.hex() == "0af7651916cd43dd8448eb211c80319c"
    assert whole.parent_span_id.hex() == "b7ad6b7169203331"


def test_what_is_not_found_is_named_once_and_breaks_nothing(their: Path) -> None:
    """Each target without a function says why; what cannot be decorated, or does not fit, runs as it is."""
    config = "".join(
        f'[[targets]]\ntarget = "{target}"\nspan = "{span}"\n{more}\n'
        for target, span, more in [
            ("their.stages:no_such", "spec.parse", ""),
            ("their.nowhere:function", "spec.parse", ""),
            ("their.stages:STAGES", "spec.parse", ""),
            ("their.stages:function", "codegen.lower", 'capture = { "operator.name" = "wrong" }'),
            ("their.stages:Stage.visit_one", "spec.{name}", ""),
            ("builtins:int.bit_length", "spec.parse", ""),
        ]
    )
    (their / "their" / "stages.py").write_text(f"{STAGES}\nSTAGES = 7\n")
    with Collector() as collector:
        done = run(their, sys.executable, "program.py", config=config, collector=collector)
    assert done.returncode == 0
    lines = done.stderr.splitlines()
    assert len(lines) == 6, done.stderr
    for says in (
        "target 'their.stages:no_such': their.stages was imported and has no such function; correct the name",
        "target 'their.nowhere:function': their.nowhere was never imported",
        "target 'their.stages:STAGES': their.stages.STAGES: 7 cannot be instrumented: it is not callable",
        "capture of 'operator.name': reads 'wrong', but function() has operator, depth",
        "no span 'spec.visit_one' in the registry",
        "target 'builtins:int.bit_length'",
    ):
        assert sum(says in line for line in lines) == 1, (says, done.stderr)


def test_functions_of_the_program_file_cannot_be_patched_and_it_says_so(their: Path) -> None:
    """What runs by `-m` is not imported under its name: the message has the reason and the remedy."""
    (their / "their" / "main.py").write_text("def work(): return 1\nprint(work())\n")
    config = '[[targets]]\ntarget = "their.main:work"\nspan = "spec.parse"\n'
    done = run(their, sys.executable, "-m", "their.main", config=config)
    assert (done.returncode, done.stdout) == (0, "1\n")
    assert "their.main ran as the program itself, so nothing imported it; move the function" in done.stderr


def test_a_class_is_instrumented_method_by_method(their: Path) -> None:
    """A target that is a class has a span for each public method of its own, and a glob of classes reaches theirs."""
    (their / "registry.json").write_text(
        '{"name": "their", "spans": [{"name": "stage.visit_all", "description": "All."},'
        ' {"name": "stage.visit_one", "description": "One."}, {"name": "stage.visit_class", "description": "Class."},'
        ' {"name": "stage.visit_static", "description": "Static."}]}'
    )
    body = "from their.stages import Stage; Stage('x').visit_all(); Stage.visit_static(1); Stage.visit_class()"
    config = 'registry = ["registry.json"]\n[[targets]]\ntarget = "their.stages:{}"\nspan = "stage.{{name}}"\n'
    for target in ("Stage", "Sta*.visit_*"):
        with Collector() as collector:
            done = run(their, sys.executable, "-c", body, config=config.format(target), collector=collector)
            found = tree(spans(collector))
        assert (done.returncode, done.stderr) == (0, "")
        assert found == [
            ("stage.visit_all", ""),
            ("stage.visit_one", "stage.visit_all"),
            ("stage.visit_static", ""),
            ("stage.visit_class", ""),
        ]


def test_the_programs_own_configuration_counts(their: Path) -> None:
    """Where the program configures telemetry itself, what was started for it gives way."""
    (their / "own.py").write_text(
        "from their import stages\n"
        "import telemetry\n"
        "with telemetry.configure('its-own-name', log_level='error') as runtime:\n"
        "    stages.function('clamp')\n"
        "    assert runtime.settings.service_name == 'its-own-name'\n"
    )
    with Collector() as collector:
        done = run(their, sys.executable, "own.py", config=CONFIG, collector=collector)
        found = spans(collector)
        services = {
            pair.value.string_value
            for arrival in collector.arrivals
            if arrival.signal == "traces"
            for batch in arrival.message.resource_spans
            for pair in batch.resource.attributes
            if pair.key == "service.name"
        }
    assert done.returncode == 0, done.stderr
    assert [span.name for span in found] == ["codegen.lower"]
    assert services == {"its-own-name"}


def test_targets_of_pyproject_hold_in_children_elsewhere(their: Path, tmp_path: Path) -> None:
    """A child in another folder is instrumented as the project that started it says."""
    (their / "pyproject.toml").write_text(
        '[tool.telemetry]\n[[tool.telemetry.targets]]\ntarget = "their.stages:function"\nspan = "codegen.lower"\n'
    )
    (their / "elsewhere").mkdir()
    child = "from their.stages import function; function('clamp')"
    body = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}], cwd='elsewhere', check=True)"
    with Collector() as collector:
        done = run(tmp_path, sys.executable, "-c", body, collector=collector, PYTHONPATH=str(their))
        found = spans(collector)
    assert (done.returncode, done.stderr) == (0, "")
    assert [span.name for span in found] == ["codegen.lower"]


def test_a_compiler_of_others_is_one_trace(tmp_path: Path) -> None:
    """The example with llvmlite: parse, verify, optimise and emit, below the program, and its object file."""
    pytest.importorskip("llvmlite")
    folder = EXAMPLES / "llvmlite"
    with Collector() as collector:
        command = (sys.executable, str(folder / "compile_ir.py"), "clamp.o")
        done = run(tmp_path, *command, config=folder / "telemetry.toml", collector=collector)
        found = spans(collector)
        counted = collector.metrics["llvm_modules_total"].sum.data_points[0].as_double
        optimised = collector.metrics["llvm_optimise_duration_seconds"].histogram.data_points[0].count
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "clamp.o").read_bytes().startswith(b"\x7fELF")
    assert tree(found) == [
        ("llvm.compile", ""),
        *((name, "llvm.compile") for name in ("llvm.parse", "llvm.verify", "llvm.optimise", "llvm.emit_object")),
    ]
    assert attributes(found[-1])["llvm.triple"]
    assert (counted, optimised) == (1, 1)


def test_building_a_package_is_one_trace(tmp_path: Path) -> None:
    """The example with `python -m build`: the backend works in a process of its own, below the distribution."""
    pytest.importorskip("build")
    from shutil import copytree

    folder = EXAMPLES / "build"
    copytree(folder / "package", tmp_path / "package")
    with Collector() as collector:
        command = (sys.executable, "-m", "build", "--no-isolation", "--wheel", "package")
        done = run(tmp_path, *command, config=folder / "telemetry.toml", collector=collector)
        found = spans(collector)
    assert done.returncode == 0, done.stderr
    assert "telemetry:" not in done.stderr
    assert [*(tmp_path / "package" / "dist").glob("greeting-1.0-*.whl")]
    assert len({span.trace_id for span in found}) == 1
    assert tree(found) == [
        ("build.run", ""),
        ("build.requirements", "build.run"),
        ("build.distribution", "build.run"),
        ("build.backend", "build.distribution"),
    ]
