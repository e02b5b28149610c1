# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True, binding=False
"""The compiled twin: cells, spans and wrappers in C, each noun in a piece of its own in `native`."""

include "native/cells.pxi"
include "native/labels.pxi"
include "native/ambient.pxi"
include "native/ring.pxi"
include "native/attribute.pxi"
include "native/site.pxi"
include "native/span.pxi"
include "native/failure.pxi"
include "native/call.pxi"
include "native/steps.pxi"
include "native/opener.pxi"
