"""The published JSON Schema and the loader agree on what a registry file may look like.

What no schema can say is left to the loader, and listed here by the words of its messages.
"""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from tests.contracts.files import COUNTER, EVENT, FIELD, GAUGE, HISTOGRAM, SPAN, SUMMARY, Files

from telemetry.contracts import RULES, SCHEMA_PATH, InvalidRegistryError, form, load_registry, naming
from telemetry.errors import RegistryError

SCHEMA: Any = json.loads(Path(SCHEMA_PATH).read_text())
VALIDATOR = Draft202012Validator(SCHEMA)
PACK: Any = json.loads(Path(load_registry().metric("backend_maturity").source).read_text())

BEYOND_A_SCHEMA = re.compile(
    r"\(rule '\w+'; 'waive' can lift it|there is nothing to waive|must be greater than .* before it|is declared in|"
    r"is declared here twice|would both expose|is no other metric|is no counter|lacks the label|is no label|"
    r"is not in the enumeration|there is no enumeration|there is no pack|: label '|"
    r"says that it holds a secret|is a secret, and every scrape|a name has one class|"
    r"is no day of the calendar|leads back to"
)

# Every key of the format is somewhere in here, so that a mutation can reach it.
WHOLE = {
    "$schema": "registry.schema.json",
    "name": "team",
    "description": "All there is.",
    "extends": ["pipeline"],
    "owners": ["me"],
    "enumerations": {"team": ["red", "blue"]},
    "cardinality": {"default": 100},
    "reserved": {"host": ["here", "there"]},
    "deprecation_days": 30,
    "foreign": "count",
    "metrics": [
        {**COUNTER, "values": {"team": ["red"]}, "across": "sum", "since": "2026-01-31", "stability": "deprecated",
         "replaced_by": "queue_depth", "relabel": {"team": "squad"}},
        {**GAUGE, "range": [0, 10], "across": "max", "cardinality": {"staging": 9}},
        {**GAUGE, "name": "red_ratio", "unit": "ratio", "range": [0, 1], "labels": ["environment"],
         "share": {"metric": "builds_total", "label": "team", "value": "red", "interval_seconds": 60}},
        {**HISTOGRAM, "name": "build", "exponential": True, "waive": {"label_count": "No."}},
        {**SUMMARY, "cardinality": 20, "stability": "removed", "since": "2026-01-31", "deprecated_since": "2026-01-01"},
    ],
    "attributes": [
        {"name": "team.account", "type": "string", "description": "Whose.", "class": "secret", "treatment": "hash"},
        {"name": "team.*", "description": "The team.", "origin": "us", "stability": "beta"},
        {"name": "size", "type": "int", "description": "The size.", "required": "always"},
    ],
    "spans": [{**SPAN, "kind": "client", "display": "{backend.name} built", "stability": "experimental"}],
    "fields": [{**FIELD, "enumeration": "team", "required": "on_failure"}],
    "events": [{**EVENT, "severity": "error", "fields": [{**FIELD, "name": "colour", "values": ["red"]}]}],
}  # fmt: skip

SCALARS: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 10**25),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        ["", "a", "team", "environment", "le", "__x", "a.b", "a.*", "A", "counter", "gauge", "string", "any"]
    ),
    st.sampled_from(["always", "sum", "merge", "2026-02-31", "2026-1-1", "x\n", "default", "snake_case", "warning"]),
    st.text(st.characters(codec="utf-8"), max_size=4),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "kind", "a"]), inner, max_size=2)
    ),
    max_leaves=4,
)
KEYS = st.sampled_from(
    ["name", "kind", "unit", "labels", "values", "buckets", "quantiles", "range", "share", "across", "waive", "since",
     "type", "required", "enumeration", "origin", "attributes", "fields", "severity", "extends", "environment",
     "exponential", "cardinality", "reserved", "replaced_by", "relabel", "deprecation_days", "deprecated_since"]
)  # fmt: skip


def loader_findings(content: object) -> list[str]:
    """Load a file with this content, and give what is wrong with it."""
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(content, file)
        file.flush()
        try:
            load_registry(file.name)
        except InvalidRegistryError as error:
            return [str(item) for item in error.errors]
        except RegistryError as error:
            return [str(error)]
    return []


def places(node: Any) -> list[tuple[Any, Any]]:
    """List every member of a document: the container, and the key or index in it."""
    keys = node.keys() if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    found = [(node, key) for key in keys]
    return found + [place for key in keys for place in places(node[key])]


