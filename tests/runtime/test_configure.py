"""`configure`, as an application calls it."""

from __future__ import annotations

from pathlib import Path

from tests.runtime.conftest import Run


def test_equal_settings_give_the_same_runtime_and_others_name_the_difference(run: Run) -> None:
    """Configuring twice with equal settings is a no-op; with others it says which setting differs."""
    ended = run("""
        import telemetry
        first = telemetry.configure("specc", environment="staging")
        assert telemetry.configure("specc", environment="staging") is first
        try:
            telemetry.configure("specc", environment="production")
        except telemetry.ConfigurationError as error:
            print(error)
        assert telemetry.current() is first
    """)
    assert ended.status == 0, ended.stderr
    assert "environment: 'staging' is not 'production'" in ended.stdout


def test_all_breaches_of_decorated_functions_come_in_one_error(run: Run, tmp_path: Path) -> None:
    """What was decorated before `configure` is checked there: one error with the place of every breach."""
    (tmp_path / "stages.py").write_text(
        "import telemetry\n"
        "@telemetry.instrument_span('spec.prase')\n"
        "def one(): ...\n"
        "@telemetry.record_metric('compile_success_total')\n"
        "def two(): ...\n"
    )
    ended = run("""
        import sys; sys.path.insert(0, "")
        import stages, telemetry
        try:
            telemetry.configure("specc")
        except telemetry.ContractError as error:
            print(len(error.findings)); print(error)
        assert telemetry.current() is None
        stages.one()
    """)
    assert ended.status == 0, ended.stderr
    first, *rest = ended.stdout.splitlines()
    text = "\n".join(rest)
    assert first == "2"
    assert "stages.py:2" in text and "did you mean 'spec.parse'" in text
    assert "stages.py:4" in text and "label 'backend' has no source" in text


def test_a_later_breach_raises_at_decoration(run: Run) -> None:
    """Once telemetry is configured, a function that breaks the contracts cannot be decorated."""
    ended = run("""
        import telemetry
        telemetry.configure("specc")
        try:
            telemetry.instrument_span("spec.prase")(print)
        except telemetry.ContractError as error:
            print(error)
    """)
    assert "did you mean 'spec.parse'" in ended.stdout, ended.stderr


def test_an_unreadable_registry_names_file_and_pointer(run: Run, tmp_path: Path) -> None:
    """A user's registry that is wrong stops `configure`, with the file and the place in it."""
    (tmp_path / "registry.json").write_text('{"name": "x", "metrics": [{"name": "Wrong"}]}')
    ended = run(
        "import telemetry\ntry:\n    telemetry.configure()\nexcept telemetry.RegistryError as e:\n    print(e)",
        TELEMETRY_REGISTRY="registry.json",
    )
    assert ended.status == 0, ended.stderr
    assert "registry.json#/metrics/0" in ended.stdout


def test_the_disabled_sdk_records_nothing_and_breaks_nothing(run: Run) -> None:
    """`OTEL_SDK_DISABLED=true` leaves every decorated function as it was."""
    ended = run(
        """
        import telemetry
        runtime = telemetry.configure("specc", prometheus_port=0)
        with telemetry.span("spec.parse") as span:
            telemetry.metric("compile_success_total").labels(backend="c-gcc").inc()
        assert telemetry.current_span() is None and not runtime.families()
        assert runtime.prometheus_port is None
        print("fine")
        """,
        OTEL_SDK_DISABLED="true",
    )
    assert ended.stdout == "fine\n", ended.stderr


def test_a_port_in_use_is_a_clear_error_and_leaves_nothing_behind(run: Run) -> None:
    """A second scrape endpoint on one port is refused by name, and telemetry is not half configured."""
    ended = run("""
        import socket, telemetry
        taken = socket.create_server(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        try:
            telemetry.configure("specc", prometheus_port=port)
        except telemetry.ConfigurationError as error:
            assert str(port) in str(error), error
            print(type(error).__name__)
        assert telemetry.current() is None
        taken.close()
        telemetry.configure("specc", prometheus_port=port)
    """)
    assert ended.stdout == "PortInUseError\n", ended.stderr


def test_wrong_settings_of_opentelemetry_are_ignored_and_said_once(run: Run) -> None:
    """A bad `OTEL_*` value is one line on stderr; telemetry works on with the default."""
    ended = run("import telemetry\nprint(telemetry.configure().settings.sampler)", OTEL_TRACES_SAMPLER="sometimes")
    assert ended.stdout == "parentbased_always_on\n"
    assert ended.stderr.count("OTEL_TRACES_SAMPLER") == 1, ended.stderr
