# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, binding=True
# The compiled cells by themselves, with a door to what only C can call.

include "native/cells.pxi"
include "native/labels.pxi"


def take(Cell cell, double value):
    cell.take(value)


def add(CounterCell cell, double amount):
    cell.add(amount)


def record(cell, double value):
    if type(cell) is HistogramCell:
        (<HistogramCell>cell).record(value)
    elif type(cell) is SummaryCell:
        (<SummaryCell>cell).record(value)
    else:
        (<ExponentialHistogramCell?>cell).record(value)


cdef extern from *:
    """
    static int
    failed_call(void)
    {
        return -1;
    }
    """
    int failed_call() except -1

cdef extern from "Python.h":
    void PyErr_SetObject(object kind, object error)


def take_while_raising(Cell cell, double value, error):
    # As a wrapper does when the call that it wraps has failed: the error is set, and stays the one that is raised.
    PyErr_SetObject(type(error), error)
    cell.take(value)
    failed_call()
