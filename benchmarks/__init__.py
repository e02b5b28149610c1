"""What instrumenting costs, as a ratio to the least that any instrumentation could cost on the same machine."""
