"""CBOR against suites written by others: RFC 8949 Appendices A and F, QCBOR, the IETF CBOR working group."""

import json
import math
from pathlib import Path
from typing import Any

import cbor2
import pytest

from anju_wire import cbor
from anju_wire.errors import PeerError

_SUITES = Path(__file__).parents[2] / "shared" / "suites"
_WORKING_GROUP = (
    "rfc8949/good",
    "rfc8949/bad",
    "spike/spike",
    *(f"rfc8949-appendixA/{name}" for name in ("mt0", "mt1", "mt2", "mt3", "mt4", "mt5", "mt6")),
    *(f"rfc8949-appendixA/{name}" for name in ("mt7-float", "mt7-simple", "streaming")),
)

# Valid CBOR that we refuse by choice: SPEC 8.3 ends nesting at 16 levels; a map, NaN, or equal keys are no keys for us.
_REFUSED = {
    "array: deeply-nested",
    "map: deeply-nested key",
    "map: deeply-nested value",
    "Map: interesting keys",
}


def _suite(name: str) -> Path:
    path = _SUITES / name
    if not path.exists():
        pytest.skip(f"suite {name} is not beside this checkout")
    return path


def _json(name: str) -> Any:
    return json.loads(_suite(name).read_text())


def _refused(data: bytes) -> bool:
    try:
        cbor.decode(data)
    except PeerError:
        return True
    return False


def _same(ours: object, theirs: object) -> bool:
    """Whether our value is what cbor2 made of the same bytes."""
    if isinstance(theirs, cbor2.CBORTag):
        return isinstance(ours, cbor.Tag) and ours.number == theirs.tag and _same(ours.value, theirs.value)
    if isinstance(theirs, cbor2.CBORSimpleValue):
        return ours == cbor.Simple(theirs.value)
    if theirs is cbor2.undefined:
        return ours == cbor.UNDEFINED
    if isinstance(theirs, float):
        return isinstance(ours, float) and (ours == theirs or (math.isnan(ours) and math.isnan(theirs)))
    if isinstance(theirs, list | tuple):
        return (
            isinstance(ours, list | tuple)
            and len(ours) == len(theirs)
            and all(_same(a, b) for a, b in zip(ours, theirs, strict=True))
        )
    if isinstance(theirs, dict):
        return (
            isinstance(ours, dict)
            and len(ours) == len(theirs)
            and all(_same(a, b) and _same(ours[a], theirs[b]) for a, b in zip(ours, theirs, strict=True))
        )
    return type(ours) is type(theirs) and ours == theirs


def _tag_as_it_is(number: int) -> Any:
    return lambda content, _immutable: cbor2.CBORTag(number, content)


# cbor2 turns these into dates, URIs and the like; we leave their content alone.
_PLAIN_TAGS = {
    number: _tag_as_it_is(number) for number in (0, 1, 4, 5, 30, 35, 36, 37, 100, 258, 260, 261, 1004, 55799)
}


def test_appendix_a() -> None:
    vectors = [vector for vector in _json("cbor-appendix-a/appendix_a.json") if vector["hex"] != "f818"]
    for vector in vectors:
        data = bytes.fromhex(vector["hex"])
        value = cbor.decode(data)
        if "decoded" in vector:
            assert _same(value, vector["decoded"]), vector
        if vector["roundtrip"]:
            assert cbor.encode(value) == data, vector
    assert len(vectors) == 81


def test_appendix_f_is_refused() -> None:
    vectors = _json("cbor-rfc8949/appendix_f_not_well_formed.json")["vectors"]
    assert [vector["hex"] for vector in vectors if not _refused(bytes.fromhex(vector["hex"]))] == []
    assert len(vectors) == 94


def test_qcbor_not_well_formed_is_refused() -> None:
    vectors = _json("cbor-qcbor/not_well_formed.json")
    assert [data for data in vectors if not _refused(bytes.fromhex(data))] == []
    assert len(vectors) == 122


@pytest.mark.parametrize("name", _WORKING_GROUP)
def test_working_group(name: str) -> None:
    suite = cbor2.loads(_suite(f"cbor-wg/tests/{name}.cbor").read_bytes(), max_depth=10_000)
    for test in suite["tests"]:
        data, about = test["encoded"], test.get("description", "")
        refuse = test.get("fail", suite.get("fail", False)) or about in _REFUSED
        assert _refused(data) is refuse, (about, data.hex())
        if refuse:
            continue
        again = cbor.encode(cbor.decode(data))
        for encoded in (data, again):
            expected = cbor2.loads(encoded, semantic_decoders=_PLAIN_TAGS)
            assert _same(cbor.decode(encoded), expected), (about, encoded.hex())
        assert cbor.encode(cbor.decode(again)) == again, about
    assert suite["tests"]
