#!/usr/bin/env python3
"""Serve an orchestrator and all its workers: `telemetry gateway` as a file."""

from __future__ import annotations

import sys

from telemetry.cli import main

if __name__ == "__main__":
    sys.argv.insert(1, "gateway")
    main()