def mutate(data: st.DataObject, document: Any) -> None:
    """Change, remove, add or copy one thing somewhere in the document."""
    node, key = data.draw(st.sampled_from(places(document)))
    action = data.draw(st.sampled_from(["change", "remove", "add", "copy"]))
    if action == "change":
        node[key] = data.draw(VALUES)
    elif action == "remove":
        del node[key]
    elif action == "add" and isinstance(node, dict):
        node[data.draw(KEYS)] = data.draw(VALUES)
    elif isinstance(node, list):
        node.append(copy.deepcopy(node[key]))


def test_the_schema_is_one() -> None:
    """It is a valid schema of draft 2020-12, and each key of the format is explained or refers to what is."""
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize(
    "path", sorted((Path(SCHEMA_PATH).parent / "packs").glob("*.json")), ids=lambda path: path.stem
)
def test_shipped_packs_are_valid(path: Path) -> None:
    """Each pack keeps the published format, and names the schema for editors."""
    content = json.loads(path.read_text())
    assert [error.message for error in VALIDATOR.iter_errors(content)] == []
    assert (path.parent / content["$schema"]).resolve() == Path(SCHEMA_PATH)
    assert content["name"] == path.stem


def test_the_whole_format_is_valid() -> None:
    """The document that the mutations start from has every key, and is right to both."""
    assert [error.message for error in VALIDATOR.iter_errors(WHOLE)] == []
    structural = [text for text in loader_findings(WHOLE) if not BEYOND_A_SCHEMA.search(text)]
    assert structural == []
    used = {key for node, key in places(WHOLE) if isinstance(node, dict)}
    for part in (SCHEMA, *SCHEMA["$defs"].values()):
        assert part.get("properties", {}).keys() <= used


def test_names_have_one_form() -> None:
    """The patterns of the schema are those of the loader, made to match a whole string in any dialect."""
    forms = {
        "word": form.WORD,
        "dottedName": form.DOTTED_NAME,
        "display": form.DISPLAY,
        "attributeName": form.ATTRIBUTE_NAME,
        "metricName": form.METRIC_NAME,
        "labelName": form.LABEL_NAME,
        "day": form.DAY,
    }
    for name, each in forms.items():
        assert SCHEMA["$defs"][name]["pattern"] == f"^(?:{each.pattern})$(?!\\n)"


def test_rules_have_one_list() -> None:
    """The rules that the schema lets a metric waive are those that there are."""
    assert SCHEMA["$defs"]["metric"]["properties"]["waive"]["propertyNames"]["enum"] == [*RULES, *naming.LATER_RULES]


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_schema_and_loader_agree(data: st.DataObject) -> None:
    """One or two changes to a whole registry are right to both, or wrong to both, as far as a schema can tell."""
    document = copy.deepcopy(WHOLE)
    for _ in range(data.draw(st.integers(1, 2))):
        mutate(data, document)
    findings = [text for text in loader_findings(document) if not BEYOND_A_SCHEMA.search(text)]
    errors = [error.json_path + ": " + error.message for error in VALIDATOR.iter_errors(document)]
    assert bool(findings) == bool(errors), (findings, errors)


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_schema_and_loader_agree_on_the_pack(data: st.DataObject) -> None:
    """The same holds for the shipped pack, loaded as a file of the user without it."""
    document = {**copy.deepcopy(PACK), "extends": []}
    mutate(data, document)
    findings = [text for text in loader_findings(document) if not BEYOND_A_SCHEMA.search(text)]
    errors = [error.json_path + ": " + error.message for error in VALIDATOR.iter_errors(document)]
    assert bool(findings) == bool(errors), (findings, errors)


@given(VALUES)
@settings(max_examples=100, deadline=None)
def test_any_document_has_an_answer(content: object) -> None:
    """Whatever JSON a file holds, loading it gives a registry or a RegistryError, and nothing else."""
    loader_findings(content)


def test_loading_is_cheap(files: Files) -> None:
    """Neither importing the room nor loading a registry pulls in what a running service should not pay for."""
    path = files.write({"metrics": [COUNTER]})
    heavy = {
        "jsonschema",
        "importlib.metadata",
        "importlib.resources",
        "difflib",
        "opentelemetry",
        "pathlib",
        "tomllib",
    }
    program = (
        "import sys; from telemetry.contracts import load_registry\n"
        "early = 'json' in sys.modules\n"
        f"load_registry({str(path)!r}); print(early, sorted({heavy!r} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-S", "-c", f"import sys; sys.path[:] = {sys.path!r}\n{program}"],
                           check=True, capture_output=True, text=True)  # fmt: skip
    assert shown.stdout.strip() == "False []"
