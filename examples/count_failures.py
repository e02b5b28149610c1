"""Count failures by their code: a counter that goes up only when the function raises."""

import telemetry
from telemetry.testing import isolated


@telemetry.record_metric(
    "compile_failure_total", on="failure", capture={"backend": "backend"}, error={"error_code": "code"}
)
def build(backend: str) -> None:
    """Fail as a compiler would that is not installed."""
    raise telemetry.PipelineError(f"{backend} cannot do this")


with isolated() as recording:
    for _ in range(3):
        try:
            build("c-gcc")
        except telemetry.PipelineError as error:
            print("failed:", error)
    print("counted:", recording.value("compile_failure_total", backend="c-gcc", error_code="internal"))
