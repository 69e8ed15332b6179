"""Whatever arrives, a decoder answers with a value or with PeerError; and cbor2 agrees about every value."""

import math
from typing import Any

import cbor2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from anju_wire import cbor, coap, oscore, record, report
from anju_wire.errors import PeerError
from anju_wire.exchange import Exchange
from anju_wire.numbers import DOOR, HEALTH, MAX_COUNT, METER, PIR

_CLIENT = oscore.Context(b"s" * 16, b"", b"n1", b"H")
_SERVER = oscore.Context(b"s" * 16, b"", b"H", b"n1")
_REQUEST = coap.Message(0, 2, 1, b"t", [(11, b"r")], b"report")

_KEYS = st.one_of(st.integers(-(2**70), 2**70), st.text(max_size=8), st.binary(max_size=8))
_VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**80), 2**80),
        st.floats(),
        st.text(max_size=30),
        st.binary(max_size=30),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(_KEYS, inner, max_size=5)),
    max_leaves=20,
)


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return (math.isnan(a) and math.isnan(b)) or (a == b and math.copysign(1, a) == math.copysign(1, b))
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    return type(a) is type(b) and a == b


def _ok_or_peer_error(function: Any, *arguments: Any) -> Any:
    try:
        return function(*arguments)
    except PeerError:
        return None


@given(st.binary(max_size=200))
@settings(max_examples=400)
@example(b"\xc2" * 30)
@example(b"\xa1\x82\x01\xa0\x00")
@example(b"\x5f" * 30)
def test_cbor_of_any_bytes(data: bytes) -> None:
    value = _ok_or_peer_error(cbor.decode, data)
    if value is not None:
        again = cbor.encode(value)
        assert cbor.encode(cbor.decode(again)) == again
        assert len(again) <= len(data)


@given(_VALUES)
@settings(max_examples=400)
def test_cbor2_agrees_about_every_value(value: Any) -> None:
    encoded = cbor.encode(value)
    assert _same(cbor2.loads(encoded), value)
    assert _same(cbor.decode(encoded), value)
    assert _same(cbor.decode(cbor2.dumps(value)), value)


@given(_VALUES, st.data())
def test_a_damaged_item_is_a_value_or_the_peers_error(value: Any, data: st.DataObject) -> None:
    encoded = bytearray(cbor.encode(value))
    for _ in range(3):
        encoded[data.draw(st.integers(0, len(encoded) - 1))] = data.draw(st.integers(0, 255))
    _ok_or_peer_error(cbor.decode, bytes(encoded))


@given(_VALUES)
def test_any_map_as_record_report_or_answer(value: Any) -> None:
    unpacked = _ok_or_peer_error(record.unpack, value)
    if unpacked is not None:
        assert record.unpack(record.pack(unpacked)) == unpacked
    encoded = cbor.encode(value)
    _ok_or_peer_error(report.decode_report, encoded)
    _ok_or_peer_error(report.decode_answer, encoded)
    _ok_or_peer_error(report.decode_report, cbor.encode([1, 2, value]))


@given(st.binary(max_size=1300))
def test_reports_of_any_bytes(data: bytes) -> None:
    _ok_or_peer_error(report.decode_report, data)
    _ok_or_peer_error(report.decode_answer, data)


_COUNT = st.integers(0, MAX_COUNT)
_COMMON = {"age_ms": _COUNT, "channel": st.integers(0, 255), "age_error_ms": _COUNT}
_RECORDS = st.one_of(
    st.fixed_dictionaries({"kind": st.just(DOOR), **_COMMON, "open": st.booleans(), "transitions": _COUNT}),
    st.fixed_dictionaries(
        {"kind": st.just(PIR), **_COMMON, "occupied": st.booleans(), "pulses": _COUNT, "active_s": _COUNT}
    ),
    st.fixed_dictionaries(
        {"kind": st.just(METER), **_COMMON, "medium": st.integers(0, 1), "total": _COUNT, "uncertainty": _COUNT}
    ),
    st.fixed_dictionaries(
        {
            "kind": st.just(HEALTH),
            **_COMMON,
            "battery_mv": st.integers(0, 65535),
            "wakes": _COUNT,
            "resets": _COUNT,
            "dropped": _COUNT,
            "reset_reason": st.integers(0, 4),
            "heartbeat_s": st.integers(1, 2**32 - 1),
        },
        optional={"rssi_dbm": st.integers(-128, 127), "heap_free": _COUNT},
    ),
)


