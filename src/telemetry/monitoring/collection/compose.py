"""compose.yaml: the whole stack on one machine, reachable from that machine only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from telemetry.monitoring.description import Collection, Routing

from .stores import TREE, flags

_WITHOUT_SHELL: Final = ("collector", "fluent_bit")
"""Images that have no program to ask for their health; the stack check asks them from outside."""

_PROFILES: Final[Mapping[str, str]] = {"prometheus": "prometheus", "vmagent": "victoria", "vmalert": "victoria"}
"""Either Prometheus scrapes and alerts, or vmagent and vmalert do: both would alert twice."""

_HEALTH: Final[Mapping[str, str]] = {
    "prometheus": "/-/ready",
    "alertmanager": "/-/ready",
    "node_exporter": "/",
    "grafana": "/api/health",
    "pages": "/runbooks/",
}


def compose(collection: Collection, routing: Routing) -> Mapping[str, object]:
    """Make the stack by the Compose Specification."""
    commands = {**flags(collection), **_commands(collection)}
    services = {name.replace("_", "-"): _service(collection, name, commands[name]) for name in commands}
    secrets = _secrets(routing)
    services["alertmanager"] |= {
        "entrypoint": ["/bin/sh", f"{TREE}/alertmanager/entrypoint.sh"],
        "environment": {"TELEMETRY_CONFIGURATION": f"{TREE}/alertmanager", "TELEMETRY_RENDERED": _RENDERED},
        "secrets": sorted(secrets),
    }
    services["grafana"] |= {"environment": _grafana(collection), "secrets": ["grafana_admin_password"]}
    return {
        "services": services,
        "volumes": {f"{name.replace('_', '-')}-data": {} for name in commands if name in _DATA},
        "secrets": {name: {"file": f"${{TELEMETRY_SECRETS:-./secrets}}/{name}"} for name in [*sorted(secrets), _ADMIN]},
    }


_RENDERED: Final = "/tmp/alertmanager"  # noqa: S108 - nobody else writes into the container, and restarts use it again
_ADMIN: Final = "grafana_admin_password"
_DATA: Final[Mapping[str, str]] = {
    "victoriametrics": "/storage",
    "longterm": "/storage",
    "vmagent": "/storage",
    "victorialogs": "/storage",
    "victoriatraces": "/storage",
    "prometheus": "/prometheus",
    "alertmanager": "/alertmanager",
    "collector": "/var/lib/otelcol",
    "fluent_bit": "/var/lib/fluent-bit",
    "grafana": "/var/lib/grafana",
}
_READS: Final[Mapping[str, tuple[str, ...]]] = {
    "prometheus": ("prometheus", "rules"),
    "alertmanager": ("alertmanager",),
    "vmagent": ("victoriametrics",),
    "vmalert": ("rules",),
    "vmalert_longterm": ("victoriametrics",),
    "collector": ("collector",),
    "fluent_bit": ("fluent-bit",),
}
_IMAGES: Final[Mapping[str, str]] = {"longterm": "victoriametrics", "vmalert_longterm": "vmalert"}


def _service(collection: Collection, name: str, command: Sequence[str]) -> dict[str, object]:
    data = [f"{name.replace('_', '-')}-data:{_DATA[name]}"] if name in _DATA else []
    service: dict[str, object] = {
        "image": collection.images[_IMAGES.get(name, name)],
        "network_mode": "host",  # all listen on loopback; so do the gateway and its journals, which are no container
        "restart": "unless-stopped",
        "security_opt": ["no-new-privileges:true"],
        "volumes": [*_mounts(collection, name), *data],
    }
    if command:
        service["command"] = list(command)
    if name in _PROFILES:
        service["profiles"] = [_PROFILES[name]]
    if name not in _WITHOUT_SHELL:
        service["healthcheck"] = _health(collection, name)
    return service


def _mounts(collection: Collection, name: str) -> list[str]:
    """Mount what a server reads and no more: the secrets may lie beside it."""
    lines, textfiles = collection.folders["lines"], collection.folders["textfiles"]
    foreign = {
        "fluent_bit": {lines: lines},
        "node_exporter": {textfiles: textfiles},
        "pages": {"./runbooks": "/srv/runbooks"},
        "grafana": {"./dashboards": "/etc/grafana/dashboards", "./provisioning": "/etc/grafana/provisioning"},
    }
    tree = {f"./{part}": f"{TREE}/{part}" for part in _READS.get(name, ())}
    return [f"{source}:{target}:ro" for source, target in {**tree, **foreign.get(name, {})}.items()]


def _health(collection: Collection, name: str) -> Mapping[str, object]:
    address = f"http://{collection.address(name)}{_HEALTH.get(name, '/health')}"
    test = ["CMD", "wget", "-q", "-O", "/dev/null", address]
    return {"test": test, "interval": "10s", "timeout": "5s", "retries": 3, "start_period": "30s"}


def _commands(collection: Collection) -> Mapping[str, Sequence[str]]:
    """Give the command lines of what is not VictoriaMetrics."""
    return {
        "prometheus": [
            f"--config.file={TREE}/prometheus/prometheus.yml",
            "--storage.tsdb.path=/prometheus",
            f"--storage.tsdb.retention.time={collection.keep['engine']}",
            f"--web.listen-address={collection.address('prometheus')}",
        ],
        "alertmanager": [
            "--storage.path=/alertmanager",
            f"--web.listen-address={collection.address('alertmanager')}",
            "--cluster.listen-address=",
        ],
        "node_exporter": [
            f"--web.listen-address={collection.address('node_exporter')}",
            f"--collector.textfile.directory={collection.folders['textfiles']}",
        ],
        "collector": [f"--config={TREE}/collector/collector.yaml"],
        "fluent_bit": ["/fluent-bit/bin/fluent-bit", "-c", f"{TREE}/fluent-bit/fluent-bit.yaml"],
        "grafana": [],
        "pages": ["httpd", "-f", "-p", collection.address("pages"), "-h", "/srv"],
    }


def _grafana(collection: Collection) -> Mapping[str, str]:
    """Give the settings of Grafana, and the addresses that its provisioning asks for."""
    return {
        "GF_SERVER_HTTP_ADDR": "127.0.0.1",
        "GF_SERVER_HTTP_PORT": str(collection.ports["grafana"]),
        "GF_SECURITY_ADMIN_PASSWORD__FILE": f"/run/secrets/{_ADMIN}",
        "GF_ANALYTICS_REPORTING_ENABLED": "false",
        "GF_INSTALL_PLUGINS": "victoriametrics-logs-datasource",
        "PROMETHEUS_URL": f"http://{collection.address('victoriametrics')}",
        "VICTORIAMETRICS_URL": f"http://{collection.address('longterm')}",
        "VICTORIALOGS_URL": f"http://{collection.address('victorialogs')}",
    }


def _secrets(routing: Routing) -> set[str]:
    """Give the names of the files that Alertmanager reads below /run/secrets."""
    used = {channel for channels in routing.receivers.values() for channel in channels} | {"observability"}
    files = [
        value
        for channel in sorted(used)
        for key, value in routing.channels.get(channel, {}).items()
        if key.endswith("_file")
    ]
    hooks = {f"discord_{name}" for name, channels in routing.receivers.items() if "discord" in channels}
    return hooks | {path.removeprefix("/run/secrets/") for path in files if path.startswith("/run/secrets/")}
