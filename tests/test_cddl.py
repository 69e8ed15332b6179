"""`protocol/anju.cddl` says what `anju_wire` does: every vector through an independent CDDL validator."""

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

_GRAMMAR = (Path(__file__).parents[1] / "protocol" / "anju.cddl").read_text()
_VECTORS = Path(anju_wire.__file__).parent / "vectors"
_VALIDATOR = Validator(_GRAMMAR)

# A grammar of one item says nothing of these: bytes after it, sizes in bytes.
_NOT_GRAMMAR = {"empty-payload", "two-items", "truncated", "17-levels", "1025-bytes", "answer-257-bytes"}


def _vectors() -> list[tuple[str, dict[str, Any]]]:
    return [
        (vector.get("what", name), vector)
        for name in ("record", "report")
        for vector in json.loads((_VECTORS / f"{name}.json").read_text())
        if vector["name"] not in _NOT_GRAMMAR
    ]


def _grammatical(rule: str, data: bytes) -> bool:
    return _VALIDATOR.validate(data, rule).valid


@pytest.mark.parametrize(
    ("rule", "vector"), _vectors(), ids=lambda value: value if isinstance(value, str) else value["name"]
)
def test_vectors(rule: str, vector: dict[str, Any]) -> None:
    assert _grammatical(rule, bytes.fromhex(vector["hex"])) is ("error" not in vector)


_FIELD = st.one_of(st.booleans(), st.integers(-2, 300), st.just(2**53), st.just(2**53 - 1), st.none(), st.just("x"))


@given(
    st.dictionaries(st.integers(1, 13), _FIELD, max_size=10),
    st.sampled_from([0, 1, 2, 3, 4, 5, 255, 256]),
    st.fixed_dictionaries(
        {1: st.integers(0, 9)}, optional={4: st.booleans(), 5: st.integers(0, 9), 6: st.integers(0, 9)}
    ),
)
@settings(max_examples=600)
def test_the_grammar_and_the_tables_agree(noise: dict[int, Any], kind: int, likely: dict[int, Any]) -> None:
    wire = {**noise, **likely, 0: kind}
    try:
        record.unpack(wire)
        accepted = True
    except PeerError:
        accepted = False
    assert _grammatical("record", cbor.encode(wire)) is accepted
