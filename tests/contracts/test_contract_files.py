"""A registry file is one JSON object; whatever else it is, the error says so with the file and the place."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from tests.contracts.files import (
    ATTRIBUTE,
    COUNTER,
    EVENT,
    FIELD,
    GAUGE,
    HISTOGRAM,
    SPAN,
    SUMMARY,
    Files,
    without,
)

from telemetry.contracts import InvalidRegistryError, load_registry, shipped_packs
from telemetry.contracts.form import LABEL_NAME
from telemetry.errors import ContractError, RegistryError


def test_missing_file(tmp_path: Path) -> None:
    """A file that is not there is named, with what to do."""
    path = tmp_path / "nowhere.json"
    with pytest.raises(RegistryError) as caught:
        load_registry(path)
    assert str(caught.value) == (
        f"{path}#: cannot be read: No such file or directory; correct the name, or make the file"
    )
    assert (caught.value.path, caught.value.pointer) == (str(path), "")


def test_folder_in_place_of_a_file(tmp_path: Path) -> None:
    """A folder is no registry file."""
    with pytest.raises(RegistryError, match="cannot be read: Is a directory"):
        load_registry(tmp_path)


def test_name_that_no_file_can_have() -> None:
    """A path with a NUL byte is refused like any other that cannot be opened."""
    with pytest.raises(RegistryError, match="cannot be read: embedded null byte"):
        load_registry("a\0b")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is not JSON: Expecting value at line 1, column 1"),
        ('{"metrics": [\n  {"name" "x"}\n]}', "is not JSON: Expecting ':' delimiter at line 2, column 11"),
        ("{} {}", "is not JSON: Extra data at line 1, column 4"),
        (b'{"name": "\xff"}', "is not UTF-8: byte 10 is 0xff; save it as UTF-8"),
        ("[" * 100_000, "is nested too deeply; a registry needs less than ten levels"),
        ("[]", "must be an object; it is an array"),
        ("null", "must be an object; it is null"),
        ("3", "must be an object; it is a number"),
    ],
)
def test_what_is_no_json_object(files: Files, text: str | bytes, problem: str) -> None:
    """Text that is no JSON object is refused with the line and column, or the byte."""
    assert files.mistake(text) == ("", problem)


def test_number_with_too_many_digits(files: Files) -> None:
    """Python refuses to convert numbers of thousands of digits; that is a mistake of the file like others."""
    pointer, problem = files.mistake('{"cardinality": {"default": ' + "9" * 5000 + "}}")
    assert (pointer, problem.partition(":")[0]) == ("", "has a number that is too long")


def test_byte_order_mark(files: Files) -> None:
    """A byte order mark, which some editors write, is no mistake."""
    assert load_registry(files.write(b"\xef\xbb\xbf{}"))


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        ('{"name": "a", "name": "b"}', "/name"),
        ('{"cardinality": {"staging": 1, "staging": 2}}', "/cardinality/staging"),
        ('{"enumerations": {"team": ["a"], "team": ["b"]}}', "/enumerations/team"),
    ],
)
def test_keys_that_stand_twice(files: Files, text: str, pointer: str) -> None:
    """JSON readers keep one of two equal keys in silence; a registry does not."""
    assert files.mistake(text) == (pointer, "this key stands here more than once; keep one")


@pytest.mark.parametrize(
    ("content", "pointer", "problem"),
    [
        ({"metric": []}, "/metric", "unknown key; did you mean 'metrics'?"),
        ({"metrics": {}}, "/metrics", "must be an array; it is an object"),
        ({"metrics": [3]}, "/metrics/0", "must be an object; it is a number"),
        ({"name": ""}, "/name", "must not be empty"),
        ({"name": 3}, "/name", "must be a string; it is a number"),
        (
            {"extends": ["pipelin"]},
            "/extends/0",
            f"there is no pack 'pipelin'; did you mean 'pipeline'? Shipped: {', '.join(shipped_packs())}",
        ),
        (
            {"enumerations": {"le": ["1"]}},
            "/enumerations/le",
            f"'le' is not {LABEL_NAME.words}",
        ),
        ({"enumerations": {"team": []}}, "/enumerations/team", "must have 1 or more members; it has 0"),
        ({"enumerations": {"team": ["a", "a"]}}, "/enumerations/team/1", "'a' stands in this array twice; keep one"),
        (
            {"cardinality": {"Staging": 5}},
            "/cardinality/Staging",
            "'Staging' is not a word of lower-case letters, digits and '_'",
        ),
        ({"cardinality": {"staging": 0}}, "/cardinality/staging", "must be 1 or more; it is 0"),
        ({"cardinality": {"staging": 1.5}}, "/cardinality/staging", "must be a whole number; it is 1.5"),
        ({"cardinality": {"staging": True}}, "/cardinality/staging", "must be a number; it is a boolean"),
        ({"metrics": [without(COUNTER, "owner")]}, "/metrics/0", "'owner' is missing"),
        (
            {"metrics": [{**COUNTER, "type": "counter"}]},
            "/metrics/0/type",
            "unknown key; the kind of a metric is its 'kind'",
        ),
        (
            {"metrics": [{**COUNTER, "kind": "conter"}]},
            "/metrics/0/kind",
            "must be one of counter, gauge, histogram, summary; it is 'conter'; did you mean 'counter'?",
        ),
        (
            {"metrics": [{**COUNTER, "name": "a-b_total"}]},
            "/metrics/0/name",
            "'a-b_total' is not a Prometheus metric name (letters, digits, '_' and ':')",
        ),
        (
            {"metrics": [{**COUNTER, "labels": ["environment", "team", "team"]}]},
            "/metrics/0/labels/2",
            "'team' stands in this array twice; keep one",
        ),
        ({"metrics": [{**COUNTER, "across": "last"}]}, "/metrics/0/across", "must be one of sum; it is 'last'"),
        (
            {"metrics": [{**COUNTER, "buckets": [1]}]},
            "/metrics/0/buckets",
            "only a histogram has buckets; this is a counter",
        ),
        (
            {"metrics": [{**COUNTER, "range": [0, 1]}]},
            "/metrics/0/range",
            "only a gauge has a range; this is a counter",
        ),
        (
            {"metrics": [{**COUNTER, "since": "2026-13-01"}]},
            "/metrics/0/since",
            "'2026-13-01' is not a day such as '2026-01-31'",
        ),
        (
            {"metrics": [{**COUNTER, "values": {"tema": ["a"]}}]},
            "/metrics/0/values/tema",
            "'tema' is no label of this metric; add it to 'labels'",
        ),
        (
            {"metrics": [{**COUNTER, "waive": {"counter_totl": "x"}}]},
            "/metrics/0/waive/counter_totl",
            "unknown key; did you mean 'counter_total'?",
        ),
        ({"metrics": [{**GAUGE, "range": [1, 0]}]}, "/metrics/0/range/1", "must be greater than 1 before it; it is 0"),
        (
            {"metrics": [{**GAUGE, "range": [0, 1, 2]}]},
            "/metrics/0/range",
            "must have 2 members, the least and the greatest value; it has 3",
        ),
        ({"metrics": [{**GAUGE, "range": [0]}]}, "/metrics/0/range", "must have 2 or more members; it has 1"),
        ({"metrics": [without(HISTOGRAM, "buckets")]}, "/metrics/0", "'buckets' is missing"),
        (
            {"metrics": [{**HISTOGRAM, "buckets": [1, 2, 2]}]},
            "/metrics/0/buckets/2",
            "must be greater than 2 before it; it is 2",
        ),
        ({"metrics": [{**HISTOGRAM, "buckets": ["1"]}]}, "/metrics/0/buckets/0", "must be a number; it is a string"),
        ({"metrics": [{**SUMMARY, "quantiles": [0.5, 1.5]}]}, "/metrics/0/quantiles/1", "must be 0 to 1; it is 1.5"),
        (
            {"attributes": [{**ATTRIBUTE, "name": "Team"}]},
            "/attributes/0/name",
            "'Team' is not a name of lower-case words joined by dots, such as 'backend.name' or 'process.*'",
        ),
        ({"attributes": [without(ATTRIBUTE, "type")]}, "/attributes/0", "'type' is missing"),
        (
            {"attributes": [{**ATTRIBUTE, "type": "any"}]},
            "/attributes/0/type",
            "must be one of string, int, double, boolean, string[], int[], double[], boolean[]; it is 'any'",
        ),
        (
            {"attributes": [{**ATTRIBUTE, "type": "int", "values": ["a"]}]},
            "/attributes/0/values",
            "only a single attribute of type string or string[] may have 'values'",
        ),
        (
            {"attributes": [{**ATTRIBUTE, "name": "team.*", "required": "always"}]},
            "/attributes/0/required",
            "only a single attribute of type string or string[] may have 'required'",
        ),
        (
            {"attributes": [{**ATTRIBUTE, "required": True}]},
            "/attributes/0/required",
            "must be one of always, on_success, on_failure; it is a boolean",
        ),
        (
            {"attributes": [{**ATTRIBUTE, "enumeration": "maturty"}]},
            "/attributes/0/enumeration",
            "there is no enumeration 'maturty'; did you mean 'maturity'?",
        ),
        (
            {"attributes": [{**ATTRIBUTE, "values": ["a"], "enumeration": "env"}]},
            "/attributes/0/enumeration",
            "either 'values' or 'enumeration' closes an attribute, not both; keep one",
        ),
        (
            {"spans": [{**SPAN, "kind": "consumr"}]},
            "/spans/0/kind",
            "must be one of internal, server, client, producer, consumer; it is 'consumr'; did you mean 'consumer'?",
        ),
        (
            {"spans": [{**SPAN, "attributes": [ATTRIBUTE, ATTRIBUTE]}]},
            "/spans/0/attributes/1/name",
            "'team.name' is declared here twice; keep one",
        ),
        (
            {"spans": [{**SPAN, "attributes": [ATTRIBUTE, {**ATTRIBUTE, "name": "a.b", "enumeration": "x"}]}]},
            "/spans/0/attributes/1/enumeration",
            "there is no enumeration 'x'; declare it",
        ),
        (
            {"fields": [{**FIELD, "name": "a.b"}]},
            "/fields/0/name",
            "'a.b' is not a word of lower-case letters, digits and '_'",
        ),
        (
            {"events": [{**EVENT, "severity": "warn"}]},
            "/events/0/severity",
            "must be one of debug, info, warning, error, critical; it is 'warn'; did you mean 'warning'?",
        ),
        (
            {"events": [{**EVENT, "name": "Done"}]},
            "/events/0/name",
            "'Done' is not a name of lower-case words joined by dots, such as 'compile.execute'",
        ),
    ],
)
def test_each_mistake_has_its_place(files: Files, content: object, pointer: str, problem: str) -> None:
    """The message is the file, the pointer, what is wrong there, and what would be right."""
    assert files.mistake(content) == (pointer, problem)


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "Infinity", "1" + "0" * 400])
def test_numbers_that_no_double_holds(files: Files, number: str) -> None:
    """Python reads numbers that JSON does not have, or that overflow; a bucket is none of them."""
    text = '{"metrics": [' + str({**HISTOGRAM, "buckets": "X"}).replace("'X'", f"[{number}]").replace("'", '"') + "]}"
    assert files.mistake(text) == ("/metrics/0/buckets/0", "must be a finite number that a double can hold")


def test_pointers_are_escaped(files: Files) -> None:
    """A key with a slash or a tilde is written as RFC 6901 says."""
    assert files.mistake({"a/b~c": 1})[0] == "/a~1b~0c"


def test_all_mistakes_are_in_one_error(files: Files) -> None:
    """Whoever repairs a file sees all of it at once: each mistake with its place, the first one's on the error."""
    path = files.write({"metrics": [{**COUNTER, "name": "Builds_total"}, {**GAUGE, "unit": 3}], "spam": 1})
    with pytest.raises(InvalidRegistryError) as caught:
        load_registry(path)
    error = caught.value
    assert [item.pointer for item in error.errors] == ["/metrics/0/name", "/metrics/1/unit", "/spam"]
    assert (error.path, error.pointer) == (str(path), "/metrics/0/name")
    assert error.findings == tuple(str(item) for item in error.errors)
    assert str(error).startswith("3 breaches of the telemetry contracts:\n  - ")
    assert isinstance(error, ContractError)
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), [item.pointer for item in copy.errors]) == (str(error), [item.pointer for item in error.errors])


def test_mistakes_of_several_files_are_in_one_error(files: Files) -> None:
    """A file that cannot be read does not hide what is wrong in another."""
    first, second = files.write({"spam": 1}, "first.json"), files.write("{", "second.json")
    with pytest.raises(InvalidRegistryError) as caught:
        load_registry(first, second)
    assert [item.path for item in caught.value.errors] == [str(first), str(second)]
