"""What `telemetry contracts import` makes of scrapes, registries and semantic conventions."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import prometheus_client as prometheus
import pytest
import typer
from prometheus_client.exposition import generate_latest as classic_text
from prometheus_client.openmetrics import exposition
from typer.testing import CliRunner, Result

from telemetry.cli.contracts.import_ import import_
from telemetry.contracts import Registry, check_registry, load_registry

SCRAPED = prometheus.CollectorRegistry()
open_text: Callable[[prometheus.CollectorRegistry], bytes] = exposition.generate_latest
REASON = "as it is."


def _fill() -> None:
    """Record in a registry of prometheus_client one metric of each kind."""
    jobs = prometheus.Counter("jobs", "Jobs done.", ["user_id", "kind"], registry=SCRAPED)
    jobs.labels("7", "a").inc()
    prometheus.Gauge("temperature_celsius", "How warm it is.", registry=SCRAPED).set(3)
    sizes = prometheus.Histogram("size_bytes", "Sizes.", ["kind"], buckets=(10, 100, 1000), registry=SCRAPED)
    sizes.labels("a").observe(50)
    prometheus.Summary("wait_seconds", "Waits.", registry=SCRAPED).observe(2)
    prometheus.Info("build", "The build.", registry=SCRAPED).info({"version": "1"})
    prometheus.Enum("mode", "The mode.", states=["on", "off"], registry=SCRAPED)
    prometheus.Gauge("silent", "Nothing yet.", ["kind"], registry=SCRAPED)
    prometheus.Gauge("undescribed", "", registry=SCRAPED).set(1)


_fill()


def run(*arguments: object) -> Result:
    """Run the command with these arguments."""
    app = typer.Typer()
    app.command()(import_)
    return CliRunner().invoke(app, [str(each) for each in arguments])


def imported(source: object, folder: Path) -> tuple[Registry, Result]:
    """Import something, see that the file is accepted, and load it."""
    path = folder / "theirs.json"
    done = run(source, "--owner", "them", "--output", path)
    assert done.exit_code == 0, done.output
    assert [str(each) for each in check_registry(path) if each.level == "error"] == []
    return load_registry(path), done


def test_a_registry_of_prometheus_client(tmp_path: Path) -> None:
    """Kinds, labels, units and buckets are carried; rules that names break are waived with the reason."""
    registry, _ = imported(f"{__name__}:SCRAPED", tmp_path)
    jobs, sizes = registry.metric("jobs_total"), registry.metric("size_bytes")
    assert (jobs.kind, jobs.labels, jobs.owner, jobs.stability) == (
        "counter",
        ("user_id", "kind"),
        "them",
        "experimental",
    )
    assert {"bounded_labels", "environment_label"} <= jobs.waive.keys()
    assert all(reason.endswith(REASON) for reason in jobs.waive.values())
    assert (sizes.kind, sizes.unit, sizes.bounds, sizes.labels) == ("histogram", "bytes", (10, 100, 1000), ("kind",))
    assert registry.metric("build_info").labels == ("version",)
    assert "user_id" in jobs.labels and "jobs_created" not in registry.metrics


@pytest.mark.parametrize("encode", [classic_text, open_text])
def test_a_scrape_in_a_file(tmp_path: Path, encode: Any) -> None:
    """Both formats of a scrape give the same contracts, but for the types that only one of them has."""
    path = tmp_path / "scrape.txt"
    path.write_bytes(encode(SCRAPED))
    registry, done = imported(path, tmp_path)
    assert registry.metrics.keys() >= {"jobs_total", "size_bytes", "temperature_celsius", "build_info"}
    assert not [name for name in registry.metrics if name.endswith("_created")]
    assert registry.metric("jobs_total").kind == "counter"
    assert registry.metric("size_bytes").bounds == (10, 100, 1000)
    assert "metric wait_seconds: a summary without quantiles" in done.stderr


def test_what_is_lost_is_named(tmp_path: Path) -> None:
    """What has no kind here, or nothing to tell its labels by, is told with the reason."""
    path = tmp_path / "scrape.txt"
    path.write_bytes(open_text(SCRAPED))
    registry, done = imported(path, tmp_path)
    assert sorted(done.stderr.splitlines()) == [
        "metric mode: there is no kind for the type 'stateset'",
        "metric silent: has no series yet, so its labels are not known",
        "metric undescribed: has no description; write one",
        "metric wait_seconds: a summary without quantiles",
    ]
    assert registry.metrics.keys() == {"jobs_total", "size_bytes", "temperature_celsius", "build_info", "undescribed"}
    assert "5 metrics" in done.stdout and "to look at: 4" in done.stdout


def test_a_type_that_is_not_known(tmp_path: Path) -> None:
    """A series without a type becomes a gauge, and a quantile of a summary is carried."""
    path = tmp_path / "scrape.txt"
    path.write_text('load 1\n# TYPE wait summary\nwait{quantile="0.5"} 1\nwait_sum 1\nwait_count 1\n')
    registry, done = imported(path, tmp_path)
    assert (registry.metric("load").kind, registry.metric("wait").quantiles) == ("gauge", (0.5,))
    assert "metric load: its type is not known; taken for a gauge" in done.stderr


@pytest.fixture
def address() -> Iterator[str]:
    """Serve the scrape."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Answer with the scrape."""
            self.send_response(200)
            self.end_headers()
            self.wfile.write(classic_text(SCRAPED))

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/metrics"
        server.shutdown()
        thread.join()


