"""Swap in a runtime for the length of a block, and leave nothing of it behind."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from telemetry._hotpath import sample_with
from telemetry.config import child_environment, read_settings
from telemetry.errors import ContractError
from telemetry.runtime import Basket, Plugs, TelemetryDispatcher, install
from telemetry.tracing import sampler

from .recording import Recording

_NO_DIRECTORY = Path("/")


@contextmanager
def isolated(**settings: Any) -> Iterator[Recording]:
    """Record into a runtime of its own for the length of the block, and into memory only.

    Of the environment and pyproject.toml only the registry counts, for the functions that are decorated need theirs;
    `registry=` and the other settings are arguments. It swaps the pointer of the process, so it nests, and is not for
    threads that run tests in parallel.

    >>> import telemetry
    >>> with isolated() as recording:
    ...     with telemetry.span("spec.parse"):
    ...         pass
    >>> [span.name for span in recording.spans]
    ['spec.parse']

    Raises:
        ContractError: Functions that are decorated already break the contracts.
    """
    basket = Basket()
    settings["registry"] = _absolute(settings.get("registry", read_settings().registry))
    settings.setdefault("journal", False)
    plugged = {name: settings.pop(name) for name in ("sampler", "id_generator") if _is_plug(settings.get(name))}
    read = read_settings(environ={}, directory=_NO_DIRECTORY, **settings)
    plugs = Plugs(**plugged)
    runtime = TelemetryDispatcher(read, sinks=(basket,), log_sinks=(basket,), quiet=True, plugs=plugs)
    before = _install(runtime)
    sampled_before = sample_with(sampler(read.sampler, read.sampler_arg))
    runtime.logs.open()
    try:
        if read.patch_stdlib:
            from telemetry.context import patch

            patch(runtime, partial(child_environment, {}))  # shutting down undoes it
        yield Recording(runtime, basket)
    finally:
        install(before)
        runtime.shutdown()
        sample_with(sampled_before)


def _absolute(registry: str | Path | Sequence[str | Path]) -> list[Path]:
    files = [registry] if isinstance(registry, str | Path) else registry
    return [Path(file).absolute() for file in files]


def _is_plug(setting: object) -> bool:
    return setting is not None and not isinstance(setting, str)


def _install(runtime: TelemetryDispatcher) -> TelemetryDispatcher | None:
    with suppress(ContractError):
        return install(runtime)
    gc.collect()  # a function that an earlier test decorated wrongly lives on in the cycle of a caught exception
    return install(runtime)
