"""The files for other viewers, held against what their formats say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from tests.journal import programs
from tests.view import documents

from telemetry.contracts import load_registry
from telemetry.operations.view import Recording, chrome_trace, read_recording, speedscope_profile

NUMBER = {"type": "number"}
SPEEDSCOPE: Mapping[str, Any] = {
    "type": "object",
    "required": ["$schema", "shared", "profiles"],
    "properties": {
        "$schema": {"const": "https://www.speedscope.app/file-format-schema.json"},
        "name": {"type": "string"},
        "exporter": {"type": "string"},
        "activeProfileIndex": NUMBER,
        "shared": {
            "required": ["frames"],
            "properties": {
                "frames": {
                    "items": {
                        "required": ["name"],
                        "properties": {"name": {"type": "string"}, "file": {"type": "string"}, "line": NUMBER},
                        "additionalProperties": False,
                    }
                }
            },
        },
        "profiles": {
            "items": {
                "required": ["type", "name", "unit", "startValue", "endValue", "events"],
                "properties": {
                    "type": {"const": "evented"},
                    "unit": {"enum": ["bytes", "microseconds", "milliseconds", "nanoseconds", "none", "seconds"]},
                    "startValue": NUMBER,
                    "endValue": NUMBER,
                    "events": {
                        "items": {
                            "required": ["type", "at", "frame"],
                            "properties": {"type": {"enum": ["O", "C"]}, "at": NUMBER, "frame": {"type": "integer"}},
                            "additionalProperties": False,
                        }
                    },
                },
                "additionalProperties": {"type": "string"},
            }
        },
    },
    "additionalProperties": False,
}
"""What the published schema of speedscope says of evented profiles."""


@pytest.fixture(params=["demo", "killed"])
def recording(request: pytest.FixtureRequest, tmp_path: Path, journal_folder: Path) -> Recording:
    """A recording of several processes, and one of a process that was killed."""
    if request.param == "demo":
        return read_recording(documents.demo(tmp_path / "build.jsonl"), load_registry())
    programs.run(programs.NESTED, journal_folder, "3")
    return read_recording(journal_folder, load_registry())


def trace_events(recording: Recording) -> list[dict[str, Any]]:
    """Give the events of a Chrome trace."""
    document = json.loads(chrome_trace(recording))
    assert document["displayTimeUnit"] == "ms"
    return list(document["traceEvents"])


def test_chrome_events_have_what_their_phase_asks_for(recording: Recording) -> None:
    """Each event has name, phase, process and thread; times are never negative; a complete one has a duration."""
    events = trace_events(recording)
    assert {each["ph"] for each in events} <= {"M", "X", "B", "i", "s", "f"}
    for each in events:
        assert isinstance(each["name"], str) and isinstance(each["pid"], int) and isinstance(each["tid"], int)
        assert each["ph"] == "M" or each["ts"] >= 0
        assert each["ph"] != "X" or each["dur"] >= 0
        assert each["ph"] != "i" or each["s"] == "t"


def test_chrome_trace_has_each_span_and_names_each_thread(recording: Recording) -> None:
    """A finished span is one complete event, one that was open a beginning without an end; threads have names."""
    events = trace_events(recording)
    found = {each["args"]["span_id"]: each["ph"] for each in events if each["ph"] in "XB"}
    assert found == {each.span_id: "B" if each.is_open else "X" for each in recording.spans}
    named = {(each["pid"], each["tid"]) for each in events if each["name"] == "thread_name"}
    assert {(each["pid"], each["tid"]) for each in events if each["ph"] != "M"} <= named
    processes = {each["pid"]: each["args"]["name"] for each in events if each["name"] == "process_name"}
    assert all(any(each.service in name for name in processes.values()) for each in recording.processes if each.service)


def test_chrome_events_of_a_thread_nest(recording: Recording) -> None:
    """In a thread each event is beside or inside every other: Perfetto draws nothing else."""
    threads: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for each in trace_events(recording):
        if each["ph"] == "X":
            threads.setdefault((each["pid"], each["tid"]), []).append((each["ts"], each["ts"] + each["dur"]))
    for spans in threads.values():
        for one in spans:
            assert not [other for other in spans if one[0] < other[0] < one[1] - 1e-6 < other[1] - 2e-6]


def test_chrome_flows_lead_from_a_span_to_another(tmp_path: Path) -> None:
    """A link, and a parent in another process, is an arrow: begun and ended once, not backwards in time."""
    events = trace_events(read_recording(documents.demo(tmp_path / "build.jsonl"), load_registry()))
    arrows: dict[int, dict[str, Any]] = {}
    for each in events:
        if each["ph"] in "sf":
            assert each["ph"] not in arrows.setdefault(each["id"], {})
            arrows[each["id"]][each["ph"]] = each
    assert all(arrow["s"]["ts"] <= arrow["f"]["ts"] and arrow["f"]["bp"] == "e" for arrow in arrows.values())
    names = [arrow["s"]["name"] for arrow in arrows.values()]
    assert names.count("link") == 1 and names.count("parent") == 42


def test_speedscope_file_fits_the_schema(recording: Recording) -> None:
    """The document has what the published schema asks for, and no more."""
    document = json.loads(speedscope_profile(recording))
    assert [str(error) for error in Draft7Validator(SPEEDSCOPE).iter_errors(document)] == []
    assert document["profiles"]


def test_speedscope_frames_open_and_close_as_a_stack(recording: Recording) -> None:
    """In a profile times never fall, each frame closes what was opened last, and nothing stays open."""
    document = json.loads(speedscope_profile(recording))
    names = [each["name"] for each in document["shared"]["frames"]]
    opened = []
    for profile in document["profiles"]:
        stack: list[int] = []
        for event in profile["events"]:
            if event["type"] == "O":
                stack.append(event["frame"])
                opened.append(names[event["frame"]])
            else:
                assert stack.pop() == event["frame"]
        assert stack == []
        times = [profile["startValue"], *(each["at"] for each in profile["events"]), profile["endValue"]]
        assert all(one <= other for one, other in pairwise(times))
    assert sorted(opened) == sorted(each.name for each in recording.spans)


def test_overlapping_spans_of_a_process_have_lanes(tmp_path: Path) -> None:
    """Tasks that overlap stand in several lanes; a thread that is named has its own."""
    spans = [documents.span(0, number, None, "task", number, 10) for number in range(3)]
    spans.append(documents.span(0, 3, None, "other", 0, 100, attributes={"thread.name": "upload"}))
    source = documents.write(tmp_path / "tasks.jsonl", [documents.spans_of(documents.resource("specc", 1), spans)])
    events = trace_events(read_recording(source, load_registry()))
    lanes = [each["args"]["name"] for each in events if each["name"] == "thread_name"]
    assert lanes == ["lane 1", "lane 2", "lane 3", "thread upload"]
