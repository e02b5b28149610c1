#!/usr/bin/env python3
"""Write a finished run as Prometheus text: `telemetry run-summary` as a file."""

from __future__ import annotations

import sys

from telemetry.cli import main

if __name__ == "__main__":
    sys.argv.insert(1, "run-summary")
    main()