@given(st.integers(0, 2**32 - 1), _COUNT, st.lists(_RECORDS, min_size=1, max_size=8))
def test_every_report_comes_back(epoch: int, sequence: int, records: list[dict[Any, Any]]) -> None:
    data = report.encode_report(epoch, sequence, records)
    decoded = report.decode_report(data)
    assert (decoded.epoch, decoded.sequence, decoded.records) == (epoch, sequence, records)
    assert cbor2.dumps(cbor2.loads(data), canonical=True) == data


@given(st.binary(max_size=200))
@settings(max_examples=400)
def test_coap_of_any_bytes(data: bytes) -> None:
    message = _ok_or_peer_error(coap.decode, data)
    if message is not None:
        again = coap.encode(message)
        assert coap.encode(coap.decode(again)) == again
        assert len(again) <= len(data)
        _ok_or_peer_error(coap.path_of, message)
        _ok_or_peer_error(_SERVER.unprotect_request, message)


@given(st.binary(max_size=20), st.binary(max_size=60))
def test_oscore_of_any_option_and_payload(option: bytes, payload: bytes) -> None:
    request = coap.Message(0, 2, 1, b"t", [(9, option)], payload)
    with pytest.raises(PeerError):
        _SERVER.unprotect_request(request)
    _, binding = _CLIENT.protect_request(_REQUEST, 3)
    with pytest.raises(PeerError):
        _CLIENT.unprotect_response(coap.Message(2, 68, 1, b"t", [(9, option)], payload), binding)


@given(st.binary(max_size=40))
def test_oscore_of_any_plaintext(plaintext: bytes) -> None:
    """What an authentic peer may put inside: still only PeerError."""
    request, binding = _CLIENT.protect_request(_REQUEST, 3)
    request.payload = _CLIENT.sender.seal(binding.nonce, plaintext, oscore.aad(binding))
    _ok_or_peer_error(_SERVER.unprotect_request, request)


@given(st.binary(max_size=12))
def test_oscore_options_have_one_encoding(option: bytes) -> None:
    fields = _ok_or_peer_error(oscore.decode_option, option)
    if fields is not None:
        assert oscore.encode_option(*fields) == option


_EVENTS = st.one_of(
    st.just(("timeout",)),
    st.just(("start",)),
    st.tuples(st.just("datagram"), st.binary(max_size=20)),
    st.builds(
        lambda mtype, code, mid, token: (
            "datagram",
            coap.encode(coap.Message(mtype, code, mid, token if code else b"")),
        ),
        st.integers(0, 3),
        st.sampled_from([0, 2, 68, 69, 128, 160, 224]),
        st.integers(0, 2),
        st.sampled_from([b"t", b"u", b""]),
    ),
)


@given(st.lists(st.tuples(_EVENTS, st.integers(0, 5000)), max_size=40))
def test_any_events_end_an_exchange_once_at_most(events: list[tuple[Any, int]]) -> None:
    exchange = Exchange(_REQUEST, ack_timeout_ms=2000, response_timeout_ms=4000)
    now, sent, ended = 0, 0, 0
    request = coap.encode(_REQUEST)
    for action in exchange.step(("start",), now):
        sent += action == ("send", request)
    for event, passed in events:
        now += passed
        for kind, value in exchange.step(event, now):
            sent += (kind, value) == ("send", request)
            ended += kind in ("done", "failed")
            assert kind != "wait" or ended == 0
    assert ended <= 1 and 1 <= sent <= 5
