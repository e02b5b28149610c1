# How an exception ends a call: the twin of `failure.py`.

from telemetry._hotpath.failure import outcome as _outcome


cdef object fail(Span span, error):
    return _fail(span, error)
