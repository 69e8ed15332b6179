"""Records on both interpreters: SPEC 4, `vectors/record.json`."""

from anju_wire import cbor, record
from anju_wire.errors import LocalError, PeerError
from anju_wire.numbers import DOOR, HEALTH, MAX_COUNT, METER, PIR
from vectors import load, raised, unhex

_DOOR = {"kind": DOOR, "age_ms": 0, "open": True, "transitions": 1}


def _with(**changes):
    changed = dict(_DOOR)
    changed.update(changes)
    return changed


def _without(name):
    return {key: _DOOR[key] for key in _DOOR if key != name}


def test_4_vectors_unpack_and_pack():
    count = 0
    for vector in load("record"):
        data = unhex(vector["hex"])
        if "error" in vector:
            assert raised(PeerError, record.unpack, cbor.decode(data)).reason == vector["reason"], vector["name"]
        else:
            expected = vector["decoded"]
            for key, value in vector.get("unknown", ()):
                expected[key] = value
            unpacked = record.unpack(cbor.decode(data))
            assert unpacked == expected, vector["name"]
            assert (cbor.encode(record.pack(unpacked)) == data) is vector["roundtrip"], vector["name"]
        count += 1
    assert count >= 38


def test_4_1_zero_is_left_out_and_comes_back():
    packed = record.pack(_with(channel=0, age_error_ms=0))
    assert sorted(packed) == [1, 4, 5]
    assert record.unpack(packed) == _with(channel=0, age_error_ms=0)


def test_4_3_false_is_no_zero():
    assert record.pack(_with(open=False))[4] is False


def test_4_wrong_values_are_our_own_error():
    for name, wrong in (
        ("kind", 0),
        ("kind", "door"),
        ("kind", True),
        ("age_ms", -1),
        ("age_ms", 1.5),
        ("age_ms", MAX_COUNT + 1),
        ("channel", 256),
        ("open", 1),
        ("open", None),
        ("transitions", True),
        ("transitions", "1"),
    ):
        assert name in str(raised(LocalError, record.pack, _with(**{name: wrong})))
    for name in ("kind", "age_ms", "open", "transitions"):
        assert name in str(raised(LocalError, record.pack, _without(name)))


def test_4_unknown_names_and_taken_keys_are_our_own_error():
    raised(LocalError, record.pack, _with(pulses=1))
    for key in (0, 4, 5):
        wrong = _with()
        wrong[key] = 1
        raised(LocalError, record.pack, wrong)


def test_9_2_unknown_keys_survive_both_ways():
    extended = _with()
    extended[40] = [1, b"x"]
    unpacked = record.unpack(record.pack(extended))
    assert unpacked[40] == [1, b"x"] and unpacked["transitions"] == 1


def test_4_every_kind_has_its_own_meaning_of_a_key():
    for kind, fields in (
        (DOOR, {"open": True, "transitions": 2}),
        (PIR, {"occupied": True, "pulses": 2, "active_s": 3}),
        (METER, {"medium": 1, "total": 2, "uncertainty": 3}),
        (
            HEALTH,
            {
                "battery_mv": 3000,
                "wakes": 1,
                "resets": 2,
                "dropped": 3,
                "reset_reason": 4,
                "heartbeat_s": 5,
                "rssi_dbm": -60,
            },
        ),
    ):
        fields.update({"kind": kind, "age_ms": 1, "channel": 0, "age_error_ms": 0})
        assert record.unpack(cbor.decode(cbor.encode(record.pack(fields)))) == fields
