"""The probe, killed while gcc runs, has said where it died."""

from __future__ import annotations

from pathlib import Path

from tests.engines import needs
from tests.soak.compiling import kill_a_compile


@needs("gcc")
def test_recovery_names_the_compile(tmp_path: Path) -> None:
    """`telemetry journal recover` names `compile.execute` and its backend among the spans that were open."""
    named = kill_a_compile(tmp_path)
    (compile_span,) = [span for span in named if span["name"] == "compile.execute"]
    assert compile_span["backend.name"] == "c-gcc"
    assert "pipeline.run" in {span["name"] for span in named}
