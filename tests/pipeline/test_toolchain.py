"""Running toolchains: real compilers and shells, good and bad, and what each run leaves behind: nothing."""

from __future__ import annotations

import os
import pickle
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Tracer

from telemetry.errors import ToolchainError
from telemetry.pipeline.artefacts import ArtefactStore
from telemetry.pipeline.toolchain import ToolchainRun, ToolchainRunError, run_toolchain

_GOOD = "int main(void) { return 0; }\n"
_BAD = "int main(void) { return missing; }\n"
_HUGE = """
#define TEN(x) x x x x x x x x x x
int f(int a) { TEN(TEN(TEN(TEN(TEN(a = a * 3 + 1;))))) return a; }
"""


def our_state() -> tuple[object, ...]:
    """Collect what a run must leave as it was: folder, environment, threads, signal handler, descriptors."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    handler = signal.getsignal(signal.SIGCHLD)
    return os.getcwd(), hash(str(environment)), threading.active_count(), handler, len(os.listdir("/proc/self/fd"))


@pytest.fixture(autouse=True)
def _nothing_left(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Check after each test that no child is left, and that we are as we were."""
    before, others = our_state(), children()
    yield
    monkeypatch.undo()
    assert children() == others
    assert our_state() == before


def children() -> set[str]:
    """Give our child processes, those that have ended unnoticed too; a test of another folder may have left one."""
    lists = Path("/proc/self/task").glob("*/children")
    return {child for each in lists for child in each.read_text().split()}


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """Write one program that compiles, one that does not, and one that takes a lot of memory."""
    for name, text in {"good.c": _GOOD, "bad.c": _BAD, "huge.c": _HUGE}.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def shell(script: str, cwd: Path, **options: object) -> ToolchainRun:
    """Run a shell script as a toolchain."""
    return run_toolchain(["sh", "-c", script], cwd=cwd, **options)  # type: ignore[arg-type]


def failed(script: str, cwd: Path, **options: object) -> ToolchainRunError:
    """Run a shell script that has to fail, and return the error."""
    with pytest.raises(ToolchainRunError) as caught:
        shell(script, cwd, **options)
    return caught.value


def is_running(pid: int) -> bool:
    """Say whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def has_ended(pid: int) -> bool:
    """Give a process that was killed a moment to end."""
    deadline = time.monotonic() + 5
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not is_running(pid)


def tracer_to(exporter: InMemorySpanExporter) -> Tracer:
    """Make a tracer of OpenTelemetry's own, which shares the current span with us."""
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider.get_tracer("test")


def recorded(script: str, cwd: Path, **options: object) -> tuple[ReadableSpan, ToolchainRun]:
    """Run a script inside of a span, and return what the span has become."""
    exporter = InMemorySpanExporter()
    with tracer_to(exporter).start_as_current_span("compile.execute"):
        run = shell(script, cwd, check=False, **options)
    return exporter.get_finished_spans()[0], run


