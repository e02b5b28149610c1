"""The description of the API is true: strangers' requests, made from it, are answered as it says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import CHECKS

from telemetry.operations.receiver import description

from .process import TOKENS, Served, alert, start

REQUESTS = 40
LEFT_OUT = ("positive_data_acceptance", "missing_required_header", "use_after_free", "ensure_resource_availability",
            "ignored_auth")  # fmt: skip
"""Checks of what a description cannot say: that incident 7 is there, or which token it takes."""

SCHEMA = schemathesis.openapi.from_dict(description())
WANTED: list[Any] = [check for check in CHECKS.get_all() if check.__name__ not in LEFT_OUT]


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A receiver with an incident; its token goes with each request."""
    folder = tmp_path_factory.mktemp("receiver")
    made = start(str(folder / "alerts.sqlite3"), folder / "tokens")
    assert made.deliver(alert()).status_code == 200
    yield made
    assert made.stop() == 0


@SCHEMA.parametrize()
@settings(
    max_examples=REQUESTS, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
def test_hostile_requests_are_answered_as_described(receiver: Served, case: schemathesis.Case[Any]) -> None:
    """No request brings a 500, an answer that is not described, or one of another form."""
    token = {"Authorization": f"Bearer {TOKENS['operator']}"}
    answer = case.call(base_url=receiver.url, headers=token)
    case.validate_response(answer, checks=WANTED)


def test_the_description_is_served(receiver: Served) -> None:
    """Programs read it where they talk to the receiver, and it has each route that asks for something."""
    served = receiver.get("/openapi.json")
    assert served == description()
    assert served["paths"]["/observability/alerts"]["post"]["requestBody"]["required"] is True
