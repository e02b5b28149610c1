/* The floor: the least that recording a span around a call can cost in this process, written in C.
 *
 * A Floor object is a callable that passes its call on to another one, by vectorcall (PEP 590), and does around it what no
 * span can do without. Its parts can be had one by one, so that the table shows where the floor comes from:
 *
 *   pass      the call alone
 *   clocks    CLOCK_REALTIME and CLOCK_MONOTONIC before the call, CLOCK_MONOTONIC after it: a span starts at a point of
 *             civil time, and its length must not jump when that clock is set, so three reads is the least
 *   context   one PyContextVar_Set before the call, one PyContextVar_Reset after it
 *   append    one PyList_Append after the call, to a list that is emptied when it holds BOUND objects
 *   all       clocks, context and append: FLOOR
 *
 * It keeps no identifiers, attributes, status or parent; everything of that kind is what an instrumentation adds.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stddef.h>
#include <string.h>
#include <structmember.h>
#include <time.h>

enum { BOUND = 2048 };

typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    PyObject *function;
    PyObject *variable;
    PyObject *records;
    long long start_ns;
    long long duration_ns;
} Floor;

static inline long long
read_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static inline PyObject *
enter_context(Floor *self)
{
    return PyContextVar_Set(self->variable, (PyObject *)self);
}

/* Steals `token` and `result`, as the end of the call owns both; returns NULL with the error of whichever failed. */
static inline PyObject *
leave_context(Floor *self, PyObject *token, PyObject *result)
{
    int failed = 0;
    if (result != NULL) {
        failed = PyContextVar_Reset(self->variable, token);
    }
    else {
        PyObject *type, *value, *traceback;
        PyErr_Fetch(&type, &value, &traceback);
        if (PyContextVar_Reset(self->variable, token) < 0) {
            PyErr_Clear();
        }
        PyErr_Restore(type, value, traceback);
    }
    Py_DECREF(token);
    if (failed) {
        Py_CLEAR(result);
    }
    return result;
}

static inline PyObject *
append_record(Floor *self, PyObject *result)
{
    if (result == NULL) {
        return NULL;
    }
    int failed = PyList_Append(self->records, Py_True);
    if (!failed && PyList_GET_SIZE(self->records) >= BOUND) {
        failed = PyList_SetSlice(self->records, 0, BOUND, NULL);
    }
    if (failed) {
        Py_CLEAR(result);
    }
    return result;
}

static PyObject *
call_pass(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *names)
{
    return PyObject_Vectorcall(((Floor *)callable)->function, args, nargsf, names);
}

static PyObject *
call_clocks(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *names)
{
    Floor *self = (Floor *)callable;
    self->start_ns = read_ns(CLOCK_REALTIME);
    long long begin_ns = read_ns(CLOCK_MONOTONIC);
    PyObject *result = PyObject_Vectorcall(self->function, args, nargsf, names);
    self->duration_ns = read_ns(CLOCK_MONOTONIC) - begin_ns;
    return result;
}

static PyObject *
call_context(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *names)
{
    Floor *self = (Floor *)callable;
    PyObject *token = enter_context(self);
    if (token == NULL) {
        return NULL;
    }
    return leave_context(self, token, PyObject_Vectorcall(self->function, args, nargsf, names));
}

static PyObject *
call_append(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *names)
{
    Floor *self = (Floor *)callable;
    return append_record(self, PyObject_Vectorcall(self->function, args, nargsf, names));
}

static PyObject *
call_all(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *names)
{
    Floor *self = (Floor *)callable;
    self->start_ns = read_ns(CLOCK_REALTIME);
    long long begin_ns = read_ns(CLOCK_MONOTONIC);
    PyObject *token = enter_context(self);
    if (token == NULL) {
        return NULL;
    }
    PyObject *result = leave_context(self, token, PyObject_Vectorcall(self->function, args, nargsf, names));
    self->duration_ns = read_ns(CLOCK_MONOTONIC) - begin_ns;
    return append_record(self, result);
}

static const struct {
    const char *name;
    vectorcallfunc call;
} PARTS[] = {
    {"pass", call_pass}, {"clocks", call_clocks}, {"context", call_context}, {"append", call_append}, {"all", call_all},
};

static vectorcallfunc
find_part(const char *name)
{
    for (size_t i = 0; i < Py_ARRAY_LENGTH(PARTS); i++) {
        if (strcmp(PARTS[i].name, name) == 0) {
            return PARTS[i].call;
        }
    }
    PyErr_Format(PyExc_ValueError, "floor.c has no part '%s'; take pass, clocks, context, append or all", name);
    return NULL;
}

static PyObject *
floor_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    const char *part;
    PyObject *function, *variable, *records;
    if (kwargs != NULL && PyDict_GET_SIZE(kwargs) > 0) {
        PyErr_SetString(PyExc_TypeError, "Floor takes its four arguments by position");
        return NULL;
    }
    if (!PyArg_ParseTuple(args, "sOO!O!:Floor", &part, &function, &PyContextVar_Type, &variable, &PyList_Type, &records)) {
        return NULL;
    }
    vectorcallfunc call = find_part(part);
    if (call == NULL) {
        return NULL;
    }
    Floor *self = (Floor *)type->tp_alloc(type, 0);
    if (self != NULL) {
        self->vectorcall = call;
        self->function = Py_NewRef(function);
        self->variable = Py_NewRef(variable);
        self->records = Py_NewRef(records);
    }
    return (PyObject *)self;
}

static int
floor_traverse(Floor *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->function);
    Py_VISIT(self->variable);
    Py_VISIT(self->records);
    return 0;
}

static int
floor_clear(Floor *self)
{
    Py_CLEAR(self->function);
    Py_CLEAR(self->variable);
    Py_CLEAR(self->records);
    return 0;
}

static void
floor_dealloc(Floor *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    floor_clear(self);
    type->tp_free((PyObject *)self);
    Py_DECREF(type);
}

static PyMemberDef floor_members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(Floor, vectorcall), READONLY, NULL},
    {"start_ns", T_LONGLONG, offsetof(Floor, start_ns), READONLY, "Start of the last call, since the epoch."},
    {"duration_ns", T_LONGLONG, offsetof(Floor, duration_ns), READONLY, "Length of the last call."},
    {NULL},
};

static PyType_Slot floor_slots[] = {
    {Py_tp_doc, "Floor(part, function, variable, records, /)\n--\n\nPass calls on, and do one part of what a span must do."},
    {Py_tp_new, floor_new},
    {Py_tp_call, PyVectorcall_Call},
    {Py_tp_traverse, floor_traverse},
    {Py_tp_clear, floor_clear},
    {Py_tp_dealloc, floor_dealloc},
    {Py_tp_members, floor_members},
    {0, NULL},
};

static PyType_Spec floor_spec = {
    .name = "floor.Floor",
    .basicsize = sizeof(Floor),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = floor_slots,
};

static int
floor_exec(PyObject *module)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &floor_spec, NULL);
    if (type == NULL) {
        return -1;
    }
    int failed = PyModule_AddIntConstant(module, "BOUND", BOUND) < 0 || PyModule_AddObjectRef(module, "Floor", type) < 0;
    Py_DECREF(type);
    return failed ? -1 : 0;
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, floor_exec},
    {0, NULL},
};

static PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "floor",
    .m_doc = "The least that recording a span around a call can cost.",
    .m_slots = module_slots,
};

PyMODINIT_FUNC
PyInit_floor(void)
{
    return PyModuleDef_Init(&module);
}
