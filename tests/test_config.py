"""Settings: where each is read from, which source wins, and what is said about a wrong value."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.config import (
    SETTINGS,
    Environment,
    Sampler,
    SamplingRule,
    Settings,
    SpanLimits,
    carrier,
    child_environment,
    read_settings,
)
from telemetry.errors import ConfigurationError

NOWHERE = Path("/")
DOCUMENT = Path(__file__).parents[1] / "docs" / "configuration.md"

# One row a setting: what each source says, and what is read. The sources differ, so that the winner shows.
MATRIX: Mapping[str, tuple[tuple[object, object], tuple[str, object], tuple[object, object]]] = {
    "resource_attributes": (({"a": "1"}, {"a": "1"}), ("a=2,b=c%20d", {"a": "2", "b": "c d"}), ({"a": "3"},) * 2),
    "service_name": (("one", "one"), ("two", "two"), ("three", "three")),
    "environment": (("staging", "staging"), ("Production", "production"), ("offline", "offline")),
    "registry": (("/a", (Path("/a"),)), ("/b:/c", (Path("/b"), Path("/c"))), (["/d"], (Path("/d"),))),
    "endpoint": (("http://a", "http://a"), ("https://b:1/x", "https://b:1/x"), ("http://c", "http://c")),
    "traces_endpoint": (("http://a/t", "http://a/t"), ("http://b/t", "http://b/t"), ("http://c/t", "http://c/t")),
    "metrics_endpoint": (("http://a/m", "http://a/m"), ("http://b/m", "http://b/m"), ("http://c/m", "http://c/m")),
    "logs_endpoint": (("http://a/l", "http://a/l"), ("http://b/l", "http://b/l"), ("http://c/l", "http://c/l")),
    "protocol": (("grpc", "grpc"), ("http/json", "http/json"), ("http/protobuf", "http/protobuf")),
    "export_timeout_ms": ((1000, 1000), ("2000", 2000), (3000, 3000)),
    "prometheus_port": ((0, 0), ("65535", 65535), (9464, 9464)),
    "prometheus_host": (("a", "a"), ("0.0.0.0", "0.0.0.0"), ("::1", "::1")),
    "host_region": (("eu", "eu"), ("us", "us"), ("ap", "ap")),
    "workspace_tier": (("free", "free"), ("team", "team"), ("enterprise", "enterprise")),
    "host_kind": (("offline", "offline"), ("online", "online"), ("offline", "offline")),
    "dataset_version": (("1", "1"), ("2", "2"), ("3", "3")),
    "model_version": (("1", "1"), ("2", "2"), ("3", "3")),
    "run_id": (("1", "1"), ("2", "2"), ("3", "3")),
    "journal": (("/a", "/a"), ("off", False), ("/c", "/c")),
    "journal_bytes": ((1 << 20, 1 << 20), ("2000000", 2_000_000), (3_000_000, 3_000_000)),
    "overhead_budget_percent": ((1, 1.0), ("2.5", 2.5), (3, 3.0)),
    "self_telemetry": ((False, False), ("no", False), (False, False)),
    "show_hidden_metrics": ((False, False), ("yes", True), (True, True)),
    "organization_slug": (("one", "one"), ("two", "two"), ("three", "three")),
    "component": (("one", "one"), ("two", "two"), ("three", "three")),
    "log_format": (("json", "json"), ("CONSOLE", "console"), ("auto", "auto")),
    "log_level": (("debug", "debug"), ("ERROR", "error"), ("warning", "warning")),
    "console": ((False, False), ("yes", True), (True, True)),
    "disabled": ((False, False), ("TRUE", True), (True, True)),
    "sampler": (("always_on", "always_on"), ("traceidratio", "traceidratio"), ("always_off", "always_off")),
    "sampler_arg": ((0, 0.0), ("0.25", 0.25), (0.5, 0.5)),
    "sampling_rules": (
        ([{"name": "verify.*", "ratio": "10%"}], (SamplingRule("verify.*", ratio=0.1),)),
        ('[{"per_second": 5}]', (SamplingRule(per_second=5.0),)),
        ([{"attributes": {"host.kind": "off*"}, "ratio": 0}], (SamplingRule("*", {"host.kind": "off*"}, 0.0),)),
    ),
    "keep_failures": ((False, False), ("yes", True), (True, True)),
    "keep_slower_than_ms": ((1, 1.0), ("2.5", 2.5), (3, 3.0)),
    "undecided_bytes": ((1 << 20, 1 << 20), ("2000000", 2_000_000), (3_000_000, 3_000_000)),
    "flags": (
        ({"a.*": "off"}, {"a.*": 0.0}), ("a=on, b=12.5%", {"a": 1.0, "b": 0.125}), ({"a": True}, {"a": 1.0}),
    ),
    "propagators": (("b3", ("b3",)), ("baggage, b3", ("baggage", "b3")), (["none"], ())),
    "baggage_keys": ((["run"], ("run",)), ("run, tenant.*", ("run", "tenant.*")), (["*"], ("*",))),
    "incoming": (("continue", "continue"), ("LINK", "link"), ("refuse", "refuse")),
    "hash_key_file": (("/a", "/a"), ("/b", "/b"), ("/c", "/c")),
    "patch_stdlib": ((False, False), ("yes", True), (True, True)),
    "targets": (
        ([{"target": "a:b"}], ({"target": "a:b"},)), ('[{"target": "a:b"}]', ({"target": "a:b"},)), ([], ()),
    ),
    "traces_exporter": ((("otlp",), ("otlp",)), ("otlp, console", ("otlp", "console")), (["none"], ())),
    "metrics_exporter": (("none", ()), ("prometheus", ("prometheus",)), (["otlp"], ("otlp",))),
    "logs_exporter": (("none", ()), ("console", ("console",)), (["otlp"], ("otlp",))),
    "limits_attribute_count": ((1, 1), ("2", 2), (3, 3)),
    "limits_attribute_value_length": ((1, 1), ("2", 2), (3, 3)),
    "limits_detail_value_length": ((1, 1), ("2", 2), (3, 3)),
    "limits_event_count": ((1, 1), ("2", 2), (3, 3)),
    "limits_link_count": ((1, 1), ("2", 2), (3, 3)),
    "limits_event_attribute_count": ((1, 1), ("2", 2), (3, 3)),
    "limits_link_attribute_count": ((1, 1), ("2", 2), (3, 3)),
    "batch_delay_ms": ((0, 0), ("2", 2), (3, 3)),
    "batch_queue_size": ((1, 1), ("2", 2), (3, 3)),
    "batch_size": ((1, 1), ("2", 2), (3, 3)),
    "metric_export_interval_ms": ((1, 1), ("2", 2), (3, 3)),
    "shutdown_timeout_seconds": ((1, 1.0), ("2.5", 2.5), (3, 3.0)),
}  # fmt: skip


def toml(value: object) -> str:
    """Write a value as TOML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


