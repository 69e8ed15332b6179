"""Vendor profiles, SPEC 17: record kinds outside the registry, declared in a TOML or JSON file.  CPython only."""

import json
import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .errors import PeerError
from .numbers import MAX_COUNT

FIRST_KIND, LAST_KIND = 128, 255
_VERSION = 1
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_COMMON = ("kind", "age_ms", "channel", "age_error_ms")
_MAX_TEXT_BYTES = 256
# The range of a type without `min` and `max`; of text, in bytes.
_RANGES: dict[str, tuple[float, float]] = {
    "uint": (0, MAX_COUNT),
    "int": (-MAX_COUNT, MAX_COUNT),
    "float": (-math.inf, math.inf),
    "text": (0, _MAX_TEXT_BYTES),
    "bool": (0, 1),
}
_PROFILE_KEYS = frozenset(("profile", "vendor", "kind"))
_KIND_KEYS = frozenset(("number", "name", "field"))
_FIELD_KEYS = frozenset(("key", "name", "type", "unit", "min", "max", "optional"))


class ProfileError(Exception):
    """A profile breaks SPEC 17; the message names the file and what is wrong."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a kind; `low` and `high` are inclusive, of text they bound its bytes."""

    key: int
    name: str
    type: str
    unit: str | None
    low: float
    high: float
    optional: bool

    def check(self, value: object) -> None:
        """Raise PeerError unless `value` has the type and lies in the range."""
        if self.type == "bool":
            if not isinstance(value, bool):
                raise PeerError(f"{self.name} is not a boolean")
            return
        if self.type == "text":
            if not isinstance(value, str):
                raise PeerError(f"{self.name} is not text")
            value = len(value.encode())
        elif self.type == "float":
            if type(value) not in (int, float) or not math.isfinite(_as_float(value)):
                raise PeerError(f"{self.name} is not a finite number")
        elif type(value) is not int:
            raise PeerError(f"{self.name} is not an integer")
        assert isinstance(value, (int, float))
        if not self.low <= value <= self.high:
            raise PeerError(f"{self.name} is out of range")


@dataclass(frozen=True, slots=True)
class Kind:
    """A record kind that a profile declares."""

    number: int
    name: str
    vendor: str
    fields: tuple[Field, ...]

    @property
    def claims(self) -> list[object]:
        """The number and the names that no other kind of the installation may have."""
        return [self.number, self.name] + [item.name for item in self.fields]

    def named(self, record: Mapping[Any, Any]) -> dict[Any, Any]:
        """The record with the names of its fields in place of their keys; PeerError if it breaks the profile."""
        named = dict(record)
        for declared in self.fields:
            if declared.key in named:
                value = named.pop(declared.key)
                declared.check(value)
                named[declared.name] = value
            elif not declared.optional:
                raise PeerError(f"{declared.name} is missing")
        return named


@dataclass(frozen=True, slots=True)
class Profiles:
    """All kinds of an installation, by number."""

    kinds: Mapping[int, Kind] = field(default_factory=dict)

    def named(self, record: dict[Any, Any]) -> dict[Any, Any]:
        """A decoded record, named by its profile where it has one; PeerError if it breaks it."""
        kind = self.kinds.get(record["kind"])
        return record if kind is None else kind.named(record)

    @property
    def quantities(self) -> dict[str, Any]:
        """SenML quantities, SPEC 17.5, as `senml_report.decode_report` takes them."""
        holds = {"uint": "int"}
        return {
            item.name: (kind.number, item.key, holds.get(item.type, item.type), ((item.unit, 1, 1, 0),))
            for kind in self.kinds.values()
            for item in kind.fields
        }


def load(folder: Path) -> Profiles:
    """The profiles (`*.toml`, `*.json`) in a folder; none if there is no folder.

    Raises
    ------
    ProfileError
        A file cannot be read, breaks SPEC 17, or declares a number or a name that another has.
    """
    files = sorted(path for path in folder.glob("*") if path.suffix in (".toml", ".json"))
    kinds: dict[int, Kind] = {}
    origin: dict[object, Path] = {}
    for path in files:
        for kind in read(path):
            for claim in kind.claims:
                if claim in origin:
                    raise ProfileError(f"{path}: {claim} is declared in {origin[claim]} already")
            origin.update(dict.fromkeys(kind.claims, path))
            kinds[kind.number] = kind
    return Profiles(kinds)


