"""The pytest plugin, as a project's own run of pytest shows it."""

from __future__ import annotations

import re

import pytest
from tests.testing.conftest import QUICK, Project

SOUND = '''
    """Tests that hold."""
    import pytest
    import telemetry
    from telemetry import metric, span


    def parse():
        with span("spec.parse"):
            metric("compile_success_total").labels(backend="c-gcc").inc()


    @pytest.mark.parametrize("number", range(4))
    def test_alone(telemetry_recording, number):
        parse()
        assert telemetry_recording.tree() == "spec.parse"
        telemetry_recording.assert_metric("compile_success_total", 1)


    @pytest.mark.telemetry(service_name="job", allow=["attribute_refused"])
    def test_settings(telemetry_recording):
        assert telemetry_recording.runtime.settings.service_name == "job"
        with span("spec.parse", colour="red"):
            pass


    def test_without():
        parse()
        assert telemetry.current() is None
'''

FAILING = """
    import unittest

    import pytest
    from telemetry import span


    def test_refused(telemetry_recording):
        with span("spec.parse", colour="red"):
            pass


    def test_other_tree(telemetry_recording):
        with span("spec.parse", colour="red"), span("codegen.lower"):
            pass
        assert telemetry_recording.tree() == '''
            spec.parse
              compile.execute
        '''


    def test_other_spans(telemetry_recording):
        telemetry_recording.assert_spans("spec.parse")


    @pytest.fixture
    def late(telemetry_recording):
        yield
        with span("no.such"):
            pass


    def test_late(late):
        pass


    @pytest.mark.xfail(strict=True)
    def test_expected(telemetry_recording):
        with span("spec.parse", colour="red"):
            pass


    @pytest.mark.usefixtures("telemetry_recording")
    class TestCase(unittest.TestCase):
        def test_in_class(self):
            with span("spec.parse", colour="red"):
                pass
"""


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["one process", "xdist"])
def test_each_test_has_a_recording_of_its_own(project: Project, workers: list[str]) -> None:
    """What one test records no other one sees, in one process or in several; without the fixture nothing records."""
    project.write("test_sound.py", SOUND)
    run = project.pytest(*workers)
    assert run.status == 0, run.text
    assert "6 passed" in run.text
    assert "warning" not in run.text


def test_breaches_fail_the_test_and_failures_show_the_spans(project: Project) -> None:
    """A loss fails a test that passes otherwise, and is told beside another failure; the tree that was recorded too."""
    project.write("test_failing.py", FAILING)
    run = project.pytest()
    assert run.status == 1
    assert "4 failed, 1 passed, 1 xfailed, 1 error" in run.text
    refusals = re.findall(
        r"^telemetry: what the test recorded is not whole:\n  attribute_refused \(1\)", run.text, re.M
    )
    assert len(refusals) == 2
    assert "'colour' is not allowed" in run.text
    compared = run.text.partition("test_other_tree")[2]
    assert re.search(r"the trees of spans differ .*\nE +spec.parse\nE +-   compile.execute\n", compared)
    assert re.search(r"\nE +\+   codegen.lower\n", compared)
    assert re.search(r"Captured telemetry spans call -+\nspec.parse  host.kind=online\n  codegen.lower", compared)
    assert re.search(r"Captured telemetry violations call -+\nattribute_refused \(1\)", compared)
    assert "recording.py" not in run.text
    assert "span_refused (1)" in run.text.partition("ERROR at teardown of test_late")[2]


def test_losses_are_allowed_by_settings_too(project: Project) -> None:
    """`telemetry_allow` has reasons and patterns for all tests."""
    project.write("pytest.ini", "[pytest]\ntelemetry_allow = attribute_* span_refused\n")
    project.write("test_failing.py", FAILING)
    run = project.pytest("-k", "refused or late or in_class")
    assert "3 passed" in run.text


def test_without_the_plugin_nothing_of_it_is_there(project: Project) -> None:
    """`-p no:telemetry` takes it out, and other tests run."""
    project.write("test_plain.py", "def test_plain():\n    pass\n\ndef test_it(telemetry_recording):\n    pass\n")
    run = project.pytest("-p", "no:telemetry")
    assert "1 passed, 1 error" in run.text
    assert "fixture 'telemetry_recording' not found" in run.text


def test_an_error_of_its_own_is_a_warning(project: Project) -> None:
    """Where the plugin fails, tests pass or fail as without it, warnings being errors; and the warning is shown."""
    project.write(
        "test_broken.py",
        '''
        from telemetry.testing import SpanTree


        def broken(*arguments, **named):
            raise RuntimeError("oh no")


        def test_passes(telemetry_recording):
            type(telemetry_recording).violations = broken


        def test_fails(telemetry_recording, monkeypatch):
            monkeypatch.setattr(SpanTree, "differences", broken)
            assert "link" == SpanTree(["build"])
        ''',
    )  # fmt: skip
    run = project.pytest()
    assert "1 failed, 1 passed" in run.text, run.text
    assert "TelemetryPluginWarning: telemetry: violations failed: RuntimeError: oh no" in run.text
    assert "TelemetryPluginWarning: telemetry: compared failed: RuntimeError: oh no" in run.text
    assert "INTERNALERROR" not in run.text


def test_a_process_that_records_already_goes_on(project: Project) -> None:
    """Where `configure` was called, its runtime is the current one before and after a test, and gets nothing of it."""
    project.write(
        "conftest.py",
        """
        import pytest
        import telemetry


        @pytest.fixture(autouse=True, scope="session")
        def runtime():
            with telemetry.configure("outer", journal=False) as runtime:
                yield runtime
                assert telemetry.current() is runtime
                assert runtime.losses() == {}
        """,
    )
    project.write("test_sound.py", SOUND)
    run = project.pytest("-k", "alone")
    assert "4 passed" in run.text, run.text


def test_broken_settings_are_told_where_a_test_asks_for_a_recording(project: Project) -> None:
    """A registry that is missing is an error of the tests that record, and of no other."""
    project.write("pyproject.toml", '[tool.telemetry]\nregistry = ["nowhere.json"]\n')
    project.write("test_plain.py", "def test_plain():\n    pass\n\ndef test_it(telemetry_recording):\n    pass\n")
    run = project.pytest()
    assert "1 passed, 1 error" in run.text
    assert "nowhere.json" in run.text


def test_nothing_is_loaded_for_tests_that_do_not_record(project: Project) -> None:
    """A run without recordings loads neither `telemetry.testing` nor the runtime."""
    project.write(
        "test_plain.py",
        """
        import sys


        def test_plain():
            assert "telemetry.pytest_plugin" in sys.modules
            assert not {"telemetry.testing", "telemetry.runtime", "opentelemetry"} & set(sys.modules)
        """,
    )
    run = project.pytest()
    assert run.status == 0, run.text


def test_telemetry_may_be_imported_before_pytest(project: Project) -> None:
    """A process that records already, as under `telemetry run`, can start pytest; with warnings as errors too."""
    project.write("test_plain.py", "def test_plain():\n    pass\n")
    project.write("start.py", "import telemetry, pytest, sys\nsys.exit(pytest.main(sys.argv[1:]))\n")
    run = project.python("start.py", *QUICK, "-W", "error")
    assert run.status == 0, run.text
    assert "1 passed" in run.text