def project(folder: Path, text: str) -> Path:
    """Write a pyproject.toml with this `[tool.telemetry]`."""
    (folder / "pyproject.toml").write_text(f"[tool.telemetry]\n{text}\n")
    return folder


def read(environ: Mapping[str, str] | None = None, directory: Path = NOWHERE, **arguments: Any) -> Settings:
    """Read settings from what is given here only."""
    return read_settings(environ or {}, directory, **arguments)


def value(settings: Settings, name: str) -> object:
    """Give the value of a setting by the name of its row."""
    group, _, part = name.partition("_")
    return getattr(settings.limits, part) if group == "limits" else getattr(settings, name)


def test_the_matrix_is_whole() -> None:
    """Each setting has a row in the matrix, and each field of `Settings` and `SpanLimits` is a setting."""
    names = [setting.name for setting in SETTINGS]
    assert list(MATRIX) == names
    own = {each.name for each in fields(Settings)} - {"limits", "warnings"}
    assert own | {f"limits_{each.name}" for each in fields(SpanLimits)} == set(names)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_precedence(setting: Any, tmp_path: Path) -> None:
    """An argument wins over each of the variables, the first variable over the next, these over pyproject.toml."""
    (argument, from_argument), (text, from_variable), (entry, from_file) = MATRIX[setting.name]
    folder = project(tmp_path, f"{setting.name} = {toml(entry)}")
    assert value(read({}, folder), setting.name) == from_file
    for variable in (each for each in setting.variables if " " not in each):
        assert value(read({variable: text}, folder), setting.name) == from_variable
        given: dict[str, Any] = {setting.name: argument}
        found = value(read({variable: text}, folder, **given), setting.name)
        assert found == (from_argument if setting.name != "resource_attributes" else {"a": "1", "b": "c d"})
    assert value(read({}, NOWHERE, **{setting.name: argument}), setting.name) == from_argument


