"""SenML on both interpreters: RFC 8428, SPEC 14 and 15, `vectors/senml.json`."""

from anju_wire import senml, senml_report
from anju_wire.cbor import Tag
from anju_wire.errors import LocalError, PeerError
from anju_wire.numbers import DOOR, ELECTRICITY, METER, READINGS, WATER
from vectors import load, raised, unhex

_BASE = {-2: "d/1/2/"}


def _same(ours, theirs):
    if isinstance(ours, bytes):
        return {"hex": ours.hex()} == theirs
    if isinstance(ours, (list, tuple)):
        return len(ours) == len(theirs) and all([_same(ours[at], theirs[at]) for at in range(len(ours))])
    if isinstance(ours, dict):
        return sorted(ours) == sorted(theirs) and all([_same(ours[key], theirs[key]) for key in ours])
    return ours == theirs


def _decode(vector):
    report = senml_report.decode_report(unhex(vector["hex"]), vector["node"], vector["now_ms"])
    return {"epoch": report.epoch, "sequence": report.sequence, "records": report.records}


def test_14_vectors_decode_and_encode():
    count = 0
    for vector in load("senml"):
        if "error" in vector:
            assert raised(PeerError, _decode, vector).reason == vector["reason"], vector["name"]
        else:
            decoded = _decode(vector)
            assert _same(decoded, vector["decoded"]), (vector["name"], decoded)
            data = senml_report.encode_report(vector["node"], decoded["epoch"], decoded["sequence"], decoded["records"])
            assert (data == unhex(vector["hex"])) is vector["roundtrip"], vector["name"]
        count += 1
    assert count >= 60


def test_15_1_totals_come_back_to_the_last_unit():
    for medium in (WATER, ELECTRICITY):
        for total in (0, 1, 7, 999, 123456789, 987654321012345):
            reading = {"kind": METER, "age_ms": 1, "medium": medium, "total": total}
            data = senml_report.encode_report("d", 1, 2, [reading])
            assert senml_report.decode_report(data, "d", 0).records[0]["total"] == total


def test_14_6_scaling_is_to_the_nearest_and_bounded():
    assert senml.scaled(1, 10, 36) == 0
    assert senml.scaled(2, 10, 36) == 1
    assert senml.scaled(0.0005, 1000, 1) == 1
    assert senml.scaled(-0.25, 1000, 1) == -250
    assert senml.scaled(Tag(4, [-1, 5]), 1, 1) == 1
    assert senml.scaled(Tag(4, [2, 3]), 1, 1) == 300
    for wrong in (1e300, float("inf"), Tag(4, [21, 1]), Tag(4, [1]), Tag(4, ["1", 1]), True, None, "1"):
        raised(PeerError, senml.scaled, wrong, 1, 1)


def test_sums_are_exact_without_floats():
    assert senml.add(1, Tag(4, [-2, 25])) == Tag(4, [-2, 125])
    assert senml.add(Tag(4, [-1, 5]), Tag(4, [-1, 5])) == 1
    assert senml.add(Tag(4, [-1, 5]), 0.5) == 1.0


def test_14_5_quantities_of_a_profile():
    quantities = {"fev1_ml": (160, 4, "int", (("mL", 1, 1, 0),)), "grade": (160, 5, "float", (("/", 1, 1, 0),))}
    data = senml.encode(
        [
            {-2: "d/1/2/", -3: -1, 0: "fev1_ml", 1: "mL", 2: 3200},
            {0: "grade", 1: "/", 2: Tag(4, [-1, 5])},
        ]
    )
    record = senml_report.decode_report(data, "d", 0, quantities).records[0]
    assert record["kind"] == 160 and record[4] == 3200 and record[5] == 0.5
    assert senml_report.decode_report(data, "d", 0).records[0]["kind"] == READINGS


def test_what_cannot_be_said_is_our_own_error():
    raised(LocalError, senml_report.encode_report, "d", 1, 2, [{"kind": 160, "age_ms": 1}])
    raised(LocalError, senml_report.encode_report, "d", 1, 2, [{"kind": DOOR, "age_ms": 1, "open": True}])
    raised(LocalError, senml.encode, [])
    raised(LocalError, senml.encode, [{0: "a", 3: "x" * 1100}])
    raised(LocalError, senml.encode, [{0: 1}])
    door = {"kind": DOOR, "age_ms": 1, "open": True, "transitions": 5}
    raised(LocalError, senml_report.encode_report, "d", 1, 2, [door] * 64)


def test_every_prefix_is_the_peers_error():
    for vector in load("senml"):
        data = unhex(vector["hex"])
        for end in range(min(len(data), 80)):
            try:
                senml_report.decode_report(data[:end], vector["node"], vector["now_ms"])
            except PeerError:
                continue
