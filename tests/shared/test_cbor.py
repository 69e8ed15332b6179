"""CBOR on both interpreters: RFC 8949, `protocol/anju_wire/vectors/cbor.json`."""

from struct import unpack

from anju_wire import cbor
from anju_wire.cbor import UNDEFINED, Simple, Tag
from anju_wire.errors import LocalError, PeerError
from vectors import load, raised, unhex


def _same(value, expected):
    """Equal in value and in type; floats to the last digit or two (an interpreter's own reading of the vector)."""
    if type(expected) is float:
        return type(value) is float and abs(value - expected) <= abs(expected) * 1e-15
    if type(expected) is list:
        return len(value) == len(expected) and all([_same(value[i], expected[i]) for i in range(len(value))])
    if type(expected) is dict:
        return set(value) == set(expected) and all([_same(value[k], expected[k]) for k in expected])
    return type(value) is type(expected) and value == expected


def _diagnose(value):
    """Diagnostic notation, RFC 8949 section 8."""
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, bytes):
        return "h'" + value.hex() + "'"
    if isinstance(value, str):
        return '"' + value + '"'
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join([_diagnose(item) for item in value]) + "]"
    if isinstance(value, dict):
        keys = sorted(value, key=cbor.encode)
        return "{" + ", ".join([_diagnose(key) + ": " + _diagnose(value[key]) for key in keys]) + "}"
    if value == UNDEFINED:
        return "undefined"
    if isinstance(value, Simple):
        return "simple(%d)" % value.number
    if isinstance(value, Tag):
        return "%d(%s)" % (value.number, _diagnose(value.value))
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    return str(value)


def test_vectors_decode_to_what_they_say():
    count = 0
    for vector in load("cbor"):
        if "error" in vector:
            continue
        value = cbor.decode(unhex(vector["hex"]))
        if "diagnostic" in vector:
            assert _diagnose(value) == vector["diagnostic"], vector["name"]
        else:
            assert _same(value, vector["decoded"]), vector["name"]
        count += 1
    assert count >= 81 + 8


def test_4_2_1_vectors_encode_deterministically():
    for vector in load("cbor"):
        if "error" in vector:
            continue
        data = unhex(vector["hex"])
        encoded = cbor.encode(cbor.decode(data))
        assert (encoded == data) is vector["roundtrip"], vector["name"]
        assert cbor.encode(cbor.decode(encoded)) == encoded, vector["name"]


def test_vectors_that_are_wrong_raise_peer_error():
    count = 0
    for vector in load("cbor"):
        if "error" in vector:
            raised(PeerError, cbor.decode, unhex(vector["hex"]))
            count += 1
    assert count >= 90


def test_every_prefix_of_a_vector_is_refused():
    for vector in load("cbor"):
        data = unhex(vector["hex"])
        if "error" not in vector and len(data) < 40:
            for end in range(len(data)):
                raised(PeerError, cbor.decode, data[:end])


def test_4_2_1_head_boundaries_are_shortest():
    for value, size in ((23, 1), (24, 2), (255, 2), (256, 3), (65535, 3), (65536, 5), (2**32 - 1, 5), (2**32, 9)):
        assert len(cbor.encode(value)) == size
        assert len(cbor.encode(-1 - value)) == size
        assert cbor.decode(cbor.encode(value)) == value
        assert cbor.decode(cbor.encode(-1 - value)) == -1 - value
    assert cbor.encode(2**64 - 1) == b"\x1b" + b"\xff" * 8
    assert cbor.encode(2**64) == b"\xc2\x49\x01" + bytes(8)
    for size in (0, 23, 24, 255, 256, 700):
        assert cbor.decode(cbor.encode(b"x" * size)) == b"x" * size
        assert cbor.decode(cbor.encode("x" * size)) == "x" * size
    assert len(cbor.encode(b"x" * 256)) == 259


def test_4_2_1_every_half_precision_float_stays_one():
    for bits in range(0, 65536, 3):
        data = bytes((0xF9, bits >> 8, bits & 255))
        value = cbor.decode(data)
        assert value != value or cbor.encode(value) == data, data