class TestSuccess:
    """What a run that works gives."""

    def test_a_compiler_compiles(self, sources: Path) -> None:
        """The real compiler leaves its program, and the run tells what it took."""
        run = run_toolchain(["gcc", "good.c", "-o", "good"], cwd=sources)
        assert (run.binary, run.exit_status, run.failure) == ("gcc", 0, None)
        assert run.argv == ("gcc", "good.c", "-o", "good")
        assert (sources / "good").exists()
        assert 0 < run.duration_seconds < 30
        assert run.user_seconds + run.system_seconds > 0

    def test_output_is_apart_and_exact(self, tmp_path: Path) -> None:
        """Each stream is kept as it was written, also bytes that are no UTF-8."""
        run = shell(r"printf 'out\377\000'; printf 'err' >&2", tmp_path)
        assert run.stdout.data() == b"out\xff\x00"
        assert run.stdout.text() == "out\ufffd\x00"
        assert run.stderr.text() == "err"

    def test_output_is_stored_once(self, tmp_path: Path) -> None:
        """Two runs that write the same share one file of the store."""
        store = ArtefactStore(tmp_path / "store")
        runs = [shell("echo same", tmp_path, artefacts=store) for _ in range(2)]
        assert runs[0].stdout == runs[1].stdout
        assert store.get(runs[0].stdout.sha256) == b"same\n"

    def test_input_reaches_the_child(self, tmp_path: Path) -> None:
        """Input larger than a pipe is read in full, and none is the end of file."""
        data = os.urandom(1 << 20)
        assert run_toolchain(["cat"], cwd=tmp_path, stdin=data).stdout.data() == data
        assert run_toolchain(["cat"], cwd=tmp_path).stdout.size_bytes == 0

    def test_input_that_nobody_reads_does_no_harm(self, tmp_path: Path) -> None:
        """A child that ignores its input succeeds."""
        assert run_toolchain(["true"], cwd=tmp_path, stdin=b"x" * (1 << 20)).exit_status == 0

    def test_a_program_may_be_named_by_path(self, sources: Path) -> None:
        """A relative path means the folder that the command runs in."""
        run_toolchain(["gcc", "good.c", "-o", "good"], cwd=sources)
        assert run_toolchain(["./good"], cwd=sources).binary == "good"
        assert run_toolchain([sources / "good"], cwd="/").argv == (str(sources / "good"),)

    def test_it_works_from_any_thread(self, tmp_path: Path) -> None:
        """Runs in several threads at once do not disturb each other."""
        texts: list[str] = []
        threads = [
            threading.Thread(target=lambda n=n: texts.append(shell(f"echo {n}", tmp_path).stdout.text()))
            for n in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(texts) == [f"{n}\n" for n in range(8)]

    def test_a_full_store_does_not_fail_a_compilation(self, sources: Path) -> None:
        """When the store cannot be written, the run succeeds, its output is in memory, and the path is missing."""
        (sources / "blocked").touch()
        run = shell("echo kept", sources, artefacts=ArtefactStore(sources / "blocked"))
        assert (run.stdout.text(), run.stdout.path) == ("kept\n", None)


class TestResources:
    """What a run says about CPU time and memory."""

    def test_cpu_time_is_that_of_this_child(self, tmp_path: Path) -> None:
        """A busy child counts, and a sleeping one after it does not inherit the count."""
        busy = run_toolchain([sys.executable, "-Sc", "sum(range(3_000_000))"], cwd=tmp_path)
        idle = run_toolchain(["sleep", "0.01"], cwd=tmp_path)
        assert busy.user_seconds > 0.02
        assert idle.user_seconds < busy.user_seconds / 2

    def test_the_peak_of_a_large_child_is_known(self, tmp_path: Path) -> None:
        """A child that is larger than its caller ever was shows its own peak."""
        size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 + (64 << 20)
        run = run_toolchain([sys.executable, "-Sc", f"b'x' * {size}"], cwd=tmp_path)
        assert run.max_rss_bytes is not None
        assert size < run.max_rss_bytes < size + (64 << 20)

    def test_the_peak_of_the_caller_is_not_taken_for_the_childs(self, tmp_path: Path) -> None:
        """A small child of a larger process has an unknown peak, and not its caller's."""
        assert run_toolchain(["true"], cwd=tmp_path).max_rss_bytes is None


class TestFailure:
    """What a run that fails says."""

    def test_a_compile_error_is_quoted(self, sources: Path) -> None:
        """The error has the exit status, the command, the folder and the compiler's own words, and the whole run."""
        with pytest.raises(ToolchainRunError) as caught:
            run_toolchain(["gcc", "bad.c"], cwd=sources)
        error = caught.value
        assert (error.code, error.exit_status) == ("toolchain_failed", 1)
        assert str(error).startswith(f"gcc failed with exit status 1: gcc bad.c (in {sources})\n")
        assert "bad.c:1:25: error: " in str(error)
        assert "bad.c:1:25: error: " in error.run.stderr.text()

    def test_words_on_the_standard_output_serve_where_there_are_no_others(self, tmp_path: Path) -> None:
        """Checkers that report on standard output are quoted too."""
        assert "\n    2 goals unproved" in str(failed("echo $((1 + 1)) goals unproved; exit 3", tmp_path))

    def test_the_quotation_is_bounded(self, tmp_path: Path) -> None:
        """A message has the last lines, not all of them, and not one endless line."""
        lines = str(failed("seq 1 100000 >&2; exit 1", tmp_path)).splitlines()
        assert [line.strip() for line in lines[1:]] == [str(n) for n in range(99_991, 100_001)]
        assert len(str(failed("head -c 1000000 /dev/zero | tr '\\0' x >&2; exit 1", tmp_path))) < 3000

    def test_secrets_are_not_quoted(self, tmp_path: Path) -> None:
        """A password in the command or in its output does not get into the message; the evidence keeps it."""
        error = failed("echo 'cannot reach https://ci:hunter2@host/' >&2; exit 1", tmp_path)
        assert "hunter2" not in str(error)
        assert "hunter2" in error.run.stderr.text()

    def test_without_check_a_failure_is_returned(self, tmp_path: Path) -> None:
        """With `check=False` the run says why it failed."""
        run = shell("exit 7", tmp_path, check=False)
        assert (run.exit_status, run.failure) == (7, "toolchain_failed")
        assert shell("sleep 9", tmp_path, check=False, timeout_seconds=0.1).failure == "timeout"

    def test_a_crash_names_the_signal(self, tmp_path: Path) -> None:
        """A compiler that crashes has the negative signal as status."""
        error = failed("kill -SEGV $$", tmp_path)
        assert (error.code, error.exit_status) == ("toolchain_failed", -11)
        assert "signal 11 (Segmentation fault)" in str(error)

    def test_the_error_survives_pickling(self, tmp_path: Path) -> None:
        """A process pool can hand the error from its worker to its caller."""
        error = failed("echo no >&2; exit 2", tmp_path)
        copy = pickle.loads(pickle.dumps(error))
        assert (str(copy), copy.code, copy.exit_status, copy.run) == (str(error), error.code, 2, error.run)
        assert copy.run.stderr.text() == "no\n"

    @pytest.mark.parametrize("argv", [[], "gcc a.c", [""], ["echo", "a\0b"]])
    def test_a_command_has_to_be_a_command(self, tmp_path: Path, argv: list[str]) -> None:
        """An empty command, one string, or a NUL is refused, with words."""
        with pytest.raises((ValueError, ToolchainError), match="cannot run"):
            run_toolchain(argv, cwd=tmp_path)

    @pytest.mark.parametrize(
        "limits", [{"timeout_seconds": 0}, {"timeout_seconds": float("nan")}, {"output_limit_bytes": -1}]
    )
    def test_a_limit_has_to_be_a_limit(self, tmp_path: Path, limits: Mapping[str, float]) -> None:
        """A time limit of nothing, or a negative size, is refused before anything starts."""
        with pytest.raises(ValueError, match="are no limits"):
            run_toolchain(["touch", "started"], cwd=tmp_path, **limits)  # type: ignore[arg-type]
        assert not (tmp_path / "started").exists()


class TestOutOfMemory:
    """Which failures are taken for a lack of memory."""

    def test_a_kill_that_is_not_ours(self, tmp_path: Path) -> None:
        """A SIGKILL from elsewhere counts as lack of memory, and the message says how sure that is."""
        error = failed("kill -KILL $$", tmp_path)
        assert (error.code, error.exit_status) == ("out_of_memory", -9)
        assert "most likely because memory ran out" in str(error)

    def test_the_compiler_says_so(self, sources: Path) -> None:
        """A compiler that cannot allocate says so, and that is believed."""
        error = failed("ulimit -v 80000; exec gcc -O2 -c huge.c", sources)
        assert error.code == "out_of_memory"

    def test_a_killed_part_of_the_compiler(self, sources: Path) -> None:
        """The driver of gcc reports that its compiler proper was killed."""
        with pytest.raises(ToolchainRunError) as caught:
            run_toolchain(["gcc", "-c", "good.c", "-wrapper", "sh,-c,kill -KILL $$"], cwd=sources)
        assert caught.value.code == "out_of_memory"

    @pytest.mark.parametrize(
        ("words", "code"),
        [
            ("LLVM ERROR: out of memory", "out_of_memory"),
            ("terminate called after throwing an instance of 'std::bad_alloc'", "out_of_memory"),
            ("Fatal error: out of memory.", "out_of_memory"),
            ("/usr/bin/ld: final link failed: memory exhausted", "out_of_memory"),
            ("a.c:3:2: error: #error out of memory allocating 5 bytes", "toolchain_failed"),
            ('    3 | puts("virtual memory exhausted");', "toolchain_failed"),
        ],
    )
    def test_words_of_tools_and_words_in_sources(self, tmp_path: Path, words: str, code: str) -> None:
        """The diagnostics of tools count; a source line that is quoted does not."""
        (tmp_path / "words").write_text(words)
        assert failed("cat words >&2; exit 1", tmp_path).code == code

    def test_success_is_success(self, tmp_path: Path) -> None:
        """A run that recovered and succeeded is no failure, whatever it wrote."""
        assert shell("echo 'LLVM ERROR: out of memory' >&2", tmp_path).failure is None


class TestStart:
    """What is said when a command cannot start."""

    @pytest.mark.parametrize("program", ["no-such-compiler", "./no-such-compiler", "/dev/null/gcc"])
    def test_a_missing_program(self, tmp_path: Path, program: str) -> None:
        """A program that is not there is `toolchain_missing`, and never ran."""
        with pytest.raises(ToolchainError, match=f"cannot run {program}: ") as caught:
            run_toolchain([program], cwd=tmp_path)
        assert (caught.value.code, caught.value.exit_status) == ("toolchain_missing", None)

    def test_a_file_that_is_not_executable(self, sources: Path) -> None:
        """A file without the permission is named, with what to do."""
        with pytest.raises(ToolchainError, match=r"\./good\.c: Permission denied; make the file executable") as caught:
            run_toolchain(["./good.c"], cwd=sources)
        assert caught.value.code == "toolchain_missing"

    def test_a_file_that_is_no_program(self, sources: Path) -> None:
        """A file that the kernel cannot run is named, with what to do."""
        (sources / "good.c").chmod(0o755)
        with pytest.raises(ToolchainError, match="no program for this machine") as caught:
            run_toolchain(["./good.c"], cwd=sources)
        assert caught.value.code == "toolchain_missing"

    def test_a_missing_folder(self, tmp_path: Path) -> None:
        """A folder that is not there is not taken for a missing program."""
        with pytest.raises(ToolchainError, match="absent: No such file or directory; make the folder") as caught:
            run_toolchain(["true"], cwd=tmp_path / "absent")
        assert caught.value.code == "io"

    def test_a_command_that_is_too_long(self, tmp_path: Path) -> None:
        """Arguments beyond the kernel's limit are said to be that."""
        with pytest.raises(ToolchainError, match="response file") as caught:
            run_toolchain(["true", "x" * (1 << 22)], cwd=tmp_path)
        assert caught.value.code == "toolchain_failed"

    def test_a_lost_exit_status(self, tmp_path: Path) -> None:
        """A program that ignores SIGCHLD loses exit statuses; that is an error, never a success."""
        before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        try:
            with pytest.raises(ToolchainError, match="ignores SIGCHLD"):
                run_toolchain(["true"], cwd=tmp_path)
        finally:
            signal.signal(signal.SIGCHLD, before)


class TestTimeLimit:
    """How a command ends that takes too long."""

    def test_a_hang_ends(self, tmp_path: Path) -> None:
        """A hanging command is stopped at its limit; what it wrote until then is kept."""
        started = time.monotonic()
        error = failed("echo before; sleep 60", tmp_path, timeout_seconds=0.2)
        assert time.monotonic() - started < 3
        assert (error.code, error.exit_status) == ("timeout", -15)
        assert error.run.stdout.text() == "before\n"
        assert "0.2 s, its time limit" in str(error)

    def test_a_command_that_ignores_the_request_is_killed(self, tmp_path: Path) -> None:
        """SIGTERM is a request; SIGKILL follows, and it is not taken for a lack of memory."""
        error = failed("trap '' TERM; echo $$; while :; do sleep 0.05; done", tmp_path, timeout_seconds=0.2)
        assert (error.code, error.exit_status) == ("timeout", -9)
        assert has_ended(int(error.run.stdout.text()))

    def test_a_command_may_clean_up(self, tmp_path: Path) -> None:
        """Half a second is enough to remove temporary files."""
        failed("touch half.o; trap 'rm half.o; exit 1' TERM; sleep 60 & wait", tmp_path, timeout_seconds=0.3)
        assert not (tmp_path / "half.o").exists()

    def test_the_whole_group_ends(self, tmp_path: Path) -> None:
        """Grandchildren end too, also those that ignore the request."""
        error = failed("sh -c 'trap \"\" TERM; echo $$; sleep 60' & wait", tmp_path, timeout_seconds=0.3)
        assert has_ended(int(error.run.stdout.text()))

    def test_a_child_that_closed_its_output_is_still_limited(self, tmp_path: Path) -> None:
        """A silent child cannot escape the limit."""
        assert failed("exec >&- 2>&-; sleep 60", tmp_path, timeout_seconds=0.2).code == "timeout"

    def test_a_flood_does_not_hide_the_limit(self, tmp_path: Path) -> None:
        """A child that writes without end is stopped at its limit."""
        error = failed("yes", tmp_path, timeout_seconds=0.2, output_limit_bytes=100)
        assert error.code == "timeout"
        assert error.run.stdout.truncated

    def test_an_interrupt_ends_the_child(self, tmp_path: Path) -> None:
        """An exception in the waiting thread, such as Ctrl-C, leaves no child behind."""

        def interrupt(*_: object) -> None:
            raise KeyboardInterrupt

        before = signal.signal(signal.SIGALRM, interrupt)
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        try:
            with pytest.raises(KeyboardInterrupt):
                shell("echo $$ > pid; exec sleep 60", tmp_path)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        assert has_ended(int((tmp_path / "pid").read_text()))


class TestFlood:
    """What happens to more output than is kept."""

    def test_100_megabytes_are_counted_and_not_held(self, tmp_path: Path) -> None:
        """The first part is kept, the rest is counted, the child is not blocked, and memory stays small."""
        script = (
            "import resource\n"
            "from telemetry.pipeline.toolchain import run_toolchain\n"
            "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
            "run_toolchain(['true'], cwd='.')\n"
            "before = peak()\n"
            "run = run_toolchain(['head', '-c', '100000000', '/dev/zero'], cwd='.', output_limit_bytes=1000)\n"
            "out = run.stdout\n"
            "assert (out.size_bytes, out.dropped_bytes, out.truncated) == (1000, 99_999_000, True)\n"
            "assert peak() - before < 4096, (before, peak())\n"
        )
        subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True, timeout=60)

    def test_both_streams_have_the_limit(self, tmp_path: Path) -> None:
        """Each stream is cut for itself."""
        run = shell("seq 1 9; seq 1 100000 >&2", tmp_path, output_limit_bytes=20)
        assert (run.stdout.truncated, run.stdout.size_bytes) == (False, 18)
        assert (run.stderr.truncated, run.stderr.size_bytes) == (True, 20)


