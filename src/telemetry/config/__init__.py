"""The settings: read once, then passed on; nothing here acts on one."""

from __future__ import annotations

from .host import GitHubStep, github_step
from .reading import carrier, child_environment, default_journal, read_origins, read_settings
from .settings import (
    Environment,
    HostKind,
    Incoming,
    LogFormat,
    Protocol,
    Sampler,
    SamplingRule,
    Settings,
    SpanLimits,
    WorkspaceTier,
)
from .table import SETTINGS, Setting

__all__ = (
    "SETTINGS",
    "Environment",
    "GitHubStep",
    "HostKind",
    "Incoming",
    "LogFormat",
    "Protocol",
    "Sampler",
    "SamplingRule",
    "Setting",
    "Settings",
    "SpanLimits",
    "WorkspaceTier",
    "carrier",
    "child_environment",
    "default_journal",
    "github_step",
    "read_origins",
    "read_settings",
)
