"""Log with the ids of the span: one JSON object a line, for structlog and for the standard library alike."""

import logging
import sys

import telemetry

log = telemetry.get_logger("specc")


@telemetry.instrument_span("spec.parse")
def parse(path: str) -> int:
    """Parse a specification, and say so."""
    log.info("spec.parsed", spec=path, operators=2)
    logging.getLogger("legacy").warning("an old module says hello")
    return 2


sys.stderr = sys.stdout
with telemetry.configure("log-with-ids", log_format="json"):
    parse("clamp.spec")