class TestGrandchild:
    """What happens when a command leaves a process behind."""

    def test_a_pipe_that_stays_open_is_not_waited_for(self, tmp_path: Path) -> None:
        """The run ends with the command, not with what it left in the background."""
        started = time.monotonic()
        run = shell("echo done; sleep 60 & echo $! > pid", tmp_path)
        left = int((tmp_path / "pid").read_text())
        try:
            assert time.monotonic() - started < 5
            assert run.stdout.text() == "done\n"
            assert is_running(left)
        finally:
            os.kill(left, signal.SIGKILL)


class TestTrace:
    """What the child learns of the trace, and the span of the child."""

    def test_the_child_continues_the_trace(self, tmp_path: Path) -> None:
        """The child's environment names the current span; ours does not change."""
        provider = TracerProvider()
        with provider.get_tracer("test").start_as_current_span("compile.execute") as span:
            context = span.get_span_context()
            environment = run_toolchain(["env"], cwd=tmp_path).stdout.text().splitlines()
        expected = f"TRACEPARENT=00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
        assert [line for line in environment if line.startswith("TRACE")] == [expected]
        assert "TRACEPARENT" not in os.environ

    def test_inherited_state_does_not_mix_with_our_trace(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A TRACESTATE of the process belongs to the trace of the process, not to the current span."""
        monkeypatch.setenv("TRACESTATE", "other=1")
        monkeypatch.setenv("TRACEPARENT", "00-" + "1" * 32 + "-" + "2" * 16 + "-01")
        with TracerProvider().get_tracer("test").start_as_current_span("compile.execute"):
            inside = run_toolchain(["env"], cwd=tmp_path).stdout.text()
        outside = run_toolchain(["env"], cwd=tmp_path).stdout.text()
        assert "TRACESTATE" not in inside
        assert "TRACEPARENT=00-" in inside
        assert "1" * 32 not in inside
        assert "TRACESTATE=other=1\n" in outside

    def test_variables_can_be_added(self, tmp_path: Path) -> None:
        """Extra variables reach the child beside all others, and only the child."""
        environment = run_toolchain(["env"], cwd=tmp_path, environ={"SOURCE_DATE_EPOCH": "0"}).stdout.text()
        assert "SOURCE_DATE_EPOCH=0\n" in environment
        assert "PATH=" in environment
        assert "SOURCE_DATE_EPOCH" not in os.environ

    def test_the_span_tells_what_ran(self, tmp_path: Path) -> None:
        """The current span has the binary, the status, the hashes and the CPU time."""
        span, run = recorded("echo out; echo err >&2; exit 3", tmp_path)
        attributes = dict(span.attributes or {})
        assert run.failure == "toolchain_failed"
        assert attributes.pop("process.cpu.time.user") == run.user_seconds
        assert attributes.pop("process.cpu.time.system") == run.system_seconds
        assert attributes == {
            "toolchain.binary": "sh",
            "toolchain.exit_status": 3,
            "process.exit.code": 3,
            "toolchain.stdout.sha256": run.stdout.sha256,
            "toolchain.stderr.sha256": run.stderr.sha256,
        }

    def test_the_span_tells_of_cut_output(self, tmp_path: Path) -> None:
        """Only when output was cut is there an attribute that says so."""
        span, _ = recorded("seq 1 1000", tmp_path, output_limit_bytes=10)
        assert (span.attributes or {})["toolchain.output.truncated"] is True

    def test_the_span_tells_what_could_not_start(self, tmp_path: Path) -> None:
        """A missing program is named on the span, and has no exit status."""
        exporter = InMemorySpanExporter()
        with pytest.raises(ToolchainError), tracer_to(exporter).start_as_current_span("compile.execute"):
            run_toolchain(["no-such-compiler"], cwd=tmp_path)
        assert dict(exporter.get_finished_spans()[0].attributes or {}) == {"toolchain.binary": "no-such-compiler"}
