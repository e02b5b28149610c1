"""The scrape endpoint, as Prometheus, curl and hostile clients meet it."""

from __future__ import annotations

import gzip
import os
import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread
from threading import enumerate as living_threads
from time import monotonic, sleep

import httpx
import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from tests.engines import needs

from telemetry.errors import ConfigurationError, PortInUseError
from telemetry.export import neighbour, openmetrics_text, prometheus_text
from telemetry.export.scrape import ScrapeServer
from telemetry.signals import Family

from .families import ALL, COUNTER, GAUGE, Fixed
from .servers import Prometheus, eventually, fetch, in_child


@pytest.fixture
def registry() -> CollectorRegistry:
    """An empty registry of prometheus_client."""
    return CollectorRegistry(auto_describe=True)


@pytest.fixture
def server(registry: CollectorRegistry) -> Iterator[ScrapeServer]:
    """A running endpoint on a free port."""
    with ScrapeServer(Fixed(), registry=registry) as running:
        yield running


def test_classic_text_by_default(server: ScrapeServer) -> None:
    """Who asks for nothing in particular gets the classic text of all families."""
    answer = fetch(server.url, headers={"accept-encoding": "identity"})
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.content == prometheus_text(ALL)


def test_openmetrics_when_asked(server: ScrapeServer) -> None:
    """Who asks for OpenMetrics gets it, with one end."""
    answer = fetch(server.url, headers={"accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert answer.content == openmetrics_text(ALL)


def test_gzip_when_accepted(server: ScrapeServer) -> None:
    """The body is compressed for who accepts it, and caches are told that it depends on that."""
    with httpx.stream("GET", server.url, headers={"accept-encoding": "gzip"}) as answer:
        body = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept, Accept-Encoding"
    assert gzip.decompress(body) == prometheus_text(ALL)


def test_registry_is_served_besides(server: ScrapeServer, registry: CollectorRegistry) -> None:
    """What the application counts with prometheus_client is on the same page, in both formats."""
    Counter("jobs", "Jobs.", registry=registry).inc(7)
    assert "jobs_total 7.0\n" in fetch(server.url).text
    page = fetch(server.url, headers={"accept": "application/openmetrics-text"}).text
    names = [family.name for family in text_string_to_metric_families(page)]  # type: ignore[no-untyped-call]
    assert names.count("jobs") == 1
    assert len(names) == len(ALL) + 1


def test_ours_stand_once(server: ScrapeServer, registry: CollectorRegistry) -> None:
    """Neither our own families in the registry nor a metric of the same name there appears a second time."""
    neighbour.install(server_source := Fixed(), registry)
    with ScrapeServer(server_source, registry=registry) as other:
        Counter("compile_success", "The same name.", registry=registry).inc()
        Gauge("verification_block_rate", "The same name.", registry=registry).set(9)
        for url in (server.url, other.url):
            assert fetch(url).content == prometheus_text(ALL)


def test_a_scrape_takes_one_snapshot(registry: CollectorRegistry) -> None:
    """Our families in the registry are not collected a second time while we serve them ourselves."""

    class Counting:
        """A source that counts its snapshots."""

        snapshots = 0

        def families(self) -> Sequence[Family]:
            """Take a snapshot."""
            self.snapshots += 1
            return ALL

    source = Counting()
    neighbour.install(source, registry)
    with ScrapeServer(source, registry=registry) as running:
        fetch(running.url)
    assert source.snapshots == 1


def test_default_registry_has_the_process_metrics() -> None:
    """Without a registry named, the page has what prometheus_client's own collectors give."""
    with ScrapeServer(Fixed()) as running:
        page = fetch(running.url).text
    assert "\npython_info{" in page
    assert "\nprocess_resident_memory_bytes " in page


class Broken:
    """A collector that gives one family and then fails."""

    def collect(self) -> Iterable[Metric]:
        """Fail halfway."""
        yield GaugeMetricFamily("before", "Before the failure.", 1)
        raise RuntimeError("no database")


class Unwritable:
    """A collector with a value that is no number."""

    def describe(self) -> Iterable[Metric]:
        """Claim nothing."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Give a broken family and a good one."""
        yield GaugeMetricFamily("broken", "No number.", "x")  # type: ignore[arg-type]
        yield GaugeMetricFamily("good", "A number.", 1)


def test_a_broken_collector_does_not_take_ours_down(capsys: pytest.CaptureFixture[str]) -> None:
    """A collector of the application that raises costs its own families, and says so once."""
    registry = CollectorRegistry()
    registry.register(Broken())
    with ScrapeServer(Fixed(), registry=registry) as running:
        first, second = fetch(running.url).text, fetch(running.url).text
    assert (
        first
        == second
        == prometheus_text(ALL).decode() + "# HELP before Before the failure.\n# TYPE before gauge\nbefore 1.0\n"
    )
    assert capsys.readouterr().err.count("no database") == 1


def test_an_unwritable_value_costs_its_own_family(capsys: pytest.CaptureFixture[str]) -> None:
    """A family that cannot be written is left out, and the others of the same collector stay."""
    registry = CollectorRegistry()
    registry.register(Unwritable())
    with ScrapeServer(Fixed([GAUGE]), registry=registry) as running:
        page = fetch(running.url).text
    assert "good 1.0" in page
    assert "broken" not in page
    assert "metric 'broken'" in capsys.readouterr().err


def test_a_broken_source_is_an_error_that_stderr_explains(
    registry: CollectorRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    """When our own families cannot be had, the scraper sees a failure and no half page."""

    class Failing:
        """A source without a snapshot."""

        def families(self) -> Sequence[Family]:
            """Fail."""
            raise OSError("page gone")

    with ScrapeServer(Failing(), registry=registry) as running:
        answer = fetch(running.url)
    assert answer.status_code == 500
    assert "page gone" not in answer.text
    assert "page gone" in capsys.readouterr().err


def test_other_paths(server: ScrapeServer) -> None:
    """There is a health page, and nothing else."""
    base = server.url.removesuffix("/metrics")
    assert (fetch(f"{base}/healthz").status_code, fetch(f"{base}/healthz").text) == (200, "ok\n")
    assert [fetch(base + path).status_code for path in ("/", "/metrics/", "/../etc/passwd")] == [404, 404, 404]


def test_head_has_headers_only(server: ScrapeServer) -> None:
    """HEAD tells the length that GET would have, and sends no body."""
    headers = {"accept-encoding": "identity"}
    answer = fetch(server.url, "HEAD", headers=headers)
    assert answer.content == b""
    assert int(answer.headers["content-length"]) == len(fetch(server.url, headers=headers).content)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "BREW"])
def test_other_methods_are_refused(server: ScrapeServer, method: str) -> None:
    """A method that changes something gets 405 with the list of those that are answered, whatever body it sends."""
    answer = fetch(server.url, method, content=b"x" * 50_000)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_a_refused_body_is_read_to_its_end(server: ScrapeServer) -> None:
    """A client that is still sending when it is refused gets the answer, and no reset."""
    with socket.create_connection((server.host, server.port)) as client:
        client.sendall(b"POST /metrics HTTP/1.1\r\nContent-Length: 20000\r\n\r\n" + b"x" * 10_000)
        sleep(0.1)
        client.sendall(b"x" * 5_000)
        sleep(0.1)
        client.sendall(b"x" * 5_000)
        assert b" 405 " in client.recv(1 << 16)


GARBAGE = [
    b"",
    b"\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"A" * 70_000,
    b"GET /metrics HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
]


@pytest.mark.parametrize("sent", GARBAGE)
def test_garbage_is_survived_in_silence(server: ScrapeServer, sent: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    """A client that speaks no HTTP, or goes away, leaves no traceback, and the next scrape is served."""
    with socket.create_connection((server.host, server.port)) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        client.settimeout(5)
        with suppress(ConnectionResetError):
            client.recv(1 << 16)
    assert fetch(server.url).status_code == 200
    assert capfd.readouterr() == ("", "")


def test_slow_clients_do_not_hold_up_a_scrape(server: ScrapeServer) -> None:
    """Clients that send half a request and wait leave the others their answers, and are cut off at the end."""
    slow = [socket.create_connection((server.host, server.port)) for _ in range(10)]
    for client in slow:
        client.sendall(b"GET /metrics HT")
    began = monotonic()
    assert fetch(server.url).status_code == 200
    server.close()
    assert monotonic() - began < 1
    for client in slow:
        client.settimeout(1)
        assert client.recv(1) == b""
        client.close()


def test_a_client_that_does_not_read_leaves_no_traceback(
    registry: CollectorRegistry, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A page that the client does not take is given up after a while, in silence."""
    monkeypatch.setattr("telemetry.export.scrape._Handler.timeout", 0.2)
    long = Family("long", "gauge", "", "x" * 20_000_000, (), ())
    with ScrapeServer(Fixed([long]), registry=registry) as running:
        before = set(living_threads())
        with socket.create_connection((running.host, running.port)) as client:
            client.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
            assert eventually(lambda: set(living_threads()) - before)
            assert eventually(lambda: set(living_threads()) <= before)
    assert capfd.readouterr() == ("", "")


def test_a_dripping_client_is_cut_off(server: ScrapeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that keeps sending a byte at a time, and so never meets a read timeout, is cut off all the same."""
    monkeypatch.setattr("telemetry.export.scrape._REQUEST_SECONDS", 0.3)
    with socket.create_connection((server.host, server.port)) as client:
        client.settimeout(0.05)
        end = monotonic() + 3
        cut = False
        while not cut and monotonic() < end:
            try:
                client.sendall(b"x")
                cut = client.recv(1) == b""
            except TimeoutError:
                continue
            except ConnectionError:
                cut = True
    assert cut


def test_more_clients_than_are_answered_are_hung_up_on(server: ScrapeServer) -> None:
    """The number of threads is bounded: the 33rd connection is closed at once."""
    held = [socket.create_connection((server.host, server.port)) for _ in range(33)]
    held[-1].settimeout(2)
    assert held[-1].recv(1) == b""
    for client in held:
        client.close()
    assert eventually(lambda: fetch(server.url).status_code == 200)


def test_port_in_use_names_port_holder_and_remedy(server: ScrapeServer) -> None:
    """Who asks for a taken port learns which, who has it, and what to do."""
    with pytest.raises(PortInUseError) as raised:
        ScrapeServer(Fixed(), port=server.port)
    text = str(raised.value)
    assert f"127.0.0.1:{server.port}: this process listens there" in text
    assert "PROMETHEUS_PORT" in text


@pytest.mark.parametrize(("host", "port"), [("192.0.2.1", 0), ("no.such.host.invalid", 0), ("127.0.0.1", 70_000)])
def test_impossible_addresses_are_configuration_errors(host: str, port: int) -> None:
    """An address that this machine lacks is not reported as a taken port."""
    with pytest.raises(ConfigurationError, match=f"{host}:{port}") as raised:
        ScrapeServer(Fixed(), host, port)
    assert not isinstance(raised.value, PortInUseError)


def test_only_this_machine_is_served(server: ScrapeServer) -> None:
    """Without a host named, the endpoint listens on the loopback address."""
    assert server.host == "127.0.0.1"
    assert server.url == f"http://127.0.0.1:{server.port}/metrics"


def test_ipv6() -> None:
    """An IPv6 address is served, and written in brackets."""
    with ScrapeServer(Fixed(), "::1") as running:
        assert running.url.startswith("http://[::1]:")
        assert fetch(running.url).status_code == 200


def test_close_gives_back_port_and_threads(registry: CollectorRegistry) -> None:
    """After close, which takes less than a second, the port is free, no thread is left, and closing again is fine."""
    before = set(living_threads())
    running = ScrapeServer(Fixed(), registry=registry)
    fetch(running.url)
    began = monotonic()
    running.close()
    assert monotonic() - began < 1
    running.close()
    with ScrapeServer(Fixed(), port=running.port, registry=registry):
        pass
    assert eventually(lambda: set(living_threads()) <= before)


def test_parallel_scrapes(server: ScrapeServer) -> None:
    """Several scrapers at once get the same whole page."""
    pages: list[bytes] = []
    scrapers = [Thread(target=lambda: pages.append(fetch(server.url).content)) for _ in range(8)]
    for scraper in scrapers:
        scraper.start()
    for scraper in scrapers:
        scraper.join()
    assert pages == [prometheus_text(ALL)] * 8


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # CPython 3.12 warns of forks beside threads
def test_a_forked_child_does_not_keep_the_port(server: ScrapeServer) -> None:
    """The child has no copy of the listening socket: once the parent closes, nobody answers for it."""
    reader, writer = os.pipe()

    def closes_and_waits() -> bool:
        server.close()
        return os.read(reader, 1) == b"x"

    child = in_child(closes_and_waits)
    assert fetch(server.url).status_code == 200
    server.close()
    with pytest.raises(httpx.ConnectError):
        fetch(server.url)
    os.write(writer, b"x")
    assert os.waitpid(child, 0)[1] == 0
    os.close(reader)
    os.close(writer)


@needs("prometheus")
def test_a_real_prometheus_scrapes_it(server: ScrapeServer, registry: CollectorRegistry, tmp_path: Path) -> None:
    """Prometheus scrapes the endpoint without complaint, and answers queries about ours and about the application's."""
    Counter("jobs", "Jobs.", registry=registry).inc(7)
    with Prometheus(f"{server.host}:{server.port}", tmp_path) as prometheus:
        assert eventually(lambda: prometheus.query("jobs_total"), within_seconds=20), prometheus.target()
        assert prometheus.target() == {"health": "up", "error": ""}
        assert prometheus.query("sum(compile_success_total)") == {(): 15.0}
        assert prometheus.query("escaped_defect_count") == {("escaped_defect_count", "qa"): 4.0}
        assert prometheus.query('offline_bundle_size_bytes{quantile="0.5"}') == {
            ("offline_bundle_size_bytes", "0.5", "linux"): 2048.0
        }
        assert prometheus.query("histogram_quantile(0.5, lowering_duration_seconds_bucket)") == {("c-gcc",): 0.75}
        assert prometheus.query("jobs_total") == {("jobs_total",): 7.0}


def test_the_source_is_asked_at_every_scrape(registry: CollectorRegistry) -> None:
    """A page shows the state of its moment."""

    class Growing:
        """A source that changes between scrapes."""

        held: Sequence[Family] = ()

        def families(self) -> Sequence[Family]:
            """Give what is held now."""
            return self.held

    source = Growing()
    with ScrapeServer(source, registry=registry) as running:
        assert fetch(running.url).content == b""
        source.held = [COUNTER]
        assert fetch(running.url).content == prometheus_text([COUNTER])
