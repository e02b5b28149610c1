#!/usr/bin/env python3
"""Run one instrumented cycle and check it against the contracts: `telemetry probe` as a file, for CI."""

from __future__ import annotations

import sys

from telemetry.cli import main

if __name__ == "__main__":
    sys.argv.insert(1, "probe")
    main()