def test_4_2_1_floats_take_the_shortest_form_that_keeps_them():
    for form, initial in ((">f", 0xFA), (">d", 0xFB)):
        for pattern in (b"\x47\x80\x10\x01\x20\x00\x00\x01", b"\x33\x80\x00\x01\x60\x00\x00\x01"):
            value = unpack(form, pattern[: 4 if form == ">f" else 8])[0]
            encoded = cbor.encode(value)
            assert encoded[0] == initial and cbor.decode(encoded) == value
    assert cbor.encode(1e300)[0] == 0xFB
    assert cbor.encode(-0.0) == b"\xf9\x80\x00"
    assert cbor.encode(float("nan")) == b"\xf9\x7e\x00"


def test_4_2_1_map_keys_are_sorted_by_their_encoding():
    keys = [10, 100, -1, "z", "aa", (100,), (-1,), False]  # the example of the section
    forward, backward = {}, {}
    for key in keys:
        forward[key] = 0
    for key in reversed(keys):
        backward[key] = 0
    assert cbor.encode(forward) == cbor.encode(backward)
    assert cbor.encode(forward).hex() == "a80a001864002000617a006261610081186400812000f400"


def test_booleans_are_no_integers():
    assert cbor.encode([True, 1, False, 0]) == b"\x84\xf5\x01\xf4\x00"
    for value in cbor.decode(b"\x82\xf5\xf4"):
        assert value is True or value is False


def test_tags_and_simple_values_are_told_apart():
    assert Tag(1, 2) == Tag(1, 2) and Tag(1, 2) != Tag(1, 3) and Tag(1, 2) != Tag(2, 2)
    assert Simple(5) != Tag(5, None) and Simple(23) == UNDEFINED
    assert cbor.decode(cbor.encode({Tag(37, b"x"): Simple(99)})) == {Tag(37, b"x"): Simple(99)}


def test_what_has_no_encoding_is_our_own_error():
    for value in (object(), set(), Simple(24), Simple(31), Simple(256), Tag(-1, 0), Tag(2**64, 0), [object()]):
        raised(LocalError, cbor.encode, value)
    raised(LocalError, cbor.encode, {float("nan"): 1, -float("nan"): 2})
    loop = []
    loop.append(loop)
    raised(LocalError, cbor.encode, loop)


def test_spec_8_3_sixteen_levels_and_no_more():
    nested = 0
    for _ in range(16):
        nested = [nested]
    assert cbor.decode(cbor.encode(nested)) == nested
    raised(LocalError, cbor.encode, [nested])
    for opening in (b"\x81", b"\xa1\x00", b"\xc6", b"\x9f", b"\xbf\x00", b"\xa1"):
        raised(PeerError, cbor.decode, opening * 500)


def test_lengths_beyond_the_data_are_refused_before_anything_is_allocated():
    for head in (0x5A, 0x7A, 0x9A, 0xBA):
        raised(PeerError, cbor.decode, bytes((head, 0x7F, 0xFF, 0xFF, 0xFF)) + bytes(100))
        raised(PeerError, cbor.decode, bytes((head + 1,)) + b"\xff" * 8 + bytes(100))


def test_the_number_of_items_is_bounded():
    assert cbor.decode(b"\x83\x01\x02\x03", 4) == [1, 2, 3]
    raised(PeerError, cbor.decode, b"\x83\x01\x02\x03", 3)
    raised(PeerError, cbor.decode, b"\xa1\x01\x02", 2)
    raised(PeerError, cbor.decode, b"\x5f\x41\x00\x41\x00\xff", 2)


def test_equal_keys_of_different_types_are_refused():
    for data in (b"\xa2\x01\x00\xf5\x00", b"\xa2\x00\x00\xf9\x00\x00\x00", b"\xa1\xa0\x00", b"\xa1\x81\xa0\x00"):
        raised(PeerError, cbor.decode, data)


def test_other_buffers_decode_too():
    assert cbor.decode(bytearray(b"\x42ab")) == b"ab"
    assert cbor.decode(memoryview(b"\x62ab")) == "ab"
