"""The settings that the doctor shows, and where it says that they come from."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from telemetry.config import SETTINGS

COMMAND = [sys.executable, "-c", "from telemetry.cli import main; main()", "doctor"]


def doctor(folder: Path, *options: str, **variables: str) -> str:
    """Run it in a folder."""
    environment = {**os.environ, **variables}
    return subprocess.run(
        [*COMMAND, *options], check=True, capture_output=True, text=True, cwd=folder, env=environment
    ).stdout


def settings(folder: Path, **variables: str) -> dict[str, tuple[str, str]]:
    """Give value and origin by name."""
    found: Any = json.loads(doctor(folder, "--json", **variables))
    return {each["name"]: (each["value"], each["origin"]) for each in found["settings"]}


def test_each_setting_has_an_origin(tmp_path: Path) -> None:
    """All settings are there; the strongest source wins, and is named as a user would look for it."""
    project = tmp_path / "pyproject.toml"
    project.write_text('[tool.telemetry]\nenvironment = "staging"\nhost_region = "eu"\nlimits_attribute_count = 7\n')
    found = settings(tmp_path, OTEL_SERVICE_NAME="specc", TELEMETRY_HOST_REGION="us")
    assert list(found) == [each.name for each in SETTINGS]
    assert found["service_name"] == ("specc", "OTEL_SERVICE_NAME")
    assert found["environment"] == ("staging", f"{project}: environment")
    assert found["host_region"] == ("us", "TELEMETRY_HOST_REGION")
    assert found["limits_attribute_count"] == ("7", f"{project}: limits_attribute_count")
    assert found["log_level"] == ("info", "default")


def test_a_wrong_value_is_no_origin(tmp_path: Path) -> None:
    """A wrong `OTEL_*` variable is ignored, so the next source is the origin."""
    found = settings(tmp_path, OTEL_TRACES_SAMPLER="sometimes")
    assert found["sampler"] == ("parentbased_always_on", "default")


def test_secrets_are_hidden(tmp_path: Path) -> None:
    """Neither passwords in addresses nor attributes that are called like secrets are shown, to people or programs."""
    secret = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://me:geheim@127.0.0.1:4318",
        "OTEL_RESOURCE_ATTRIBUTES": "api_key=verborgen,team=parsers",
    }
    for options in ((), ("--json",)):
        text = doctor(tmp_path, *options, **secret)
        assert "geheim" not in text and "verborgen" not in text
        assert "team=parsers" in text
        assert "OTEL_EXPORTER_OTLP_ENDPOINT" in text


def test_people_see_what_is_set(tmp_path: Path) -> None:
    """Lines for people have what somebody set, with its source, and count the rest."""
    text = doctor(tmp_path, OTEL_SERVICE_NAME="specc")
    assert "specc (from OTEL_SERVICE_NAME)" in text
    assert f"{len(SETTINGS) - 2} have their defaults" in text  # the journal is set for all tests


def test_wrong_settings_are_said(tmp_path: Path) -> None:
    """Settings that no process could start with are said."""
    assert "TELEMETRY_JOURNAL_BYTES='many'" in doctor(tmp_path, TELEMETRY_JOURNAL_BYTES="many")
