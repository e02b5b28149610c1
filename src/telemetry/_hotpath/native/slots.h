/* Slots that Cython has no syntax for: vectorcall (PEP 590) and am_send, set on a type after it was made. */
#pragma once
#include <Python.h>

/* A type whose instances keep their vectorcall function at this offset. It is a method descriptor too: calling it with
 * the instance in front is the same as binding it first, so the interpreter makes no bound method. */
static void
install_vectorcall(PyObject *type, Py_ssize_t offset)
{
    PyTypeObject *of = (PyTypeObject *)type;
    of->tp_vectorcall_offset = offset;
    of->tp_flags |= Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_METHOD_DESCRIPTOR;
    of->tp_call = PyVectorcall_Call;
    PyType_Modified(of);
}

/* A type whose instances C makes only: what stands in them must be there before anybody calls them. */
static int
forbid_making(PyObject *type)
{
    PyTypeObject *of = (PyTypeObject *)type;
    of->tp_new = NULL;
    of->tp_vectorcall = NULL; /* Cython 3.3 makes an instance there, past `tp_new` */
    of->tp_flags |= Py_TPFLAGS_DISALLOW_INSTANTIATION;
    int failed = PyDict_DelItemString(of->tp_dict, "__new__");
    PyType_Modified(of);
    return failed;
}

/* What an `await` or a `for` calls. Written as slots, they leave no frames of ours in the user's tracebacks. */
static void
install_steps(PyObject *type, sendfunc send, iternextfunc next)
{
    PyTypeObject *of = (PyTypeObject *)type;
    of->tp_as_async->am_send = send;
    of->tp_iternext = next;
    PyType_Modified(of);
}

static int
install_method(PyObject *type, const char *name, PyCFunction function, int flags)
{
    PyMethodDef *definition = (PyMethodDef *)PyMem_Calloc(1, sizeof *definition); /* lives as long as the type */
    if (definition == NULL) {
        return -1;
    }
    definition->ml_name = name;
    definition->ml_meth = function;
    definition->ml_flags = flags;
    PyObject *method = PyDescr_NewMethod((PyTypeObject *)type, definition);
    if (method == NULL) {
        return -1;
    }
    int failed = PyDict_SetItemString(((PyTypeObject *)type)->tp_dict, name, method);
    Py_DECREF(method);
    PyType_Modified((PyTypeObject *)type);
    return failed;
}

static PyObject *
new_mapping(PyObject *type, PyObject *no_arguments)
{
    return PyDict_Type.tp_new((PyTypeObject *)type, no_arguments, NULL);
}

static inline size_t
hash_of_text(PyObject *text)
{
    Py_hash_t hash = ((PyASCIIObject *)text)->hash;
    return (size_t)(hash == -1 ? PyObject_Hash(text) : hash);
}

static inline int
same_text(PyObject *one, PyObject *other)
{
    if (one == other) {
        return 1;
    }
    Py_ssize_t length = PyUnicode_GET_LENGTH(one);
    int kind = PyUnicode_KIND(one);
    return length == PyUnicode_GET_LENGTH(other) && kind == (int)PyUnicode_KIND(other)
           && memcmp(PyUnicode_DATA(one), PyUnicode_DATA(other), (size_t)(length * kind)) == 0;
}

/* Keep the collector from running while a context variable is set: CPython 3.11 reads the values of all of them without a
 * reference of its own, and a finaliser that runs in between may set another. */
static inline int
pause_collector(void)
{
#if PY_VERSION_HEX < 0x030c0000
    return PyGC_Disable();
#else
    return 0; /* it runs between two instructions of Python only */
#endif
}

static inline void
resume_collector(int was_running)
{
    if (was_running) {
        PyGC_Enable();
    }
}

/* The contextvars.Context of this thread, to be compared only. */
static inline void *
current_contextvars(void)
{
    return PyThreadState_Get()->context;
}

#if PY_VERSION_HEX >= 0x030d0000
#define lookup_attribute PyObject_GetOptionalAttr
#else
#define lookup_attribute _PyObject_LookupAttr
#endif
