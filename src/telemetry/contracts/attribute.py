"""What one attribute of a span, or one field of a log line, may hold and when it must be there.

Spans and events both check what they were given by `attribute_breaches`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, final, get_args

from .credentials import is_secret_name
from .entry import Entry
from .form import ATTRIBUTE_NAME, Form

ValueType = Literal["string", "int", "double", "boolean", "string[]", "int[]", "double[]", "boolean[]", "any"]
"""OpenTelemetry's attribute types; `any` is for families, whose members differ."""

Requirement = Literal["never", "always", "on_success", "on_failure"]
Stability = Literal["experimental", "beta", "stable", "deprecated"]

Sensitivity = Literal["public", "internal", "secret"]
"""Whom a value may reach: anybody, those who run the system, nobody."""

Treatment = Literal["drop", "hash"]
"""What becomes of a secret: nothing is left of it, or a keyed hash by which equal values are found."""

FAMILY_SUFFIX: Final = ".*"
STABILITIES: Final[tuple[Stability, ...]] = get_args(Stability)

_TYPES: Final[tuple[ValueType, ...]] = tuple(name for name in get_args(ValueType) if name != "any")
_REQUIREMENTS: Final[tuple[Requirement, ...]] = ("always", "on_success", "on_failure")
_SENSITIVITIES: Final[tuple[Sensitivity, ...]] = get_args(Sensitivity)
_TREATMENTS: Final[tuple[Treatment, ...]] = get_args(Treatment)
_CLOSABLE: Final = ("string", "string[]")

_SCALARS: Mapping[str, type | tuple[type, ...]] = {"string": str, "int": int, "double": (float, int), "boolean": bool}
_SHOWN_CHARACTERS = 60


@final
@dataclass(frozen=True, slots=True)
class AttributeContract:
    """What is agreed about one attribute or field.

    Attributes:
        name: The full name; one that ends in `.*` allows every name with that prefix.
        type: What a value must be. An int is a valid double, and a bool is no int.
        required: When it must be there: `always`, `on_success`, `on_failure`, or `never` (it may be).
        enumeration: The enumeration that closes its values; empty when none does.
        values: The only values that are allowed; empty when all are.
        origin: Who defined the name, such as OpenTelemetry; empty for a name of the registry's own.
        source: The file that declares it.
        sensitivity: Whom its values may reach; it is the `class` of a file.
        treatment: What becomes of the values of a secret.

    >>> AttributeContract("host.kind", "string", "Where it ran.", values=frozenset({"online"})).breach("moon")
    "must be one of online; it is 'moon'"
    """

    name: str
    type: ValueType
    description: str
    required: Requirement = "never"
    enumeration: str = ""
    values: frozenset[str] = frozenset()
    stability: Stability = "stable"
    origin: str = ""
    source: str = field(default="", compare=False)
    sensitivity: Sensitivity = "internal"
    treatment: Treatment = "drop"

    @property
    def is_family(self) -> bool:
        """Whether it stands for all names with one prefix."""
        return self.name.endswith(FAMILY_SUFFIX)

    def is_due(self, *, failed: bool) -> bool:
        """Tell whether it must be there at the end of what succeeded or failed."""
        return self.required in ("always", "on_failure" if failed else "on_success")

    def breach(self, value: object) -> str | None:
        """Say what is wrong with a value; None when nothing is."""
        if not _fits(value, self.type):
            return f"must be {self.type}; it is {self._shown(value)}"
        if self.values and not self.values.issuperset(_members(value)):
            return f"must be one of {', '.join(sorted(self.values))}; it is {self._shown(value)}"
        return None

    def _shown(self, value: object) -> str:
        return f"a secret {type(value).__name__}" if self.sensitivity == "secret" else _shown(value)


Attributes = Mapping[str, AttributeContract]


def read_attribute(entry: Entry, source: str, form: Form = ATTRIBUTE_NAME) -> AttributeContract:
    """Read an attribute's or field's declaration; its name has this form."""
    with entry:
        name = entry.text("name", form=form)
        is_family = name.endswith(FAMILY_SUFFIX)
        type_name = entry.choice("type", _TYPES, default="any" if is_family else None)
        for key in ("required", "values", "enumeration"):
            if is_family or (key != "required" and type_name not in _CLOSABLE):
                entry.forbid(key, f"only a single attribute of type string or string[] may have {key!r}")
        if entry.has("values"):
            entry.forbid("enumeration", "either 'values' or 'enumeration' closes an attribute, not both; keep one")
        sensitivity = _read_sensitivity(entry, name)
        return AttributeContract(
            name=name,
            type=type_name,
            description=entry.text("description"),
            required=entry.choice("required", _REQUIREMENTS, default="never"),
            enumeration=entry.text("enumeration", default=""),
            values=frozenset(entry.texts("values", least=1)) if entry.has("values") else frozenset(),
            stability=entry.choice("stability", STABILITIES, default="stable"),
            origin=entry.text("origin", default=""),
            source=source,
            sensitivity=sensitivity,
            treatment=_read_treatment(entry, sensitivity, type_name),
        )