@pytest.mark.parametrize(
    ("stronger", "weaker", "name", "texts", "expected"),
    [
        ("TELEMETRY_EXPORTER_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT", "endpoint", ("http://a", "http://b"),
         "http://a"),
        ("PROMETHEUS_PORT", "OTEL_EXPORTER_PROMETHEUS_PORT", "prometheus_port", ("1", "2"), 1),
        ("OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES", "service_name", ("a", "service.name=b"), "a"),
        ("TELEMETRY_HOST_REGION", "OTEL_RESOURCE_ATTRIBUTES", "host_region", ("a", "cloud.region=b"), "a"),
        ("TELEMETRY_ENVIRONMENT", "OTEL_RESOURCE_ATTRIBUTES", "environment",
         ("staging", "deployment.environment.name=production"), "staging"),
        ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT", "limits_attribute_count", ("1", "2"), 1),
        ("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT", "limits_link_attribute_count", ("1", "2"), 1),
    ],
)  # fmt: skip
def test_order_of_variables(stronger: str, weaker: str, name: str, texts: tuple[str, str], expected: object) -> None:
    """Ours is stronger than OpenTelemetry's, and the special is stronger than the general."""
    both = {stronger: texts[0], weaker: texts[1]}
    assert value(read(both), name) == expected
    assert value(read({weaker: texts[1]}), name) not in (expected, value(read(), name))


def test_an_empty_variable_is_not_set(tmp_path: Path) -> None:
    """The empty string, and white space, count as nothing for every variable; so does None as an argument."""
    folder = project(tmp_path, 'service_name = "file"')
    empty = {variable: "  " for setting in SETTINGS for variable in setting.variables}
    settings = read(empty, folder, service_name=None, endpoint="", limits=None)
    assert settings == read({}, folder)
    assert (settings.service_name, settings.warnings) == ("file", ())


def test_resource_attributes_add_up(tmp_path: Path) -> None:
    """Each source adds its attributes; where two have one, the stronger source wins."""
    folder = project(tmp_path, 'resource_attributes = {a = "file", b = "file", c = "file"}')
    settings = read({"OTEL_RESOURCE_ATTRIBUTES": "a=env,b=env,,"}, folder, resource_attributes={"a": "argument"})
    assert settings.resource_attributes == {"a": "argument", "b": "env", "c": "file"}


def test_resource_attributes_are_percent_decoded() -> None:
    """Commas, equals signs and anything else stand in the variable as percent-encoded UTF-8."""
    settings = read({"OTEL_RESOURCE_ATTRIBUTES": " key%2Cone = a%2Cb%3Dc , two=%C3%A4 , three=x=y "})
    assert settings.resource_attributes == {"key,one": "a,b=c", "two": "ä", "three": "x=y"}


@pytest.mark.parametrize("text", ["a=%ff", "%ff=a"])
def test_resource_attributes_that_are_no_utf8(text: str) -> None:
    """One attribute that cannot be decoded discards the whole variable, as OpenTelemetry's specification asks."""
    settings = read({"OTEL_RESOURCE_ATTRIBUTES": f"service.name=b,{text}"}, service_name="c")
    assert settings.resource_attributes == {}
    assert settings.warnings[0].startswith(
        f"OTEL_RESOURCE_ATTRIBUTES='service.name=b,{text}': 'utf-8' codec can't decode"
    )


def test_limits_as_a_whole() -> None:
    """Limits that are given as one value replace all that other sources say of them."""
    limits = SpanLimits(event_count=3)
    assert read({"OTEL_SPAN_LINK_COUNT_LIMIT": "5"}, limits=limits).limits == limits
    assert read({"OTEL_SPAN_LINK_COUNT_LIMIT": "5"}).limits == SpanLimits(link_count=5)


@pytest.mark.parametrize("arguments", [{"resource_attributes": {"service.name": "a"}}, {"service_name": "a"}])
def test_the_service_has_one_name(arguments: dict[str, Any]) -> None:
    """`service.name` among the resource attributes is the service's name, and not kept twice."""
    settings = read(**arguments)
    assert (settings.service_name, settings.resource_attributes) == ("a", {})


@pytest.mark.parametrize(
    ("program", "name"),
    [
        (["specc.py"], "specc"),
        (["specc"], "specc"),
        (["-m", "specc"], "specc"),
        (["-c", "import specc"], "python"),
        (["-"], "python"),
    ],
)
def test_the_service_is_called_like_the_program(program: list[str], name: str, tmp_path: Path) -> None:
    """Without a name, the service and component are called like what was started."""
    text = "from telemetry.config import read_settings; s = read_settings(); print(s.service_name, s.component)"
    (tmp_path / "specc.py").write_text(text)
    (tmp_path / "specc").mkdir()
    (tmp_path / "specc" / "__main__.py").write_text(text)
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    shown = subprocess.run([sys.executable, *program], cwd=tmp_path, env=environ, input=text, check=True,
                           capture_output=True, text=True)  # fmt: skip
    assert shown.stdout.split() == [name, name]


@pytest.mark.parametrize(
    ("given", "name", "expected"),
    [
        ({"environment": "offline"}, "host_kind", "offline"),
        ({"environment": "staging"}, "host_kind", "online"),
        ({"environment": "offline", "host_kind": "online"}, "host_kind", "online"),
        ({"service_name": "a"}, "component", "a"),
        ({"service_name": "a", "component": "b"}, "component", "b"),
        ({"traces_exporter": "console"}, "console", True),
        ({"traces_exporter": "console", "console": False}, "console", False),
    ],
)
def test_defaults_that_follow_from_others(given: dict[str, Any], name: str, expected: object) -> None:
    """Some settings follow from others as long as nobody sets them."""
    assert getattr(read(**given), name) == expected


def test_nothing_is_sent_or_served_by_default() -> None:
    """Without settings there is no endpoint and no port, and the rest has these defaults."""
    settings = read(service_name="a")
    assert settings == replace(Settings(), service_name="a", component="a")
    assert (settings.endpoint, settings.prometheus_port, settings.prometheus_host) == (None, None, "127.0.0.1")
    assert (settings.environment, settings.sampler, settings.metric_export_interval_ms) == (
        "development", "parentbased_always_on", 5000,
    )  # fmt: skip


