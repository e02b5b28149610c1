"""The servers that the generated files are for, with the settings that a throw-away one needs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from .port import HOST
from .program import PROGRAMS
from .server import Server

_ALL_TIME: Final = "100y"


def prometheus(
    config: Path, *options: str, port: int | None = None, folder: Path | None = None, retention: str = _ALL_TIME
) -> Server:
    """Make a Prometheus; what was backfilled into `data` of its folder is served."""

    def arguments(port: int, folder: Path) -> Sequence[str]:
        return (
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--storage.tsdb.retention.time={retention}",
            f"--web.listen-address={HOST}:{port}",
            *options,
        )

    return Server(PROGRAMS["prometheus"], arguments, ready="/-/ready", port=port, folder=folder)


def alertmanager(config: Path, *options: str, port: int | None = None, folder: Path | None = None) -> Server:
    """Make an Alertmanager that talks to no other one."""

    def arguments(port: int, folder: Path) -> Sequence[str]:
        return (
            f"--config.file={config}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address={HOST}:{port}",
            "--cluster.listen-address=",  # else it gossips on all addresses
            *options,
        )

    return Server(PROGRAMS["prometheus-alertmanager"], arguments, ready="/-/ready", port=port, folder=folder)


def victoria_metrics(*options: str, port: int | None = None, folder: Path | None = None) -> Server:
    """Make a VictoriaMetrics that keeps everything, and shows at once what it was given."""

    def arguments(port: int, folder: Path) -> Sequence[str]:
        return (
            f"-httpListenAddr={HOST}:{port}",
            f"-storageDataPath={folder / 'data'}",
            f"-retentionPeriod={_ALL_TIME}",
            "-search.latencyOffset=0s",
            "-loggerLevel=WARN",
            *options,
        )

    return Server(PROGRAMS["victoria-metrics"], arguments, ready="/health", port=port, folder=folder)


def vmalert(
    rules: Path, store: str, *options: str, notifier: str = "", port: int | None = None, folder: Path | None = None
) -> Server:
    """Make a vmalert that evaluates rule files (a path or pattern) against a store, and writes the results into it.

    Without a notifier, the address of an Alertmanager, it takes recording rules only.
    """

    def arguments(port: int, folder: Path) -> Sequence[str]:
        del folder
        return (
            f"-httpListenAddr={HOST}:{port}",
            f"-rule={rules}",
            f"-datasource.url={store}",
            f"-remoteWrite.url={store}",
            f"-remoteRead.url={store}",
            "-loggerLevel=WARN",
            *([f"-notifier.url={notifier}"] if notifier else []),
            *options,
        )

    return Server(PROGRAMS["vmalert"], arguments, ready="/health", port=port, folder=folder)


def node_exporter(textfiles: Path, *options: str, port: int | None = None, folder: Path | None = None) -> Server:
    """Make a node_exporter that serves the `.prom` files of a folder and nothing of the machine."""

    def arguments(port: int, folder: Path) -> Sequence[str]:
        del folder
        return (
            f"--web.listen-address={HOST}:{port}",
            "--collector.disable-defaults",
            "--collector.textfile",
            f"--collector.textfile.directory={textfiles}",
            *options,
        )

    return Server(PROGRAMS["prometheus-node-exporter"], arguments, ready="/", port=port, folder=folder)
