"""`protocol/anju.cddl` says what `anju_wire` does: every vector through two independent CDDL tools."""

import json
from pathlib import Path
from typing import Any

import pytest
from cddl_verifier import Validator
from hypothesis import given, settings
from hypothesis import strategies as st

import anju_wire
from anju_wire import cbor, record
from anju_wire.errors import PeerError
from tests import zcbor_tool

_GRAMMAR = (Path(__file__).parents[1] / "protocol" / "anju.cddl").read_text()
_VECTORS = Path(anju_wire.__file__).parent / "vectors"
_VERIFIER = Validator(_GRAMMAR)
_ZCBOR = zcbor_tool.validators(_GRAMMAR)
_RULES = {"record": "record", "report": "report", "downlink": "answer", "senml": "senml-pack"}

# A grammar of one item says nothing of these: bytes after it, sizes in bytes, depth, what SenML names and units mean.
_NOT_GRAMMAR = {
    "record": {"readings-value-nan", "readings-value-infinite"},
    "report": {"17-levels", "1025-bytes", "answer-257-bytes"},
    "senml": {
        *("no-content", "name-missing", "name-without-number", "other-node", "epoch-no-number", "number-leading-zero"),
        *("epoch-2-32", "number-2-53", "channel-256", "name-character", "two-times", "two-epochs", "gap"),
        *("quantity-twice", "future", "utc-61-s-ahead", "time-nan", "required-missing", "value-of-another-type"),
        *("negative-count", "count-too-high", "wrong-unit", "label-must-understand", "1025-bytes"),
    },
}
# cbor2, which zcbor reads with, hides these from it.
_HIDDEN_FROM_ZCBOR = {"two-items", "duplicate-key", "readings-value-bignum", "mantissa-bignum"}


def _vectors() -> list[Any]:
    return [
        pytest.param(vector.get("what", rule) if file == "report" else rule, vector, id=f"{file}-{vector['name']}")
        for file, rule in _RULES.items()
        for vector in json.loads((_VECTORS / f"{file}.json").read_text())
        if vector["name"] not in _NOT_GRAMMAR.get(file, ())
    ]


def _has_decimal(data: bytes) -> bool:
    """Decimal fractions (tag 4): cbor2 turns them into Decimals, which zcbor does not know."""
    return b"\xc4\x82" in data


@pytest.mark.parametrize(("rule", "vector"), _vectors())
def test_vectors(rule: str, vector: dict[str, Any]) -> None:
    data = bytes.fromhex(vector["hex"])
    valid = "error" not in vector
    assert _VERIFIER.validate(data, rule).valid is valid
    if vector["name"] not in _HIDDEN_FROM_ZCBOR and not _has_decimal(data):
        assert _ZCBOR[rule](data) is valid


def test_what_is_no_grammar_exists() -> None:
    for file, names in _NOT_GRAMMAR.items():
        assert names <= {vector["name"] for vector in json.loads((_VECTORS / f"{file}.json").read_text())}


_FIELD = st.one_of(st.booleans(), st.integers(-2, 300), st.just(2**53), st.just(2**53 - 1), st.none(), st.just("x"))


@given(
    st.dictionaries(st.integers(1, 13), _FIELD, max_size=10),
    st.sampled_from([0, 1, 2, 3, 4, 5, 6, 255, 256]),
    st.fixed_dictionaries(
        {1: st.integers(0, 9)}, optional={4: st.booleans(), 5: st.integers(0, 9), 6: st.integers(0, 9)}
    ),
)
@settings(max_examples=200)
def test_the_grammar_and_the_tables_agree(noise: dict[int, Any], kind: int, likely: dict[int, Any]) -> None:
    wire = {**noise, **likely, 0: kind}
    try:
        record.unpack(wire)
        accepted = True
    except PeerError:
        accepted = False
    data = cbor.encode(wire)
    assert _VERIFIER.validate(data, "record").valid is accepted
    assert _ZCBOR["record"](data) is accepted