def read(path: Path) -> list[Kind]:
    """The kinds that one file declares; ProfileError names the file and what is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
        document = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
        return parse(document)
    except (OSError, ValueError, RecursionError) as error:  # TOML's and JSON's errors are ValueErrors
        raise ProfileError(f"{path}: {error}") from error
    except ProfileError as error:
        raise ProfileError(f"{path}: {error}") from error


def parse(document: Any) -> list[Kind]:
    """The kinds in a parsed profile; ProfileError says what is wrong."""
    _known(document, _PROFILE_KEYS, "profile")
    if document.get("profile") != _VERSION:
        raise ProfileError(f"profile = {_VERSION} is missing")
    vendor = document.get("vendor", "")
    if not isinstance(vendor, str):
        raise ProfileError("vendor is not text")
    kinds = [_kind(entry, vendor) for entry in _tables(document, "kind")]
    _unique("number or name", [claim for kind in kinds for claim in kind.claims])
    return kinds


def _kind(entry: Any, vendor: str) -> Kind:
    _known(entry, _KIND_KEYS, "kind")
    number = entry.get("number")
    if type(number) is not int or not FIRST_KIND <= number <= LAST_KIND:
        raise ProfileError(f"kind: number is {FIRST_KIND} to {LAST_KIND}, not {number!r}")
    fields = tuple(map(_field, _tables(entry, "field")))
    _unique("key", [item.key for item in fields])
    return Kind(number, _name(entry), vendor, fields)


def _field(entry: Any) -> Field:
    _known(entry, _FIELD_KEYS, "field")
    name = _name(entry)
    key, kind, unit = entry.get("key"), entry.get("type"), entry.get("unit")
    if type(key) is not int or not 4 <= key <= MAX_COUNT:
        raise ProfileError(f"{name}: key is 4 to 2^53 - 1, not {key!r}")
    if kind not in _RANGES:
        raise ProfileError(f"{name}: type is one of {', '.join(_RANGES)}, not {kind!r}")
    if unit is not None and not isinstance(unit, str):
        raise ProfileError(f"{name}: unit is not text")
    low, high = (_bound(entry, name, which, kind) for which in (0, 1))
    if low > high:
        raise ProfileError(f"{name}: min is above max")
    optional = entry.get("optional", False)
    if not isinstance(optional, bool):
        raise ProfileError(f"{name}: optional is true or false")
    return Field(key, name, kind, unit, low, high, optional)


def _bound(entry: Mapping[str, Any], name: str, which: int, kind: str) -> float:
    """`min` (which = 0) or `max` (1), or the type's own."""
    label, limits = ("min", "max")[which], _RANGES[kind]
    value = entry.get(label, limits[which])
    types = (int, float) if kind == "float" else (int,)
    if (label in entry and kind == "bool") or type(value) not in types or math.isnan(value):
        raise ProfileError(f"{name}: {label} = {value!r} does not fit type {kind}")
    if not limits[0] <= value <= limits[1]:
        raise ProfileError(f"{name}: {label} = {value!r} is outside of type {kind}")
    bound: float = value
    return bound


def _name(entry: Mapping[str, Any]) -> str:
    name = entry.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name in _COMMON:
        raise ProfileError(f"name {name!r} is not 1 to 32 of a-z, 0-9 and _, or is taken")
    return name


def _tables(entry: Mapping[str, Any], name: str) -> list[Any]:
    tables = entry.get(name)
    if not isinstance(tables, list) or not tables:
        raise ProfileError(f"[[{name}]] is missing")
    return tables


def _known(entry: Any, keys: frozenset[str], what: str) -> None:
    if not isinstance(entry, dict):
        raise ProfileError(f"{what} is not a table")
    unknown = sorted(set(entry) - keys)
    if unknown:
        raise ProfileError(f"{what}: unknown {', '.join(unknown)}")


def _unique(what: str, values: Iterable[object]) -> None:
    seen: set[object] = set()
    for value in values:
        if value in seen:
            raise ProfileError(f"{what} {value} is declared twice")
        seen.add(value)


def _as_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf
