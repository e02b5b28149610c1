"""How an exception ends a span: its outcome, and what is kept of it.

No frame and no exception object is kept, so nothing of the user's lives longer for our sake; the traceback becomes
(code, line) pairs, and text only when somebody reads it, without touching a source file.
"""

from __future__ import annotations

from sys import modules

from .values import TEXT_LIMIT, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any

FRAME_LIMIT = 100
"""Innermost frames that are kept."""

OUTCOME = "cicd.pipeline.task.run.result"
"""OpenTelemetry's attribute for how a task of a pipeline ended, here for ends that are neither return nor failure."""

_lines: dict[tuple[CodeType, int], str] = {}
_LINES_LIMIT = 4096


def outcome(error: BaseException) -> str:
    """Say what an exception means: `failure`, `cancellation`, or `success` for an orderly early end.

    An early close of a generator and `SystemExit` with status 0 are successes.
    """
    if isinstance(error, Exception):
        return "failure"
    if isinstance(error, GeneratorExit):
        return "success"
    if isinstance(error, SystemExit):
        return "success" if error.code in (None, 0) else "failure"
    asyncio = modules.get("asyncio")  # an exception of a module that is not there cannot be raised
    if isinstance(error, KeyboardInterrupt) or (asyncio and isinstance(error, asyncio.CancelledError)):
        return "cancellation"
    return "failure"


class Failure:
    """What is kept of an exception.

    Attributes:
        type: The qualified name of its class.
        message: Its text, bounded.
        frames: (code, line) pairs, outermost first.
        origin: What tells this raise from every other: the object's id, innermost code and instruction.
        code: The exception's own `code`, where it is text (the `error_code` of a pipeline's error).
    """

    __slots__ = ("code", "frames", "message", "origin", "type")

    def __init__(self, error: BaseException) -> None:
        kind = type(error)
        self.type = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        self.message = text(error)[:TEXT_LIMIT]
        self.frames, innermost = _frames(error)
        self.origin = (id(error), innermost)
        self.code = _code(error)

    def summary(self, result: str) -> dict[str, Any]:
        """Give the span attributes of the end: `error.type` and `error.code`, or the outcome of a cancellation."""
        if result != "failure":
            return {OUTCOME: result}
        return {"error.type": self.type, **({"error.code": self.code} if self.code else {})}

    def attributes(self) -> dict[str, Any]:
        """Give the attributes of the `exception` event (semantic conventions, Exceptions in spans)."""
        return {
            "exception.type": self.type,
            "exception.message": self.message,
            "exception.stacktrace": "".join(_line(code, line) for code, line in self.frames),
        }


def _frames(error: BaseException) -> tuple[tuple[tuple[CodeType, int], ...], tuple[CodeType, int] | None]:
    """Give the (code, line) pairs, and the innermost (code, instruction)."""
    frames = []
    innermost = None
    traceback = error.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        frames.append((code, traceback.tb_lineno))
        innermost = (code, traceback.tb_lasti)
        traceback = traceback.tb_next
    return tuple(frames[-FRAME_LIMIT:]), innermost


def _code(error: BaseException) -> str | None:
    try:
        code = getattr(error, "code", None)
    except Exception:  # noqa: BLE001 -- a property of the user's
        return None
    return code if isinstance(code, str) else None


def _line(code: CodeType, line: int) -> str:
    key = (code, line)
    if key not in _lines:
        if len(_lines) >= _LINES_LIMIT:
            _lines.clear()
        _lines[key] = f'  File "{code.co_filename}", line {line}, in {code.co_qualname}\n'
    return _lines[key]
