"""Reports and answers on both interpreters: SPEC 5 and 8, `vectors/report.json`."""

from anju_wire import cbor, report
from anju_wire.errors import LocalError, PeerError
from anju_wire.numbers import MAX_REPORT_BYTES, REQUEST_ENTITY_TOO_LARGE
from anju_wire.record import pack
from vectors import load, raised, unhex


def _door(count):
    return {"kind": 1, "age_ms": 1000 * count, "open": count % 2 == 1, "transitions": count}


def _decode(vector):
    data = unhex(vector["hex"])
    if vector["what"] == "answer":
        return report.decode_answer(data)
    decoded = report.decode_report(data)
    return {"epoch": decoded.epoch, "sequence": decoded.sequence, "records": decoded.records}


def _encode(vector, decoded):
    if vector["what"] == "answer":
        return report.encode_answer(decoded)
    return report.encode_report(decoded["epoch"], decoded["sequence"], decoded["records"])


def test_5_vectors_decode_and_encode():
    count = 0
    for vector in load("report"):
        if "error" in vector:
            assert raised(PeerError, _decode, vector).reason == vector["reason"], vector["name"]
        else:
            expected = vector["decoded"]
            for key, value in vector.get("unknown", ()):
                expected[key] = value
            decoded = _decode(vector)
            assert decoded == expected, vector["name"]
            same = _encode(vector, decoded) == unhex(vector["hex"])
            assert same is vector["roundtrip"], vector["name"]
        count += 1
    assert count >= 26


def test_5_1_a_report_is_the_deterministic_cbor_of_its_array():
    for count in (1, 20, 21, 22, 23, 24, 25, 64):
        records = [_door(n) for n in range(count)]
        data = report.encode_report(7, 300, records)
        assert data == cbor.encode([7, 300] + [pack(record) for record in records])
        assert report.decode_report(data).records[count - 1]["transitions"] == count - 1


def test_8_2_a_builder_fills_to_the_limit_and_not_beyond():
    for limit in range(40, 400, 7):
        builder = report.ReportBuilder(1, 2, limit)
        added = 0
        while added < 60 and builder.add(_door(added)):
            added += 1
        assert added == builder.count and added > 0
        data = builder.finish()
        assert len(data) <= limit
        assert [record["transitions"] for record in report.decode_report(data).records] == list(range(added))
        if added < 60:
            records = [_door(n) for n in range(added + 1)]
            assert len(report.encode_report(1, 2, records)) > limit


def test_8_2_what_did_not_fit_leaves_no_trace():
    builder = report.ReportBuilder(1, 2, 30)
    assert builder.add(_door(1))
    assert not builder.add({"kind": 9, "age_ms": 1, 4: bytes(30)})
    assert builder.add(_door(2))
    assert builder.finish() == report.encode_report(1, 2, [_door(1), _door(2)])


def test_8_1_not_more_than_64_records():
    builder = report.ReportBuilder(1, 2)
    for _ in range(64):
        assert builder.add(_door(1))
    assert not builder.add(_door(1))
    raised(LocalError, report.encode_report, 1, 2, [_door(1)] * 65)


def test_8_2_too_large_a_report_is_4_13():
    error = raised(PeerError, report.decode_report, bytes(MAX_REPORT_BYTES + 1))
    assert error.code == REQUEST_ENTITY_TOO_LARGE
    raised(LocalError, report.encode_report, 1, 2, [{"kind": 9, "age_ms": 1, 4: bytes(1024)}])
    raised(LocalError, report.encode_answer, {"time_ms": 1, 9: bytes(256)})


def test_5_1_wrong_heads_are_our_own_error():
    for epoch, sequence in ((-1, 0), (2**32, 0), (0, -1), (0, 2**53), ("1", 0), (0, 1.0)):
        raised(LocalError, report.encode_report, epoch, sequence, [_door(1)])
    raised(LocalError, report.encode_report, 1, 2, [])
    raised(LocalError, report.encode_answer, {})
    raised(LocalError, report.encode_answer, {"time_ms": -1})
    raised(LocalError, report.encode_answer, {"time_ms": 1, "colour": 2})


def test_5_1_the_wire_costs_few_bytes():
    assert len(report.encode_report(300, 100000, [_door(45000)])) <= 22