WRONG: list[tuple[str, object, str]] = [
    ("environment", "prod", f"must be one of {', '.join(get_args(Environment))} (did you mean 'production'?)"),
    ("environment", "zebra", "must be one of development, staging, production, online, offline"),
    ("endpoint", "localhost:4318", "must be an http or https URL, such as http://127.0.0.1:4318"),
    ("endpoint", "http://", "must be an http or https URL, such as http://127.0.0.1:4318"),
    ("endpoint", "http://a b", "must be an http or https URL, such as http://127.0.0.1:4318"),
    ("endpoint", "ftp://a", "must be an http or https URL, such as http://127.0.0.1:4318"),
    ("endpoint", "http://a:70000", "Port out of range 0-65535"),
    ("prometheus_port", "65536", "must be a whole number, 0 to 65535"),
    ("prometheus_port", "-1", "must be a whole number, 0 to 65535"),
    ("prometheus_port", "80.0", "must be a whole number, 0 to 65535"),
    ("prometheus_port", "http", "must be a whole number, 0 to 65535"),
    ("sampler", "ratio", f"must be one of {', '.join(get_args(Sampler))} (did you mean 'traceidratio'?)"),
    ("sampler_arg", "1.5", "must be a number, 0 to 1"),
    ("sampler_arg", "nan", "must be a number, 0 to 1"),
    ("sampling_rules", "[", "must be JSON: Expecting value: line 1 column 2 (char 1)"),
    ("sampling_rules", '{"name": "a"}', "must be a list of tables"),
    ("sampling_rules", '[{"of": 1}]', "rule {'of': 1} has 'of'; a rule may have name, attributes, ratio, per_second"),
    ("sampling_rules", '[{"ratio": 2}]', "must be a number, 0 to 1"),
    ("flags", "a=120%", "must be a number, 0 to 100"),
    ("flags", "=on", "must be a list of pattern=share, with a comma between them"),
    ("incoming", "trust", "must be one of continue, link, refuse"),
    ("shutdown_timeout_seconds", "inf", "must be a number, 0 to 3600"),
    ("batch_queue_size", "0", "must be a whole number, 1 or more"),
    ("traces_exporter", "otlp,zipkin", "must be one of otlp, console, prometheus, none"),
    ("console", "maybe", "must be one of true, false, 1, 0, yes, no, on, off"),
    ("disabled", "1", "must be one of true, false"),
    ("run_id", "a\nb", "must be a line of text"),
    ("resource_attributes", "a", "must be a list of key=value, with a comma between them"),
    ("resource_attributes", "=a", "must be a list of key=value, with a comma between them"),
    ("limits_event_count", "many", "must be a whole number, 0 or more"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "problem"), WRONG)
def test_a_wrong_argument(name: str, text: object, problem: str) -> None:
    """A wrong argument raises, with its name and value and what would be right."""
    with pytest.raises(ConfigurationError) as caught:
        read({}, NOWHERE, **{name: text})
    assert str(caught.value) == f"{name}={text!r}: {problem}; correct it, or leave it out"


@pytest.mark.parametrize(("name", "text", "problem"), WRONG)
def test_a_wrong_variable(name: str, text: str, problem: str) -> None:
    """A wrong variable of ours raises; OpenTelemetry's are ignored with a warning, as its specification asks."""
    setting = next(each for each in SETTINGS if each.name == name)
    for variable in (each for each in setting.variables if " " not in each):
        expected = f"{variable}={text!r}: {problem}"
        if variable.startswith("OTEL_"):
            settings = read({variable: text}, service_name="a")
            assert settings == read(service_name="a")
            assert settings.warnings == (f"{expected}; it is ignored",)
        else:
            with pytest.raises(ConfigurationError) as caught:
                read({variable: text})
            assert str(caught.value) == f"{expected}; correct it, or leave it out"


@pytest.mark.parametrize(("name", "text", "problem"), WRONG)
def test_a_wrong_entry_of_a_file(name: str, text: str, problem: str, tmp_path: Path) -> None:
    """A wrong entry of pyproject.toml raises, with the file and the key."""
    folder = project(tmp_path, f"{name} = {toml(text)}")
    with pytest.raises(ConfigurationError) as caught:
        read({}, folder)
    assert str(caught.value) == f"{folder}/pyproject.toml: {name}={text!r}: {problem}; correct it, or leave it out"


@pytest.mark.parametrize(
    ("name", "given"),
    [("prometheus_port", True), ("prometheus_port", 1.0), ("sampler_arg", False), ("sampler", 3), ("registry", 3),
     ("registry", [3]), ("run_id", 3), ("traces_exporter", 3), ("traces_exporter", [3]), ("endpoint", b"http://a"),
     ("resource_attributes", 3), ("resource_attributes", {"a": 1}), ("console", 2), ("limits", 3)],
)  # fmt: skip
def test_arguments_of_a_wrong_type(name: str, given: object) -> None:
    """No type of a value gets past the check, or raises anything else."""
    with pytest.raises(ConfigurationError, match=f"^{name}="):
        read({}, NOWHERE, **{name: given})


