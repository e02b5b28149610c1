"""The program of a child: `python -m tests.soak.child '{"recorder": "ours", …}'`."""

from __future__ import annotations

import sys

from tests.soak.deaths import live
from tests.soak.orders import Orders

if __name__ == "__main__":
    live(Orders.read(sys.argv[1]))
