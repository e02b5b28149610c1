"""`telemetry bundle pack | verify | replay`: take a recording elsewhere, check it, send it from there."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from time import time_ns
from typing import Annotated, Any, BinaryIO

import typer

from telemetry.config import read_settings
from telemetry.contracts import load_registry
from telemetry.errors import ConfigurationError, ContractError, JournalError
from telemetry.journal import Folder
from telemetry.logs import REDACTED, redact_text, redact_value
from telemetry.signals import Finding, Resource

from .amounts import counted
from .folders import folders, refuse

app = typer.Typer(no_args_is_help=True, help="Pack what was recorded into one signed file; verify it; replay it.")

_FAILED = 1
_STANDARD_OUTPUT = "-"
_GIBIBYTE = 1 << 30

_Key = Annotated[
    Path | None, typer.Option("--public-key", help="The public key, as PEM, that must have signed the bundle.")
]
_MostBytes = Annotated[
    int, typer.Option("--most-bytes", min=1, help="How much is unpacked before a bundle is refused.")
]


@app.command()
def pack(
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="The bundle.")] = Path("telemetry-bundle.tar.gz"),
    journal: Annotated[
        Path | None, typer.Option(help="The folder of journals; by default the one of the settings, or all of yours.")
    ] = None,
    artefacts: Annotated[
        list[Path] | None, typer.Option(help="A store of toolchain runs: hashes and sizes go in. Repeatable.")
    ] = None,
    with_artefacts: Annotated[
        bool, typer.Option("--with-artefacts", help="The artefacts themselves go in too, as they are.")
    ] = False,
    logs: Annotated[list[Path] | None, typer.Option(help="A log file; secrets are taken out. Repeatable.")] = None,
    registry: Annotated[
        list[Path] | None, typer.Option(help="A registry file; by default those of the settings. Repeatable.")
    ] = None,
    key: Annotated[Path, typer.Option(help="The Ed25519 key that signs, as PEM; made where it is missing.")] = Path(
        ".telemetry/signing_key.pem"
    ),
    unsigned: Annotated[bool, typer.Option("--unsigned", help="Sign with no key.")] = False,
    keep_found: Annotated[
        bool, typer.Option("--keep-found", help="Pack though something looks like a secret.")
    ] = False,
    created: Annotated[
        int | None,
        typer.Option(min=0, envvar="SOURCE_DATE_EPOCH", help="The date of the bundle, in seconds since 1970."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write the manifest as JSON.")] = False,
) -> None:
    """Pack journals, contracts, hashes of artefacts and logs into one file with checksums and a signature.

    Processes may go on running. Exit code 0 when the bundle was written, 1 when not, 2 on bad usage.
    """
    with _failures():
        from telemetry.journal.bundle import Redaction, Selection, open_key
        from telemetry.journal.bundle import pack as pack_bundle

        manifest = pack_bundle(
            Selection(
                registry=load_registry(*read_settings(registry=registry).registry),
                redaction=Redaction(_is_secret, _clean),
                created=time_ns() // 10**9 if created is None else created,
                journals=_journals(journal),
                artefacts=artefacts or (),
                with_artefacts=with_artefacts,
                logs=logs or (),
                key=None if unsigned else open_key(key),
                keep_found=keep_found,
            ),
            output,
        )
    _show_packed(manifest, output, as_json=as_json)


@app.command()
def verify(
    bundle: Annotated[Path, typer.Argument(help="The bundle.")],
    *,
    public_key: _Key = None,
    most_bytes: _MostBytes = 4 * _GIBIBYTE,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON object instead of lines.")] = False,
) -> None:
    """Check the signature, the checksums and the structure of every record of a bundle.

    Exit code 0 when it is as it was packed, 1 when it is not, 2 on bad usage.
    """
    _refuse_missing(bundle)
    with _failures():
        from telemetry.journal.bundle import Limits
        from telemetry.journal.bundle import verify as verify_bundle

        found = verify_bundle(bundle, _public_key(public_key), Limits(total_bytes=most_bytes))
    if as_json:
        said = {"passed": found.is_passed, "signer": found.signer, "trusted": found.is_trusted}
        typer.echo(json.dumps({**said, "findings": [asdict(each) for each in found.findings]}, indent=2))
    else:
        for finding in found.findings:
            typer.secho(_line(finding), err=finding.level == "error")
        typer.echo(f"{bundle}: {'as it was packed' if found.is_passed else 'NOT as it was packed'}{_signer(found)}")
    raise typer.Exit(0 if found.is_passed else _FAILED)


@app.command()
def replay(
    bundle: Annotated[Path, typer.Argument(help="The bundle.")],
    *,
    endpoint: Annotated[str | None, typer.Option(help="The base URL of an OTLP endpoint.")] = None,
    prometheus: Annotated[
        str | None, typer.Option(help="Write the metrics as OpenMetrics text with timestamps to this file; or -.")
    ] = None,
    otlp_json: Annotated[
        str | None, typer.Option("--otlp-json", help="Write everything as lines of OTLP JSON to this file; or -.")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Send everything, though the endpoint has it from an earlier replay.")
    ] = False,
    timeout_seconds: Annotated[
        float, typer.Option("--timeout", min=0.0, help="How long one request is tried again.")
    ] = 60.0,
    public_key: _Key = None,
    most_bytes: _MostBytes = 4 * _GIBIBYTE,
) -> None:
    """Verify a bundle, and send or write what was recorded, with its own resources, ids and times.

    Exit code 0 when all has arrived, 1 when it has not, 2 on bad usage.
    """
    _refuse_missing(bundle)
    if endpoint is None and prometheus is None and otlp_json is None:
        refuse("say where to: --endpoint URL, --prometheus FILE or --otlp-json FILE")
    with _failures():
        from telemetry.export.replay import backfill_text, json_lines, left_out, processes, requests
        from telemetry.journal.bundle import Bundle, Limits

        with Bundle.open(bundle, _public_key(public_key), Limits(total_bytes=most_bytes)) as opened:
            for name, reason in left_out(opened).items():
                typer.secho(f"left out {name}: {reason}", err=True)
            if prometheus is not None:
                _write(prometheus, backfill_text(processes(opened)))
            if otlp_json is not None:
                _write(otlp_json, json_lines(requests(opened)))
            if endpoint is not None:
                _send(opened, bundle, endpoint, again=again, timeout_seconds=timeout_seconds)


def _journals(given: Path | None) -> list[Folder]:
    """Give the folders to pack; one that was copied from elsewhere may have no lock file yet."""
    if given is not None and any(given.glob("*.journal")):
        return [Folder.open(given)]
    return folders(given)


def _send(opened: Any, path: Path, endpoint: str, *, again: bool, timeout_seconds: float) -> None:
    from telemetry.export.otlp import OtlpExporter
    from telemetry.export.replay import Replay, ReplayRecord

    settings = read_settings()
    seconds = settings.export_timeout_ms / 1000
    exporter = OtlpExporter(endpoint, Resource({}), timeout_seconds=seconds, protocol=settings.protocol)
    try:
        run = Replay(opened, exporter.request, exporter.target, ReplayRecord(path), timeout_seconds)
        outcome = run.run(again=again)
    finally:
        exporter.close()
    arrived = outcome.progress
    counts = f"{_records(arrived)}, {counted(arrived.metrics, 'metric')}"
    typer.echo(f"{exporter.target}: {counted(outcome.sent, 'request')} sent; it has {counts}", err=True)
    if arrived.rejected:
        typer.secho(f"{arrived.rejected} of them it did not want; its own log says why", err=True)
    if outcome.problem:
        typer.secho(f"stopped: {outcome.problem}; put it right and replay once more, which goes on here", err=True)
    if outcome.problem or arrived.rejected:
        raise typer.Exit(_FAILED)


def _show_packed(manifest: Any, output: Path, *, as_json: bool) -> None:
    if as_json:
        typer.echo(manifest.encode(), nl=False)
        return
    for name, reason in manifest.unreadable.items():
        typer.secho(f"left out {name}: {reason}", err=True)
    for process in manifest.processes:
        typer.echo(f"{process.folder}  {process.state}  {_records(process)}, {process.recovered} recovered")
    if not any(each.spans or each.logs or each.recovered for each in manifest.processes):
        typer.echo("nothing was waiting: no span and no log record that is not shipped is in the bundle")
    looked = manifest.redaction
    typer.echo(
        f"looked for secrets in {counted(looked['values'], 'value')}: {looked['values_found']} found; "
        f"in {counted(looked['log_lines'], 'log line')}: {looked['log_lines_cleaned']} cleaned"
    )
    signed = "signed" if manifest.public_key else "not signed"
    typer.echo(f"{output}: {counted(len(manifest.members), 'member')}, {output.stat().st_size} bytes, {signed}")


def _records(counts: Any) -> str:
    return f"{counted(counts.spans, 'span')}, {counted(counts.logs, 'log record')}"


def _signer(found: Any) -> str:
    if not found.signer:
        return ""
    return f", signed by {found.signer}" + ("" if found.is_trusted else " (its own word)")


def _line(finding: Finding) -> str:
    remedy = f"; {finding.remedy}" if finding.remedy else ""
    return f"{finding.level}  {finding.place}  {finding.problem}{remedy}"


def _is_secret(name: str, value: Any) -> bool:
    """Tell whether the rules of the logs would still take something out; a long text that they cut is none."""
    return str(redact_value(name, value)).count(REDACTED) > str(value).count(REDACTED)


def _clean(line: str) -> str:
    """Give a log line without secrets: a line of JSON field by field, any other as text."""
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        return redact_text(line) if _is_secret("line", line) else line
    if not any(_is_secret(name, value) for name, value in fields.items()):
        return line
    return json.dumps({name: redact_value(name, value) for name, value in fields.items()}, separators=(",", ":"))


def _write(place: str, pieces: Iterable[bytes]) -> None:
    file: BinaryIO
    if place == _STANDARD_OUTPUT:
        file = sys.stdout.buffer
        file.writelines(pieces)
        file.flush()
        return
    try:
        with Path(place).open("wb") as file:
            file.writelines(pieces)
    except OSError as error:
        refuse(f"{place}: {error.strerror}")


def _public_key(path: Path | None) -> Any:
    if path is None:
        return None
    from telemetry.journal.bundle import read_public_key

    try:
        return read_public_key(path.read_bytes(), str(path))
    except OSError as error:
        refuse(f"--public-key {path}: {error.strerror}")


@contextmanager
def _failures() -> Iterator[None]:
    """Turn our errors into exit codes: 1 for what is wrong with a bundle or journal, 2 for what was asked wrongly."""
    try:
        yield
    except JournalError as error:
        typer.secho(f"telemetry: {error}", err=True)
        raise typer.Exit(_FAILED) from None
    except (ConfigurationError, ContractError) as error:
        refuse(str(error))
    except ModuleNotFoundError as error:
        refuse(f"{error.name} is not installed: pip install 'telemetry[probe]'")


def _refuse_missing(bundle: Path) -> None:
    if not bundle.is_file():
        refuse(f"{bundle}: there is no such file")
