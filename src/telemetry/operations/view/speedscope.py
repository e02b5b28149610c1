"""A recording in the file format of speedscope: an evented profile for each lane of each process.

Source: https://www.speedscope.app/file-format-schema.json. In a profile, frames open and close as a stack does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, final

from .lanes import Lane, lanes_of
from .recording import Recording, Span

_SCHEMA: Final = "https://www.speedscope.app/file-format-schema.json"


def speedscope_profile(recording: Recording) -> bytes:
    """Write a recording as a speedscope file; times are nanoseconds since the first span."""
    zero_ns = min((each.start_ns for each in recording.spans), default=0)
    frames = _Frames()
    lanes = lanes_of(recording.spans)
    profiles = [_profile(recording, lane, frames, zero_ns) for lane in lanes]
    document = {
        "$schema": _SCHEMA,
        "exporter": "telemetry view",
        "name": recording.title,
        "profiles": profiles,
        "shared": {"frames": frames.listed},
    }
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode() + b"\n"


@final
class _Frames:
    """The names that spans have, each once, with their place in the code where they say one."""

    def __init__(self) -> None:
        self._indices: dict[str, int] = {}
        self.listed: list[dict[str, Any]] = []

    def index(self, span: Span) -> int:
        frame: dict[str, Any] = {"name": span.name or "(no name)"}
        file, line = span.attributes.get("code.file.path"), span.attributes.get("code.line.number")
        if isinstance(file, str):
            frame["file"] = file
        if isinstance(line, int):
            frame["line"] = line
        key = json.dumps(frame, sort_keys=True)
        if key not in self._indices:
            self._indices[key] = len(self.listed)
            self.listed.append(frame)
        return self._indices[key]


def _profile(recording: Recording, lane: Lane, frames: _Frames, zero_ns: int) -> dict[str, Any]:
    process = recording.processes[lane.process]
    who = " ".join(part for part in (process.service, process.pid) if part) or "process"
    return {
        "type": "evented",
        "name": f"{who}, {lane.name}",
        "unit": "nanoseconds",
        "startValue": lane.spans[0].start_ns - zero_ns,
        "endValue": max(each.end_ns for each in lane.spans) - zero_ns,
        "events": list(_events(lane, frames, zero_ns)),
    }


def _events(lane: Lane, frames: _Frames, zero_ns: int) -> Iterator[dict[str, Any]]:
    """Open and close frames in the order of time; what is inside closes first."""
    stack: list[tuple[int, int]] = []
    for span in lane.spans:
        while stack and stack[-1][0] <= span.start_ns:
            yield _closed(stack.pop(), zero_ns)
        frame = frames.index(span)
        stack.append((span.end_ns, frame))
        yield {"type": "O", "at": span.start_ns - zero_ns, "frame": frame}
    while stack:
        yield _closed(stack.pop(), zero_ns)


def _closed(opened: tuple[int, int], zero_ns: int) -> dict[str, Any]:
    return {"type": "C", "at": opened[0] - zero_ns, "frame": opened[1]}
