"""What a message says, and the script that puts in secrets that Alertmanager reads from no file."""

from __future__ import annotations

from typing import Final

from telemetry.monitoring.description.routing import Routing
from telemetry.monitoring.mark import NOTE, commented

from .alertmanager import discord_stand_in

_MESSAGES: Final = """\
{{ define "telemetry.title" -}}
[{{ if eq .Status "firing" }}{{ with .CommonLabels.severity }}{{ . | toUpper }}{{ else }}FIRING{{ end -}}
{{ else }}RESOLVED{{ end }}] {{ with .CommonLabels.alertname }}{{ . }}{{ else }}{{ len .Alerts }} alerts{{ end -}}
{{ with .CommonLabels.environment }} in {{ . }}{{ end -}}
{{ with .CommonLabels.squad }} ({{ . }}){{ end -}}
{{ with .CommonLabels.escalation }}, escalation: {{ . }}{{ end }}
{{- end }}

{{ define "telemetry.alert" -}}
{{ .Annotations.summary }}
{{ .Annotations.description }}
Owner: {{ .Labels.owner }}{{ with .Annotations.runbook_url }}
Runbook: {{ . }}{{ end }}{{ with .Annotations.dashboard_url }}
Dashboard: {{ . }}{{ end }}
{{- end }}

{{ define "telemetry.text" -}}
{{ range $index, $alert := .Alerts }}{{ if $index }}

{{ end }}{{ template "telemetry.alert" $alert }}{{ end }}
{{- end }}

{{ define "telemetry.digest" -}}
{{ range $index, $alert := .Alerts }}{{ if $index }}
{{ end }}- {{ .Labels.alertname }}: {{ .Annotations.description }}{{ end }}
{{- end }}
"""

_SCRIPT: Final = """\
# Puts the Discord webhooks into a copy of the configuration, then becomes Alertmanager. Without the file of a webhook
# its address stays one that no host has, and Alertmanager says so when it would use it.
set -eu
from=${TELEMETRY_CONFIGURATION:-/etc/alertmanager}
# A name that others can foretell could be theirs already.
to=${TELEMETRY_RENDERED:-$(mktemp -d)}
mkdir -p "$to"
chmod 700 "$to"
cp "$from"/telemetry.tmpl "$to"/
cp "$from"/alertmanager.yml "$to"/alertmanager.yml
chmod 600 "$to"/alertmanager.yml
put() {
    [ -s "$2" ] || return 0
    url=$(sed -n 's/^[[:space:]]*//; s/[[:space:]].*//; /^https:\\/\\//{ s/[&|\\\\]/\\\\&/g; p; q; }' "$2")
    if [ -z "$url" ]; then
        echo "entrypoint.sh: no line of $2 begins with https://; that channel will not be told" >&2
        return 0
    fi
    # Through a file: the arguments of a command are there for all to see.
    printf 's|%s$|%s|\\n' "$1" "$url" >"$to"/script.sed
    sed -i -f "$to"/script.sed "$to"/alertmanager.yml
    rm "$to"/script.sed
}
"""


def message_templates() -> str:
    """Write the templates that all receivers share."""
    return f"{{{{/* {NOTE} */ -}}}}\n{_MESSAGES}"


def entrypoint(routing: Routing) -> str:
    """Write the script that starts Alertmanager with its Discord webhooks, each from a file of secrets."""
    secrets = routing.channels["discord"]["secrets"]
    puts = [
        f'put {discord_stand_in(name)} "${{TELEMETRY_SECRETS:-{secrets}}}/discord_{name}"'
        for name, channels in routing.receivers.items()
        if "discord" in channels
    ]
    start = 'exec alertmanager --config.file="$to"/alertmanager.yml "$@"'
    return f"#!/bin/sh\n{commented(_SCRIPT + chr(10).join([*puts, start, '']))}"
