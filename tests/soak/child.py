"""The program of a child: `python -m tests.soak.child '{"recorder": "ours", …}'`."""

from __future__ import annotations

import signal
import sys

from tests.soak.deaths import live
from tests.soak.orders import Orders

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has its background jobs ignore it
    live(Orders.read(sys.argv[1]))
