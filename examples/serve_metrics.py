"""Serve metrics: a Prometheus can scrape this process; here we scrape it ourselves."""

from urllib.request import urlopen

import telemetry

with telemetry.configure("serve-metrics", prometheus_port=0) as runtime:
    telemetry.metric("compile_success_total").labels(backend="c-gcc").inc()
    with urlopen(f"http://127.0.0.1:{runtime.prometheus_port}/metrics") as page:
        for line in page.read().decode().splitlines():
            if "compile_success_total" in line:
                print(line)