def test_a_scrape_from_a_url(tmp_path: Path, address: str) -> None:
    """What a running program exposes is imported from there, and the waivers say from where."""
    registry, _ = imported(address, tmp_path)
    assert registry.metric("jobs_total").waive["environment_label"] == f"Imported from {address} as it is."


def test_credentials_of_a_url_stay_out(tmp_path: Path, address: str) -> None:
    """Neither the file nor a message has the user, the password or the query that a source was asked with."""
    secret = address.replace("://", "://ada:hunter2@") + "?token=s3cr3t&x=1#y"
    registry, _ = imported(secret, tmp_path)
    assert registry.metric("jobs_total").waive["environment_label"] == f"Imported from {address} as it is."
    refused = "http://ada:hunter2@127.0.0.1:1/metrics?token=s3cr3t"
    broken = "http://ada:hun/ter2@127.0.0.1/metrics?token=s3cr3t"
    said = (tmp_path / "theirs.json").read_text()
    for source in (refused, broken, "HTTP" + refused[4:], f"{secret}.yaml"):
        done = run(source, "--owner", "them", "--output", tmp_path / "more.json")
        assert done.exit_code == 2, done.output
        said += done.output
    assert not [word for word in ("ada", "hunter2", "hun/", "ter2", "s3cr3t") if word in said], said


HTTP: Mapping[str, Any] = {
    "groups": [
        {
            "id": "registry.http",
            "type": "attribute_group",
            "brief": "HTTP.",
            "attributes": [
                {
                    "id": "http.request.method",
                    "type": {"members": [{"id": "get", "value": "GET"}, {"id": "post", "value": "POST"}]},
                    "brief": "The method",
                    "stability": "stable",
                },
                {"id": "http.response.status_code", "type": "int", "brief": "The status.", "stability": "stable"},
                {"id": "http.request.header", "type": "template[string[]]", "brief": "The headers."},
                {"id": "http.body", "type": "any", "brief": "The body."},
                {"id": "http.password", "type": "string", "brief": "A password."},
            ],
        },
        {
            "id": "metric.http.server.request.duration",
            "type": "metric",
            "metric_name": "http.server.request.duration",
            "instrument": "histogram",
            "unit": "s",
            "brief": "How long requests take",
            "stability": "stable",
            "attributes": [
                {"ref": "http.request.method", "requirement_level": "required"},
                {"ref": "http.response.status_code", "requirement_level": {"conditionally_required": "if sent"}},
                {"ref": "http.request.header", "requirement_level": "opt_in"},
                {"ref": "http.unknown"},
            ],
        },
        {
            "id": "metric.http.old",
            "type": "metric",
            "metric_name": "http.old",
            "instrument": "updowncounter",
            "unit": "{request}",
            "brief": "Old.",
            "deprecated": {"reason": "obsoleted"},
        },
        {"id": "trait.http", "type": "attribute_group", "attributes": [{"ref": "http.request.method"}]},
        {
            "id": "span.http.client",
            "type": "span",
            "span_kind": "client",
            "brief": "A request",
            "extends": "trait.http",
            "attributes": [
                {"ref": "http.response.status_code", "requirement_level": "required", "brief": "What came back."}
            ],
        },
        {"id": "entity.host", "type": "entity"},
    ]
}


def test_conventions_are_carried(tmp_path: Path) -> None:
    """References, enumerations, stability and requirement levels keep their meaning."""
    path = tmp_path / "http.json"
    path.write_text(json.dumps(HTTP))
    registry, _ = imported(path, tmp_path)
    duration = registry.metric("http_server_request_duration_seconds")
    assert (duration.kind, duration.unit, duration.stability) == ("histogram", "seconds", "stable")
    assert duration.labels == ("http_request_method", "http_response_status_code")
    assert duration.values == {"http_request_method": {"GET", "POST"}}
    assert duration.description == "How long requests take."
    old = registry.metric("http_old")
    assert (old.kind, old.unit, old.across, old.stability) == ("gauge", "requests", "sum", "deprecated")
    assert "deprecation_day" in old.waive
    span = registry.span("http.client")
    assert (span.kind, span.description) == ("client", "A request.")
    status = span.attributes["http.response.status_code"]
    assert (status.type, status.required, status.description) == ("int", "always", "What came back.")
    assert span.attributes["http.request.method"].values == {"GET", "POST"}
    assert registry.attributes["http.request.header.*"].is_family
    assert registry.attributes["http.password"].sensitivity == "secret"