def _read_sensitivity(entry: Entry, name: str) -> Sensitivity:
    if is_secret_name(name) and not entry.has("class"):
        problem = f"{name!r} says that it holds a secret; add 'class': 'secret', or 'internal' if it holds none"
        (entry.place / "name").report(problem, "TC107")
    return entry.choice("class", _SENSITIVITIES, default="internal")


def _read_treatment(entry: Entry, sensitivity: Sensitivity, type_name: ValueType) -> Treatment:
    if sensitivity != "secret":
        entry.forbid("treatment", "only a secret is treated; add 'class': 'secret', or leave it out")
        return "drop"
    treatment = entry.choice("treatment", _TREATMENTS, default="drop")
    if treatment == "drop":
        entry.forbid("required", "what is dropped is never there; hash it, or leave this out")
        return treatment
    for key in ("values", "enumeration"):
        entry.forbid(key, f"a hash is none of the allowed values; leave {key!r} out, or drop the secret")
    if type_name not in (*_CLOSABLE, "any"):
        (entry.place / "type").report("a hash is text; only a secret of type string or string[] can be one")
    return treatment


def read_attributes(entries: Sequence[Entry], source: str, form: Form = ATTRIBUTE_NAME) -> Attributes:
    """Read the attributes or fields of one span or event, by name; one that stands there twice is a mistake."""
    found: dict[str, AttributeContract] = {}
    for entry in entries:
        contract = read_attribute(entry, source, form)
        if contract.name in found:
            (entry.place / "name").report(f"{contract.name!r} is declared here twice; keep one", "TC103")
        found[contract.name] = contract
    return found


def attribute_breaches(given: Mapping[str, object], own: Attributes, common: Attributes, *, failed: bool) -> list[str]:
    """List what is wrong with the attributes of one span or the fields of one line.

    What is missing comes first, then the rest in the order of `given`. An exact name wins over a family, and a span's
    own attribute over a common one.
    """
    due = [name for name, contract in {**common, **own}.items() if contract.is_due(failed=failed)]
    missing = [f"{name!r} is missing" for name in due if name not in given]
    return missing + list(_wrong(given, own, common))


def attribute_breach(name: str, value: object, own: Attributes, common: Attributes) -> str | None:
    """Say what is wrong with one attribute or field; None when nothing is."""
    contract = allowing(name, own, common)
    if contract is None:
        return f"{name!r} is not allowed: declare it, or leave it out"
    problem = contract.breach(value)
    return problem and f"{name!r} {problem}"


def _wrong(given: Mapping[str, object], own: Attributes, common: Attributes) -> Iterator[str]:
    for name, value in given.items():
        if breach := attribute_breach(name, value, own, common):
            yield breach


def allowing(name: str, own: Attributes, common: Attributes) -> AttributeContract | None:
    """Find the contract that allows a name: an exact one before a family, an own one before a common one."""
    exact = own.get(name) or common.get(name)
    if exact is not None:
        return exact
    prefix, dot, _ = name.rpartition(".")
    while dot:
        family = own.get(prefix + FAMILY_SUFFIX) or common.get(prefix + FAMILY_SUFFIX)
        if family is not None:
            return family
        prefix, dot, _ = prefix.rpartition(".")
    return None


def _fits(value: object, type_name: ValueType) -> bool:
    if type_name == "any":
        return _fits_any(value)
    if type_name.endswith("[]"):
        return _is_array(value, type_name[:-2])
    return _is_scalar(value, type_name)


# Loops and no generators from here on: this runs inside of recorded calls, where an interrupt may come at any point.
def _fits_any(value: object) -> bool:
    for scalar in _SCALARS:  # noqa: SIM110
        if _is_array(value, scalar) or _is_scalar(value, scalar):
            return True
    return False


def _is_array(value: object, scalar: str) -> bool:
    if not isinstance(value, tuple | list):
        return False
    for member in value:  # noqa: SIM110
        if not _is_scalar(member, scalar):
            return False
    return True


def _is_scalar(value: object, scalar: str) -> bool:
    return isinstance(value, _SCALARS[scalar]) and (scalar == "boolean" or not isinstance(value, bool))


def _members(value: object) -> frozenset[object]:
    return frozenset(value) if isinstance(value, tuple | list) else frozenset((value,))


def _shown(value: object) -> str:
    text = repr(value[:_SHOWN_CHARACTERS] if isinstance(value, str) else value)
    if len(text) > _SHOWN_CHARACTERS + 2:
        text = text[:_SHOWN_CHARACTERS] + "…"
    return text if isinstance(value, str) else f"{type(value).__name__} {text}"
