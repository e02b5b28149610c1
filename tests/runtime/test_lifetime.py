"""From the first span to the end of the process, and across a fork."""

from __future__ import annotations

from tests.runtime.conftest import Run


def test_nothing_listens_sends_or_writes_unless_set(run: Run) -> None:
    """Configured with defaults, a process opens no socket, only its journal, starts no thread and loads no exporter."""
    ended = run("""
        import os, sys, threading
        before = set(os.listdir("/proc/self/fd"))
        import telemetry
        telemetry.configure("specc")
        with telemetry.span("spec.parse"):
            telemetry.metric("compile_success_total").labels(backend="c-gcc").inc()
        assert threading.active_count() == 1, threading.enumerate()
        opened = set(os.listdir("/proc/self/fd")) - before
        paths = {os.readlink(f"/proc/self/fd/{each}") for each in opened if os.path.exists(f"/proc/self/fd/{each}")}
        assert {os.path.dirname(path) for path in paths} == {os.environ["TELEMETRY_JOURNAL"]}, paths
        loaded = [name for name in sys.modules if name.startswith(("opentelemetry", "prometheus_client", "requests"))]
        assert not loaded, loaded
        print("fine")
    """)
    assert ended.stdout == "fine\n", ended.stderr
    assert ended.stderr == ""


def test_an_endpoint_that_never_answers_holds_the_exit_for_one_deadline(run: Run) -> None:
    """A collector that accepts and is silent delays the end of the process by about a second, and is one line."""
    ended = run("""
        import socket, telemetry, time, atexit
        silent = socket.create_server(("127.0.0.1", 0))
        begun = []
        atexit.register(lambda: print(round(time.monotonic() - begun[0], 1)))
        telemetry.configure("specc", endpoint=f"http://127.0.0.1:{silent.getsockname()[1]}")
        with telemetry.span("spec.parse"):
            pass
        begun.append(time.monotonic())
        telemetry.shutdown()
        silent.close()
    """)
    assert ended.status == 0, ended.stderr
    assert float(ended.stdout) <= 2.0
    assert len(ended.stderr.splitlines()) == 1, ended.stderr
    assert "1 spans and 0 log records wait in the journal" in ended.stderr


def test_an_endpoint_that_refuses_is_one_line(run: Run) -> None:
    """With nobody listening, thousands of spans cost one line on stderr, and the program its exit status."""
    ended = run("""
        import socket, telemetry
        with socket.create_server(("127.0.0.1", 0)) as gone:
            port = gone.getsockname()[1]
        telemetry.configure("specc", endpoint=f"http://127.0.0.1:{port}")
        for _ in range(3000):
            with telemetry.span("spec.parse"):
                pass
    """)
    assert ended.status == 0
    assert 1 <= len(ended.stderr.splitlines()) <= 2, ended.stderr


def test_a_forked_child_starts_at_zero_and_says_its_own(run: Run) -> None:
    """Counts of the parent are not repeated by the child, ids differ, and both go on recording."""
    ended = run("""
        import json, os, telemetry
        runtime = telemetry.configure("specc")
        counter = telemetry.metric("compile_success_total").labels(backend="c-gcc")
        counter.inc(5)
        with telemetry.span("spec.parse") as span:
            before = span.span_id
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            counter.inc()
            with telemetry.span("spec.parse") as span:
                said = [runtime.families()[0].series[0].value, span.span_id]
            os.write(write, json.dumps(said).encode())
            os._exit(0)
        os.waitpid(child, 0)
        with telemetry.span("spec.parse") as span:
            pass
        value, child_id = json.loads(os.read(read, 4096))
        print(json.dumps([value, runtime.families()[0].series[0].value, len({before, child_id, span.span_id})]))
    """)
    assert ended.status == 0, ended.stderr
    assert ended.said == [1.0, 5.0, 3]


def test_a_program_that_dies_inside_a_span_keeps_its_own_exit(run: Run) -> None:
    """An exception that ends the program shows its own traceback and status; telemetry adds nothing to stderr."""
    ended = run("""
        import telemetry
        telemetry.configure("specc")
        with telemetry.span("spec.parse"):
            raise RuntimeError("the user's own")
    """)
    assert ended.status == 1
    assert ended.stderr.rstrip().endswith("RuntimeError: the user's own")
    assert "telemetry:" not in ended.stderr


def test_a_burst_larger_than_every_queue_is_counted(run: Run) -> None:
    """What finds no room is dropped and counted by reason: delivered and dropped add up to what ended."""
    ended = run("""
        import json, threading, telemetry
        from http.server import BaseHTTPRequestHandler, HTTPServer
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
        got = []
        class Collector(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path == "/v1/traces":
                    request = ExportTraceServiceRequest.FromString(body)
                    got.append(sum(len(s.spans) for r in request.resource_spans for s in r.scope_spans))
                self.send_response(200); self.end_headers()
            def log_message(self, *_): pass
        server = HTTPServer(("127.0.0.1", 0), Collector)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        runtime = telemetry.configure("specc", endpoint=f"http://127.0.0.1:{server.server_port}")
        for _ in range(20_000):
            with telemetry.span("spec.parse"):
                pass
        runtime.flush(20); runtime.shutdown(10)
        print(json.dumps([sum(got), runtime.losses().get("queue_full", 0)]))
        server.shutdown()
    """)
    assert ended.status == 0, ended.stderr
    delivered, dropped = ended.said
    assert delivered + dropped == 20_000
    assert delivered > 0