def test_a_wrong_value_that_does_not_count() -> None:
    """A source that is not asked, because a stronger one has the setting, may hold anything."""
    settings = read(
        {"TELEMETRY_ENVIRONMENT": "prod", "OTEL_TRACES_SAMPLER": "x"}, environment="staging", sampler="always_on"
    )
    assert (settings.environment, settings.warnings) == ("staging", ())


def test_a_wrong_variable_leaves_the_next_one() -> None:
    """After a variable that is ignored, the next source is asked."""
    environ = {"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "x", "OTEL_ATTRIBUTE_COUNT_LIMIT": "5"}
    assert read(environ).limits == SpanLimits(attribute_count=5, event_attribute_count=5, link_attribute_count=5)


def test_an_environment_in_the_resource() -> None:
    """An environment of OpenTelemetry's resource that the contracts do not know is ignored with a warning."""
    settings = read({"OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=prod"})
    assert settings.environment == "development"
    assert settings.warnings[0].startswith(
        "OTEL_RESOURCE_ATTRIBUTES deployment.environment.name='prod': must be one of"
    )


def test_names_that_are_no_settings(tmp_path: Path) -> None:
    """A slip in a name is found wherever it is: it raises, and for a variable it is a warning."""
    with pytest.raises(
        ConfigurationError, match=r"^argument 'enviroment' is no setting \(did you mean 'environment'\?\)$"
    ):
        read(enviroment="staging")
    with pytest.raises(
        ConfigurationError, match=r"pyproject.toml: \[tool.telemetry\] 'endpiont' is no setting \(did you"
    ):
        read({}, project(tmp_path, 'endpiont = "http://a"'))
    settings = read({"TELEMETRY_ENVIROMENT": "staging", "TELEMETRY_PURE": "1", "TELEMETRY_ZZZZZZZZ": "1"})
    assert settings.warnings == (
        "TELEMETRY_ENVIROMENT is no setting (did you mean 'TELEMETRY_ENVIRONMENT'?); it is ignored",
    )


@pytest.mark.parametrize(
    ("variable", "text", "warning"),
    [
        ("PROMETHEUS_PORT", "tcp://10.0.0.7:90", "PROMETHEUS_PORT='tcp://10.0.0.7:90' is of Kubernetes; it is ignored"),
        ("OTEL_CONFIG_FILE", "a", "OTEL_CONFIG_FILE is not supported; it is ignored, and the other variables are not"),
        (
            "OTEL_EXPORTER_OTLP_TIMEOUT",
            "10",
            "OTEL_EXPORTER_OTLP_TIMEOUT is less than 0.1 seconds: it counts milliseconds, as specified",
        ),
    ],
)
def test_traps(variable: str, text: str, warning: str) -> None:
    """What other systems set, or users mean otherwise, is pointed out, and stops nothing."""
    assert read({variable: text}).warnings == (warning,)


def test_no_password_is_shown() -> None:
    """A password in a URL appears in no message."""
    for url in ("http://user:p@ss@", "ftp://user:p@ss@host/x"):
        with pytest.raises(ConfigurationError) as caught:
            read(endpoint=url)
        assert "p@ss" not in str(caught.value)
        assert "ss@" not in read({"OTEL_EXPORTER_OTLP_ENDPOINT": url}).warnings[0]
    difference = read(endpoint="http://user:p@ss@host").difference(read())
    assert "endpoint: 'http://***@host' is not None" in difference


def test_a_long_value_is_cut_off() -> None:
    """A message stays readable whatever the value is."""
    assert len(read({"OTEL_BSP_MAX_QUEUE_SIZE": "9" * 10_000}).warnings[0]) < 300


def test_the_nearest_pyproject_counts(tmp_path: Path) -> None:
    """The search goes upward and stops at the first pyproject.toml, with or without settings in it."""
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    project(tmp_path, 'service_name = "outer"')
    assert read({}, inner).service_name == "outer"
    (tmp_path / "a" / "pyproject.toml").write_text("[project]\nname = 'a'\n")
    assert read({}, inner).service_name != "outer"


def test_files_are_relative_to_what_names_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Registry files of pyproject.toml lie beside it; those of the environment and of arguments where one works."""
    (tmp_path / "inner").mkdir()
    project(tmp_path, 'registry = ["a.json", "sub/b.json"]')
    monkeypatch.chdir(tmp_path / "inner")
    assert read_settings({}).registry == (tmp_path / "a.json", tmp_path / "sub/b.json")
    inner = tmp_path / "inner" / "c.json"
    assert read_settings({"TELEMETRY_REGISTRY": f"c.json{os.pathsep}"}).registry == (inner,)
    assert read_settings({}, registry=Path("c.json")).registry == (inner,)
    assert read_settings({}, registry=["c.json", Path("/d.json")]).registry == (inner, Path("/d.json"))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[tool.telemetry\n", "is not TOML: "),
        pytest.param(f"[tool.telemetry]\nx = {'[' * 20_000}\n", "is not TOML: ", id="deep"),
        ("[tool]\ntelemetry = 3\n", "tool.telemetry is no table; write its keys below [tool.telemetry]"),
        ("[tool.telemetry]\nlimits = {event_count = 3}\n", "must be SpanLimits; files have limits_… keys"),
    ],
)
def test_a_broken_pyproject(text: str, problem: str, tmp_path: Path) -> None:
    """A file that mentions us and cannot be read raises."""
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(ConfigurationError, match=r"limits|pyproject\.toml") as caught:
        read({}, tmp_path)
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    "content", [b"not = [toml", b"\xff\xfe", b"", b"tool = 3\n# telemetry\n", b"[tool]\n# telemetry\n"]
)
def test_a_pyproject_of_others(content: bytes, tmp_path: Path) -> None:
    """A file without settings of ours is nobody's business here, broken or not."""
    (tmp_path / "pyproject.toml").write_bytes(content)
    assert read({}, tmp_path) == read()


def test_a_working_directory_that_is_gone(tmp_path: Path) -> None:
    """A process whose working directory was removed reads its settings all the same."""
    gone = tmp_path / "gone"
    gone.mkdir()
    program = (
        "import os; os.rmdir(os.getcwd()); from telemetry.config import read_settings; print(read_settings({}).console)"
    )
    start = f"import sys; sys.path[:] = {[each for each in sys.path if each]!r}\n{program}"
    shown = subprocess.run([sys.executable, "-c", start], cwd=gone, check=True, capture_output=True, text=True)
    assert shown.stdout.strip() == "False"


def test_settings_are_values() -> None:
    """Equal settings are equal and hash alike, whatever was ignored on the way; they go to worker processes."""
    one, two = read(service_name="a"), read({"OTEL_TRACES_SAMPLER": "x"}, service_name="a")
    assert one.warnings != two.warnings
    assert (one == two, hash(one) == hash(two), one.difference(two)) == (True, True, "")
    assert pickle.loads(pickle.dumps(one)) == one


def test_the_difference_names_both_values() -> None:
    """Whoever configures twice learns which settings are in the way."""
    one, two = read(service_name="a", sampler_arg=0.5), read(service_name="b", sampler_arg=0.25)
    assert one.difference(two) == (
        "service_name: 'a' is not 'b', component: 'a' is not 'b', sampler_arg: 0.5 is not 0.25"
    )


@given(st.dictionaries(st.sampled_from([name for each in SETTINGS for name in each.variables if " " not in name]),
                       st.text(st.characters(exclude_characters="\0"), max_size=12), max_size=5))  # fmt: skip
def test_any_environment_has_an_answer(environ: dict[str, str]) -> None:
    """Whatever variables hold, reading them gives settings or a ConfigurationError, and nothing else."""
    try:
        assert isinstance(read(environ), Settings)
    except ConfigurationError as error:
        assert any(name in str(error) for name in environ)  # noqa: PT017 -- both outcomes are right


def test_the_process_is_the_default() -> None:
    """Without arguments the settings, the carrier and a child's environment come from the process."""
    program = (
        "from telemetry.config import *; import os; before = dict(os.environ)\n"
        "print(read_settings().environment, carrier(), child_environment({'B': '2'})['A'], os.environ == before)"
    )
    environ = {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "TELEMETRY_ENVIRONMENT": "staging",
        "TRACEPARENT": "00-1",
        "A": "1",
    }
    shown = subprocess.run([sys.executable, "-c", program], env=environ, check=True, capture_output=True, text=True)
    assert shown.stdout.strip() == "staging {'traceparent': '00-1'} 1 True"


def test_carrier() -> None:
    """The three variables of the trace context come under their header names, as they are; empty ones do not."""
    environ = {
        "TRACEPARENT": "garbage, not ours to judge",
        "TRACESTATE": "",
        "BAGGAGE": "a=b",
        "traceparent": "x",
        "C": "d",
    }
    assert carrier(environ) == {"traceparent": "garbage, not ours to judge", "baggage": "a=b"}
    assert carrier({}) == {}


def test_child_environment() -> None:
    """A child gets a copy with the extras, which win; nothing that was given is changed."""
    environ = {"A": "1", "B": "2"}
    child = child_environment({"B": "3", "C": "4"}, environ)
    assert (child, environ) == ({"A": "1", "B": "3", "C": "4"}, {"A": "1", "B": "2"})


def test_reading_is_cheap() -> None:
    """Importing the module, and reading settings where no file is ours, pulls in no parser and no path library."""
    heavy = {"pathlib", "tomllib", "difflib", "urllib.parse", "json", "importlib.metadata"}
    program = (
        "from telemetry.config import read_settings; read_settings({}, '/')\n"
        f"import sys; print(sorted({heavy!r} & set(sys.modules)))"
    )
    start = f"import sys; sys.path[:] = {sys.path!r}\n{program}"
    shown = subprocess.run([sys.executable, "-S", "-c", start], check=True, capture_output=True, text=True)
    assert shown.stdout.strip() == "[]"


def test_the_example_of_the_documentation(tmp_path: Path) -> None:
    """The pyproject.toml that the documentation shows is read as it says."""
    example = DOCUMENT.read_text(encoding="utf-8").partition("```toml\n")[2].partition("```")[0]
    (tmp_path / "pyproject.toml").write_text(example, encoding="utf-8")
    settings = read({}, tmp_path)
    assert (settings.environment, settings.traces_exporter) == ("staging", ("otlp", "console"))
    assert settings.registry == (tmp_path / "contracts" / "team.json",)
    assert settings.limits == SpanLimits(attribute_value_length=4096)
    assert settings.resource_attributes == {"service.namespace": "compilers"}


def documented() -> dict[str, tuple[list[str], str]]:
    """Read the table of the documentation: name to its variables and its default."""
    _, _, table = DOCUMENT.read_text(encoding="utf-8").partition("## All settings")
    rows = [line.split("|")[1:-1] for line in table.splitlines() if line.startswith("| `")]
    return {
        cells[0].strip().strip("`"): (
            [each.strip(" `") for each in cells[1].split(",") if each.strip()],
            cells[2].strip(),
        )
        for cells in rows
    }


def test_the_documentation_has_every_setting() -> None:
    """The table of the documentation has each setting with its variables, in order, and its default."""
    table = documented()
    assert list(table) == [setting.name for setting in SETTINGS]
    computed = {"service_name", "component", "host_kind", "console", "run_id"}
    for setting in SETTINGS:
        variables, default = table[setting.name]
        assert variables == list(setting.variables), setting.name
        if setting.name not in computed:
            assert default == shown_default(value(Settings(), setting.name)), setting.name


def shown_default(default: object) -> str:
    """Write a default as the table does."""
    if default is None or default in ((), {}):
        return "none"
    if isinstance(default, tuple):
        return f"`{','.join(default)}`"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"