def test_what_conventions_lose_is_named(tmp_path: Path) -> None:
    """Types that there are not, unknown references, opt-in labels and chosen buckets are told."""
    path = tmp_path / "http.json"
    path.write_text(json.dumps(HTTP))
    _, done = imported(path, tmp_path)
    assert sorted(done.stderr.splitlines()) == [
        "attribute http.body: there is no type 'any' here",
        "group entity.host: there is no contract for the type 'entity'",
        "group metric.http.server.request.duration: refers to 'http.unknown', which is not among the groups",
        "metric http.server.request.duration: its attribute 'http.request.header' is left out, being opt-in",
        "metric http.server.request.duration: the conventions name no buckets; it has usual ones",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not JSON"),
        ('{"groups": 3}', "'groups' must be a list; it is 3"),
        ('{"metrics": []}', "has no 'groups'"),
        ('{"groups": [{"id": "x", "type": "metrics"}]}', "did you mean 'metric'?"),
        ('{"x": ' + "[" * 100_000, "is nested too deeply"),
        ("what is { this", "is no scrape of Prometheus"),
        ("\xff", "is no scrape of Prometheus"),
    ],
)
def test_sources_that_are_none(tmp_path: Path, text: str, words: str) -> None:
    """What cannot be read is told, and nothing is written."""
    path = tmp_path / "source"
    path.write_text(text)
    done = run(path, "--owner", "me", "--output", tmp_path / "out.json")
    assert (done.exit_code, words in done.stderr, (tmp_path / "out.json").exists()) == (2, True, False), done.output


@pytest.mark.parametrize("source", ["nowhere.txt", "nowhere:REGISTRY", "json:dumps", "http://127.0.0.1:1/metrics"])
def test_sources_that_are_nowhere(tmp_path: Path, source: str) -> None:
    """A file, a module and an address that are not there are bad usage."""
    done = run(source, "--owner", "me", "--output", tmp_path / "out.json")
    assert (done.exit_code, done.stderr.startswith(f"telemetry: {source}: ")) == (2, True), done.output


def test_nothing_to_carry(tmp_path: Path) -> None:
    """A source of which nothing is left fails, and says what was lost."""
    path = tmp_path / "scrape.txt"
    path.write_text("# TYPE a summary\na_sum 1\na_count 1\n")
    done = run(path, "--owner", "me", "--output", tmp_path / "out.json")
    assert (done.exit_code, (tmp_path / "out.json").exists()) == (1, False)
    assert "metric a: a summary without quantiles" in done.stderr and "nothing in" in done.stderr


def test_files_are_spared(tmp_path: Path) -> None:
    """What is there already is not written over."""
    path = tmp_path / "out.json"
    path.write_text("mine")
    done = run(path, "--owner", "me", "--output", path)
    assert (done.exit_code, path.read_text(), "is there already" in done.stderr) == (2, "mine", True)


def test_a_module_of_this_folder(tmp_path: Path) -> None:
    """The installed command finds a module where it was started, as `python -m` does."""
    (tmp_path / "mine.py").write_text(
        "import prometheus_client as p\nR = p.CollectorRegistry()\np.Gauge('heat', 'Heat.', registry=R).set(1)\n"
    )
    program = "import sys; sys.path.remove(''); from telemetry.cli import main; main()"
    command = [sys.executable, "-c", program, "contracts", "import", "mine:R", "--owner", "me", "-o", "out.json"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert load_registry(tmp_path / "out.json").metric("heat").description == "Heat."


def test_it_is_a_command_of_its_group(tmp_path: Path) -> None:
    """`telemetry contracts import` runs as a process, and `telemetry contracts check` accepts what it wrote."""
    path, out = tmp_path / "scrape.txt", tmp_path / "out.json"
    path.write_bytes(open_text(SCRAPED))
    program = "from telemetry.cli import main; main()"
    command = [sys.executable, "-c", program, "contracts"]
    subprocess.run([*command, "import", path, "--owner", "me", "-o", out], check=True, capture_output=True)
    subprocess.run([*command, "check", out], check=True, capture_output=True)
