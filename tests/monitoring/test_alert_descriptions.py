"""What is wrong in descriptions of alerts, routes and collection is told at its place, all at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.monitoring.trees import described, everything

from telemetry.contracts import InvalidRegistryError
from telemetry.errors import RegistryError
from telemetry.monitoring import check_texts, generate

RUNBOOK = '[alert.runbook]\nchecklist = ["Look."]\nrollback = "Never."\nmessage = "It is so."\n'

# Description, place, and the beginning of the problem.
WRONG = [
    ('metric = "agent_cpu_ration"\nshow = "last"\nwarning = { threshold = 0.5, for = "1m" }',
     "/alert/0/metric", "no metric 'agent_cpu_ration'"),
    ('metric = "agent_cpu_ratio"\nshow = "last"\nby = ["squad"]\nwarning = { threshold = 0.5, for = "1m" }',
     "/alert/0/by/0", "agent_cpu_ratio has no label 'squad'"),
    ('metric = "defect_density_weekly"\nshow = "last"\nby = ["severity"]\nwarning = { threshold = 1, for = "1m" }',
     "/alert/0/by/0", "'severity' is what the rule itself says"),
    ('expr = "x"\nby = ["agent", "escalation"]\nwarning = { threshold = 1, for = "1m" }',
     "/alert/0/by/1", "'escalation' is what the rule itself says"),
    ('expr = "x"\nby = ["env", "environment"]\nwarning = { threshold = 1, for = "1m" }',
     "/alert/0/by/1", "'environment' is what the rule itself says"),
    ('metric = "agent_cpu_ratio"\nshow = "last"\nby = ["agent"]\nlabels = { agent = "a" }\ninfo={threshold=0,for="1m"}',
     "/alert/0/by/0", "'agent' is what the rule itself says"),
    ('metric = "agent_cpu_ratio"\nshow = "last"\nlabels = { severity = "page" }\ninfo={threshold=0.5,for="1m"}',
     "/alert/0/labels/severity", "'severity' is what the rule itself says"),
    ('metric = "agent_cpu_ratio"\nshow = "last"\nlabels = { metric_family = "x" }\ninfo={threshold=0.5,for="1m"}',
     "/alert/0/labels/metric_family", "'metric_family' follows from"),
    ('metric = "agent_cpu_ratio"\nshow = "p95"\nwarning = { threshold = 0.5, for = "1m" }',
     "/alert/0/show", "agent_cpu_ratio is a gauge: 'show' must be one of"),
    ('metric = "agent_cpu_ratio"\nshow = "last"\nwarning = { threshold = 80, for = "1m" }',
     "/alert/0/warning/threshold", "must be 0 to 1, as the value is; it is 80"),
    ('metric = "agent_cpu_ratio"\nshow = "last"\nwarning = { threshold = 1, for = "1m" }',
     "/alert/0/warning/threshold", "nothing is above 1, so it would never alert"),
    ('metric = "agent_cpu_ratio"\nshow = "last"\nwhen = "below"\nwarning = { threshold = 0, for = "1m" }',
     "/alert/0/warning/threshold", "nothing is below 0, so it would never alert"),
    ('metric = "agent_response_seconds"\nshow = "p95"\nwindow = "5m"\nwarning = { threshold = 900, for = "10m" }',
     "/alert/0/warning/threshold", "must be 0 to 300, as the value is; it is 900"),
    ('metric = "agent_response_seconds"\nshow = "p95"\nwindow = "5m"\nwarning = { threshold = 30, for = "2m" }',
     "/alert/0/warning/for", "must be as long as the window of 5m: one blip fills that for so long; it is 2m"),
    ('metric = "agent_cpu_ratio"\nshow = "last"\ncritical = { threshold = 0.5, for = "1m" }',
     "/alert/0", "a critical alert needs a 'runbook'"),
    ('metric = "agent_cpu_ratio"\nshow = "max"\ninfo = { threshold = 0.8 }\nwarning = { threshold = 0.5 }\nevent=true',
     "/alert/0/warning/threshold", "must not be milder than info's 0.8; it is 0.5"),
    ('metric = "agent_cpu_ratio"\nshow = "last"', "/alert/0", "an alert needs a level: info, warning, critical"),
    ('metric = "agent_cpu_ratio"\nshow = "last"\nwarning = { for = "1m" }', "/alert/0/warning",
     "'threshold' is missing"),
    ('metric = "agent_cpu_ratio"\nshow = "last"\nwarning = { threshold = 0.5 }', "/alert/0/warning",
     "'for' is missing"),
    ('metric = "agent_cpu_ratio"\nshow = "last"\nwarning = { threshold = 0.5, for = "soon" }', "/alert/0/warning/for",
     "'soon' is not a duration"),
    ('metric = "agent_cpu_ratio"\nshow = "last"\nevent = true\nwarning = { threshold = 0.5, for = "1m" }',
     "/alert/0/warning/for", "an event alerts at once"),
    ('metric = "agent_cpu_ratio"\nshow = "last"\nthreshhold = 1\nwarning = { threshold = 0.5, for = "1m" }',
     "/alert/0/threshhold", "unknown key"),
    *(
        (f'metric = "agent_cpu_ratio"\nshow = "last"\n{text}\nwarning = {{ threshold = 0.5, for = "1m" }}',
         f"/alert/0/{place}", problem)
        for text, place, problem in [
            ('description = "{{ query `up` }}"', "description", "of templates only"),
            ('description = "{{ $labels.agent"', "description", "of templates only"),
            ('labels = { team = "{{ $externalURL }}" }', "labels/team", "of templates only"),
            ('labels = { "a-b" = "x" }', "labels/a-b", "'a-b' is not a Prometheus label name"),
            ('labels = { __x = "x" }', "labels/__x", "'__x' is not a Prometheus label name"),
            ('labels = { api_key = "0123" }', "labels/api_key", "looks like it has a credential"),
            ('labels = { wiki = "http://a/?token=0123456789" }', "labels/wiki", "looks like it has a credential"),
            ('where = { agent = ["!=a", "!=b"] }', "where/agent", "'!=a' compares, and an array is for"),
            ('where = { agent = ["a", "=~b.*"] }', "where/agent", "'=~b.*' compares, and an array is for"),
        ]
    ),
    *(
        (f'metric = "agent_cpu_ratio"\nshow = "max"\nwindow = "{wrong}"\nwarning={{threshold=0.5,for="1d"}}',
         "/alert/0/window", f"'{wrong}' is not a duration")
        for wrong in ("$__range", "$__rate_interval", "$window", "5m1h", "5m5m", "0s", "0m")
    ),
    *(
        (f'metric = "agent_cpu_ratio"\nshow = "last"\nwarning = {{ threshold = 0.5, for = "{wrong}" }}',
         "/alert/0/warning/for", f"'{wrong}' is not a duration")
        for wrong in ("5m1h", "5m5m", "200000d", "11y", "3651d", "m", "5")
    ),
    ('metric = "agent_cpu_ratio"\nshow = "max"\nwindow = "1y"\nwarning = { threshold = 0.5, for = "5m" }',
     "/alert/0/warning/for", "must be as long as the window of 1y"),
    *(
        (f'metric = "agent_cpu_ratio"\nshow = "last"\nwarning = {{ threshold = {wrong}, for = "1m" }}',
         "/alert/0/warning/threshold", problem)
        for wrong, problem in [
            ("nan", "must be a finite number"), ("inf", "must be a finite number"), ("-inf", "must be a finite number"),
            ("true", "must be a number; it is a boolean"), ('"0.5"', "must be a number; it is a string"),
        ]
    ),
]  # fmt: skip

OVERRIDES = [
    ('alert = "AgentSlov"\nwarning = { threshold = 60 }', "/override/0/alert", "there is no alert 'AgentSlov'"),
    ('alert = "AgentSlow"\nmatch = { squad = "a" }', "/override/0/match/squad", "AgentSlow has no label 'squad'"),
    ('alert = "AgentSlow"\nmatch = { environment = "moon" }', "/override/0/match/environment",
     "agent_response_seconds: label 'environment' must be one of"),
    ('alert = "AgentSlow"\nmatch = { agent = "=~build.*" }\nwarning = { threshold = 60 }', "/override/0/match/agent",
     "an exception is for one value, and '=~' compares"),
    ('alert = "AgentSilent"\nmatch = { agent = "!=a" }\ncritical = { threshold = 600 }', "/override/0/match/agent",
     "an exception is for one value, and '!=' compares"),
    ('alert = "AgentSlow"\nwarning = { threshold = 60, window = "1h" }', "/override/0/warning/for",
     "must be as long as the window of 1h"),
    ('alert = "AgentSlow"\nmatch = { agent = "a" }\n[override.runbook]\nrollback = "x"', "/override/0/runbook",
     "some series have a 'runbook_url'"),
    ('alert = "UnresolvedCritical"\nmatch = { environment = "staging" }', "/override/0/match",
     "UnresolvedCritical cannot be narrowed"),
    ('alert = "AgentSlow"\nowner = "{{ $externalURL }}"', "/override/0/owner", "of templates only"),
    ('alert = "AgentSlow"\nrunbook_url = "https://a.example/?token=0123456789"', "/override/0/runbook_url",
     "looks like it has a credential"),
    ('alert = "AgentSlow"\nwarning = { threshold = 900 }', "/override/0/warning/threshold",
     "must be 0 to 300, as the value is; it is 900"),
    ('alert = "AgentSlow"\nmatch = { agent = "a" }\nwarning = { threshold = 300 }', "/override/0/warning/threshold",
     "nothing is above 300"),
    ('alert = "AgentSlow"\nwarning = { threshold = nan }', "/override/0/warning/threshold", "must be a finite number"),
]  # fmt: skip


def refusals(folder: Path, **files: str) -> list[tuple[str, str, str]]:
    """Give file, place and problem of all that is wrong."""
    with pytest.raises(RegistryError) as caught:
        described(folder, **files)
    error = caught.value
    errors = error.errors if isinstance(error, InvalidRegistryError) else (error,)
    return [(Path(each.path).name, each.pointer, each.problem) for each in errors]


@pytest.mark.parametrize(("text", "pointer", "problem"), WRONG, ids=lambda each: str(each)[:40])
def test_wrong_alerts_are_refused(tmp_path: Path, text: str, pointer: str, problem: str) -> None:
    """The mistake is named with its file and its place, and nothing else is."""
    found = refusals(tmp_path, alerts_ours=f'[[alert]]\nname = "Ours"\nsummary = "It is so"\n{text}\n')
    assert [each[:2] for each in found] == [("ours.toml", pointer)]
    assert found[0][2].startswith(problem)


@pytest.mark.parametrize(("text", "pointer", "problem"), OVERRIDES, ids=lambda each: str(each)[:40])
def test_wrong_exceptions_are_refused(tmp_path: Path, text: str, pointer: str, problem: str) -> None:
    """So it is with exceptions."""
    found = refusals(tmp_path, alerts_ours=f"[[override]]\n{text}\n")
    assert [each[:2] for each in found] == [("ours.toml", pointer)]
    assert found[0][2].startswith(problem)


ALERT = (
    '[[alert]]\nname = "{}"\nsummary = "It is so"\nmetric = "agent_cpu_ratio"\nshow = "last"\n'
    'warning = {{ threshold = 0.5, for = "1m" }}\n'
)


def test_names_of_generated_rules_are_taken(tmp_path: Path) -> None:
    """No file and no alert takes the place of the generated rules on missing data."""
    found = refusals(tmp_path, alerts_missing=ALERT.format("DataMissing"))
    assert [each[:2] for each in found] == [("missing.toml", ""), ("missing.toml", "/alert/0/name")]
    assert "rename the file" in found[0][2]
    assert "'DataMissing' is the generated alert" in found[1][2]


@pytest.mark.parametrize("hold", ["0s", "500ms", "1h30m", "1d12h", "3650d", "10y"])
def test_durations_are_read(tmp_path: Path, hold: str) -> None:
    """What Prometheus takes for a duration is one here, up to ten years."""
    ours = described(tmp_path, alerts_ours=ALERT.format("Ours").replace('"1m"', f'"{hold}"')).alerts.alerts["Ours"]
    assert [level.hold for level in ours.levels] == [hold]


def test_parts_of_a_second_are_no_minutes(tmp_path: Path) -> None:
    """A window of half a second is filled by what lasts for a second."""
    text = ALERT.format("Ours").replace('"last"', '"max"\nwindow = "500ms"').replace('"1m"', '"1s"')
    assert "Ours" in described(tmp_path, alerts_ours=text).alerts.alerts


def test_templates_of_values_and_labels_may_stand(tmp_path: Path) -> None:
    """The forms that a rule can fill in are kept as they are."""
    said = "{{ $labels.agent }} uses {{$value}}"
    text = ALERT.format("Ours") + f'description = "{said}"\n'
    assert described(tmp_path, alerts_ours=text).alerts.alerts["Ours"].description == said


def test_addresses_have_no_tokens(tmp_path: Path) -> None:
    """A token in the query of an address is refused, of links and of channels."""
    address = "http://tickets.example/?access_token=0123456789"
    found = refusals(tmp_path, links=f'report = "{address}"\n', routing=f'[channels.ticket]\nurl = "{address}"\n')
    assert [each[:2] for each in found] == [("links.toml", "/report"), ("routing.toml", "/channels/ticket/url")]
    assert not any("0123456789" in problem for _, _, problem in found)


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    """Two alerts of one name, a wrong route and a wrong target come in one error."""
    alert = (
        '[[alert]]\nname = "ParserSlow"\nsummary = "Again"\nmetric = "agent_cpu_ratio"\nshow = "last"\n'
        'warning = { threshold = 0.5, for = "1m" }\n'
    )
    routing = '[receivers]\ncritical = ["pigeon"]\n[timings]\ngroup_wait = "short"\n'
    collection = '[scrape.targets]\ntelemetry = ["nowhere"]\n'
    found = refusals(tmp_path, alerts_ours=alert, routing=routing, collection=collection)
    assert {(name, pointer) for name, pointer, _ in found} == {
        ("ours.toml", "/alert/0/name"),
        ("routing.toml", "/receivers/critical/0"),
        ("routing.toml", "/timings/group_wait"),
        ("collection.toml", "/scrape/targets/telemetry/0"),
    }
    assert "parser.toml" in next(problem for _, pointer, problem in found if pointer == "/alert/0/name")


def test_secrets_have_no_place_in_descriptions(tmp_path: Path) -> None:
    """A key, a password in an address and a webhook are refused: only the file of a secret may be named."""
    routing = (
        '[channels.pagerduty]\nrouting_key = "0123"\n[channels.ticket]\nurl = "http://kim:hunter2@tickets/"\n'
        '[channels.discord]\nwebhook_url = "https://discord.com/api/webhooks/1/x"\n'
    )
    assert {pointer for _, pointer, _ in refusals(tmp_path, routing=routing)} == {
        "/channels/pagerduty/routing_key",
        "/channels/ticket/url",
        "/channels/discord/webhook_url",
    }


def test_alerts_of_a_user_are_added(tmp_path: Path) -> None:
    """An alert of one's own, with a runbook of one's own, stands beside the shipped ones."""
    alert = (
        '[[alert]]\nname = "AgentFull"\nsummary = "An agent is full"\nmetric = "agent_memory_ratio"\nshow = "last"\n'
        f'by = ["agent", "environment"]\ncritical = {{ threshold = 0.95, for = "5m" }}\n{RUNBOOK}'
    )
    alerts = described(tmp_path, alerts_ours=alert).alerts
    assert alerts.thresholds("AgentFull") == {"critical": 0.95}
    assert "ParserSlow" in alerts.alerts


def test_exceptions_for_all_series_change_what_dashboards_show(tmp_path: Path) -> None:
    """A threshold that is changed for all series is the threshold; one for some series is not."""
    text = (
        '[[override]]\nalert = "ParserSlow"\nwarning = { threshold = 200 }\n'
        '[[override]]\nalert = "ParserSlow"\nmatch = { parser_id = "cpp" }\ncritical = { threshold = 500 }\n'
    )
    assert described(tmp_path, alerts_ours=text).alerts.thresholds("ParserSlow") == {"warning": 200, "critical": 300}


def test_queries_of_runbooks_are_held_against_the_registry(tmp_path: Path) -> None:
    """A runbook that asks for a metric that does not exist fails `telemetry generate --check`, like any rule."""
    alert = (
        '[[alert]]\nname = "AgentFull"\nsummary = "An agent is full"\nmetric = "agent_memory_ratio"\nshow = "last"\n'
        f'by = ["agent", "environment"]\ncritical = {{ threshold = 0.95, for = "5m" }}\n{RUNBOOK}'
        '[alert.runbook.queries]\n"What it uses" = "agent_memory_ration"\n'
    )
    found = check_texts(generate(everything(), described(tmp_path, alerts_ours=alert)), everything())
    assert [(each.code, each.path, each.pointer) for each in found] == [
        ("TC702", "runbooks/AgentFull.md", "/queries/What it uses")
    ]
