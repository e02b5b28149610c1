"""The error tree: everything that `telemetry` raises on purpose, and never in a hot path.

TelemetryError
├── ConfigurationError         a setting is wrong, or contradicts the running configuration
│   └── PortInUseError         the scrape endpoint cannot listen
├── ContractError              code asks for what the registry does not allow
│   └── RegistryError          a registry file cannot be read; has the file and a JSON pointer
├── JournalError               a journal, its folder or a bundle of some cannot be used; has the path
├── SourceError                what a command was given cannot be used; has the source
├── EngineError                a server or tool that we do not ship is missing, failed, or refused; has its name
└── PipelineError              a stage of a pipeline failed; has a `code` out of the `error_code` labels
    ├── SpecError              the specification is wrong; has the line and column
    ├── UnsupportedError       the backend cannot express the specification
    └── ToolchainError         a toolchain run failed, timed out, or could not start
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class TelemetryError(Exception):
    """The root of what `telemetry` raises on purpose; every one of them pickles, as process pools need."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), self.args, self.__dict__)


class ConfigurationError(TelemetryError, ValueError):
    """A setting is wrong, or contradicts the running configuration."""


class PortInUseError(ConfigurationError):
    """The scrape endpoint cannot listen on the port that it was given."""


class ContractError(TelemetryError, ValueError):
    """Code asks for what the registry does not allow.

    One error carries every finding that was known when it was raised, each as one line of text with its place.
    """

    def __init__(self, *findings: str) -> None:
        super().__init__(*findings)
        self.findings = findings

    def __str__(self) -> str:
        if len(self.findings) == 1:
            return self.findings[0]
        lines = "".join(f"\n  - {finding}" for finding in self.findings)
        return f"{len(self.findings)} breaches of the telemetry contracts:{lines}"


class RegistryError(ContractError):
    """A registry file cannot be used.

    Attributes:
        path: The file.
        pointer: The place in it, as a JSON pointer (RFC 6901); empty for the whole file.
        problem: What is wrong there.
        code: Which kind of mistake it is: a key of `telemetry.contracts.CODES`.
    """

    def __init__(self, path: str, pointer: str, problem: str, code: str = "TC102") -> None:
        super().__init__(f"{path}#{pointer}: {problem}")
        self.path = path
        self.pointer = pointer
        self.problem = problem
        self.code = code


class JournalError(TelemetryError, OSError):
    """A journal, its folder or a bundle of some cannot be used.

    Attributes:
        path: The file or folder.
    """

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path


class SourceError(TelemetryError, ValueError):
    """What a command was given cannot be used: there is no such source, or it is damaged, or of another kind.

    Attributes:
        source: The folder, file or URL.
    """

    def __init__(self, source: str, problem: str) -> None:
        super().__init__(f"{source}: {problem}")
        self.source = source


class EngineError(TelemetryError, RuntimeError):
    """A server or tool that we do not ship is missing, failed, or refused what it was given.

    Attributes:
        engine: Its name in PATH, or its address.
    """

    def __init__(self, engine: str, problem: str) -> None:
        super().__init__(f"{engine}: {problem}")
        self.engine = engine


class PipelineError(TelemetryError):
    """A stage of a pipeline failed.

    Attributes:
        code: One of the `error_code` label values of the contracts.
    """

    code = "internal"


class SpecError(PipelineError):
    """The specification is wrong.

    Attributes:
        code: `syntax` when it does not parse, `schema` when it parses and makes no sense.
        line: Counted from 1.
        column: Counted from 1.
    """

    def __init__(self, problem: str, *, code: str, path: str, line: int, column: int) -> None:
        super().__init__(f"{path}:{line}:{column}: {problem}")
        self.code = code
        self.path = path
        self.line = line
        self.column = column


class UnsupportedError(PipelineError):
    """The backend cannot express the specification, or there is no such backend."""

    code = "unsupported"


class ToolchainError(PipelineError):
    """A toolchain run failed, timed out, or could not start.

    Attributes:
        code: `toolchain_missing`, `toolchain_failed`, `timeout`, `out_of_memory`, or `io` for a missing folder.
        exit_status: What the child returned, negative for a signal; None when it never ran.
    """

    def __init__(self, problem: str, *, code: str, exit_status: int | None = None) -> None:
        super().__init__(problem)
        self.code = code
        self.exit_status = exit_status


def _restored(kind: type[TelemetryError], args: tuple[Any, ...], state: dict[str, Any]) -> TelemetryError:
    """Make an unpickled error, past the `__init__` of its class, whose parameters differ."""
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error
