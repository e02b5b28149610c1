"""Run compiled code on inputs, in a process that may be lost.

This file is a program of its own: it is started in a fresh interpreter, imports nothing of the project, reads one JSON
job from its input and writes one JSON line a case. Each case runs in a fork, so that a trap, a crash or an endless
loop costs that case only. `trial` starts it.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from typing import Any, cast

_MEMORY_BYTES = 1 << 30
_MOST_TIMEOUTS = 3


def main() -> None:
    """Read the job, run its cases, write the outcomes."""
    job = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    run = _python(job) if job["interface"] == "python" else _native(job)
    cases, done, timeouts = job["cases"], 0, 0
    while done < len(cases) and timeouts < _MOST_TIMEOUTS:
        lines, status = _forked(run, cases[done:], job["seconds"])
        sys.stdout.write(lines)
        done += lines.count("\n")
        if status:
            timeouts += status == -signal.SIGALRM
            sys.stdout.write(json.dumps(_death(status)) + "\n")
            done += 1


def _forked(run: Callable[..., Any], cases: list[list[Any]], seconds: float) -> tuple[str, int]:
    """Run cases in a fork until one kills it; return the whole lines that it wrote and how it ended."""
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(readable)
        _serve(run, cases, seconds, writable)
    os.close(writable)
    with open(readable, encoding="ascii") as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    return text[: text.rfind("\n") + 1], os.waitstatus_to_exitcode(status)


def _serve(run: Callable[..., Any], cases: list[list[Any]], seconds: float, writable: int) -> None:
    for case in cases:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        outcome = _outcome(run, case)
        signal.setitimer(signal.ITIMER_REAL, 0)
        data = (json.dumps(outcome) + "\n").encode()
        while data:
            data = data[os.write(writable, data) :]
    os._exit(0)


def _outcome(run: Callable[..., Any], case: list[Any]) -> dict[str, Any]:
    try:
        return {"value": run(*case)}
    except Exception as error:  # noqa: BLE001 - whatever the module raises is its outcome
        return {"fault": f"{type(error).__name__}: {error}"}


def _death(status: int) -> dict[str, Any]:
    if status == -signal.SIGALRM:
        return {"timeout": True}
    return {"fault": signal.Signals(-status).name if status < 0 else f"exit status {status}"}


def _python(job: dict[str, Any]) -> Callable[..., Any]:
    from importlib.machinery import SourcelessFileLoader
    from importlib.util import module_from_spec, spec_from_loader

    loader = SourcelessFileLoader("operator_under_test", job["path"])
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return cast(Callable[..., Any], getattr(module, job["symbol"]))


def _native(job: dict[str, Any]) -> Callable[..., Any]:
    import ctypes

    scalars: dict[str, Any] = {"bool": ctypes.c_bool}
    for bits in (8, 16, 32, 64):
        scalars[f"i{bits}"] = getattr(ctypes, f"c_int{bits}")
        scalars[f"u{bits}"] = getattr(ctypes, f"c_uint{bits}")

    def ctype(written: str) -> Any:
        name, _, length = written.rstrip("]").partition("[")
        return scalars[name] * int(length) if length else scalars[name]

    function = ctypes.CDLL(job["path"])[job["symbol"]]
    parameters = [ctype(written) for written in job["parameters"]]
    result = ctype(job["result"])
    array_result = "[" in job["result"]
    function.restype = None if array_result else result

    def run(*values: Any) -> Any:
        passed = [
            type_(*value) if isinstance(value, list) else type_(value)
            for type_, value in zip(parameters, values, strict=True)
        ]
        if not array_result:
            return function(*passed)
        written = result()
        function(*passed, written)
        return list(written)

    return run


if __name__ == "__main__":
    main()
