"""How an exception ends a call: its outcome, and what is kept of it.

No frame and no exception object is kept, so nothing of the user's lives longer for our sake; the traceback becomes
(code, line) pairs, and text only when somebody reads it, without touching a source file.
"""

from __future__ import annotations

from .values import TEXT_LIMIT, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType, TracebackType
    from typing import Any

    Origin = tuple[int, CodeType | None, int]

FRAME_LIMIT = 100
"""Innermost frames that are kept."""

OUTCOME = "cicd.pipeline.task.run.result"
"""OpenTelemetry's attribute for how a task of a pipeline ended, here for ends that are neither return nor failure."""

WRAPPER_FILE = "<telemetry wrapper of "
"""What the file name of each wrapper's code begins with."""

_PACKAGE = __file__.rpartition("_hotpath")[0]
_NOT_THE_USERS = (WRAPPER_FILE, f"{_PACKAGE}_hotpath", f"{_PACKAGE}instrument")

_traceback_of = BaseException.__dict__["__traceback__"].__get__  # a class may have a `__getattribute__` of its own
_CANCELLED = ("CancelledError", "Cancelled")  # of asyncio, of trio
_lines: dict[tuple[CodeType, int], str] = {}
_LINES_LIMIT = 4096


def outcome(error: BaseException) -> str:
    """Say what an exception means: `failure`, `cancellation`, or `success` for an exit with status 0.

    Cancelled are those whom an event loop or a person stopped, and a coroutine that was closed before its end.
    """
    if isinstance(error, Exception):
        return "failure"
    if isinstance(error, SystemExit):
        return "success" if error.code in (None, 0) else "failure"
    if isinstance(error, BaseExceptionGroup):
        return "cancellation" if all(outcome(part) == "cancellation" for part in error.exceptions) else "failure"
    if isinstance(error, (KeyboardInterrupt, GeneratorExit)):
        return "cancellation"
    return "cancellation" if any(kind.__name__ in _CANCELLED for kind in type(error).__mro__) else "failure"


def origin(error: BaseException) -> Origin:
    """Give what tells this raise from every other: the object's id, innermost code and instruction."""
    code, instruction = None, 0
    for step in _steps(error):
        code, instruction = step.tb_frame.f_code, step.tb_lasti
    return id(error), code, instruction


def summary(error: BaseException, result: str) -> dict[str, Any]:
    """Give the span attributes of the end: `error.type` and `error.code`, or the outcome of a cancellation."""
    if result != "failure":
        return {OUTCOME: result}
    code = _code(error)
    return {"error.type": type_name(error), **({"error.code": code} if code else {})}


def type_name(error: BaseException) -> str:
    """Give the qualified name of an exception's class; that of a builtin one has no module."""
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


class Failure:
    """What is kept of an exception.

    Attributes:
        type: The qualified name of its class.
        message: Its text, bounded.
        frames: (code, line) pairs, outermost first.
    """

    __slots__ = ("frames", "message", "type")

    def __init__(self, error: BaseException) -> None:
        self.type = type_name(error)
        self.message = text(error)[:TEXT_LIMIT]
        frames = tuple((step.tb_frame.f_code, step.tb_lineno) for step in _steps(error))
        self.frames = frames[-FRAME_LIMIT:]

    def attributes(self) -> dict[str, Any]:
        """Give the attributes of the `exception` event (semantic conventions, Exceptions in spans)."""
        lines = "".join(line_of(code, line) for code, line in self.frames)
        last = f"{self.type}: {self.message}" if self.message else self.type
        return {
            "exception.type": self.type,
            "exception.message": self.message,
            "exception.stacktrace": f"Traceback (most recent call last):\n{lines}{last}\n" if lines else f"{last}\n",
        }


def _steps(error: BaseException) -> Iterator[TracebackType]:
    step = _traceback_of(error)
    while step is not None:
        if not is_ours(step.tb_frame.f_code):
            yield step
        step = step.tb_next


def _code(error: BaseException) -> str | None:
    try:
        code = getattr(error, "code", None)
    except Exception:  # noqa: BLE001 -- a property of the user's
        return None
    return text(code) if isinstance(code, str) else None


def is_ours(code: CodeType) -> bool:
    """Tell whether a frame of this code is none of the user's."""
    return code.co_filename.startswith(_NOT_THE_USERS)


def line_of(code: CodeType, line: int) -> str:
    """Give the line of a traceback that shows where a frame stood, without the line's text, which is in a file."""
    key = (code, line)
    if key not in _lines:
        if len(_lines) >= _LINES_LIMIT:
            _lines.clear()
        _lines[key] = f'  File "{code.co_filename}", line {line}, in {code.co_qualname}\n'
    return _lines[key]
