#!/usr/bin/env python3
"""Hold the dashboards and rules below this folder against the registry: `telemetry dashboards check`, by another name.

Without arguments it checks the folder that it lies in. Exit code 0, 1 when something is wrong, 2 on bad usage.
"""

from __future__ import annotations

import sys
from pathlib import Path

from telemetry.cli import main

if __name__ == "__main__":
    sys.argv[1:] = ["dashboards", "check", *(sys.argv[1:] or [str(Path(__file__).parents[1])])]
    main()
