"""CoAP messages on both interpreters: RFC 7252 section 3, `vectors/coap.json`."""

from anju_wire import coap, numbers
from anju_wire.errors import LocalError, PeerError
from vectors import load, raised, unhex


def _fields(message):
    return {
        "mtype": message.mtype,
        "code": message.code,
        "mid": message.mid,
        "token": message.token.hex(),
        "options": [[number, value.hex()] for number, value in message.options],
        "payload": message.payload.hex(),
    }


def test_vectors_decode_and_encode():
    count = 0
    for vector in load("coap"):
        data = unhex(vector["hex"])
        if "error" in vector:
            assert raised(PeerError, coap.decode, data).code == numbers.BAD_REQUEST
        else:
            message = coap.decode(data)
            assert _fields(message) == vector["decoded"], vector["name"]
            assert coap.encode(message) == data, vector["name"]
        count += 1
    assert count >= 47


def test_every_prefix_decodes_or_is_the_peers_error():
    for vector in load("coap"):
        data = unhex(vector["hex"])
        for end in range(min(len(data), 60)):
            try:
                coap.decode(data[:end])
            except PeerError:
                continue


def test_3_1_options_are_sent_in_order_and_repeated_ones_keep_theirs():
    message = coap.Message(numbers.CON, numbers.GET, 7, b"", [(60, b"z"), (11, b"b"), (3, b"h"), (11, b"a")])
    assert coap.decode(coap.encode(message)).options == [(3, b"h"), (11, b"b"), (11, b"a"), (60, b"z")]


def test_what_has_no_encoding_is_our_own_error():
    for message in (
        coap.Message(4, 1, 0),
        coap.Message(0, 256, 0),
        coap.Message(0, 1, 65536),
        coap.Message(0, 1, -1),
        coap.Message(0, 1, 0, bytes(9)),
        coap.Message(0, 1, 0, b"", [(65536, b"")]),
        coap.Message(0, 1, 0, b"", [(-1, b"")]),
        coap.Message(0, 1, 0, b"", [(1, bytes(65536))]),
        coap.Message(2, 0, 0, b"t"),
        coap.Message(2, 0, 0, b"", [(1, b"")]),
        coap.Message(2, 0, 0, b"", [], b"p"),
    ):
        raised(LocalError, coap.encode, message)


def test_3_2_uint_options_have_no_leading_zeros():
    for value, encoded in ((0, ""), (1, "01"), (60, "3c"), (255, "ff"), (256, "0100"), (0xFFFFFFFF, "ffffffff")):
        assert coap.encode_uint(value).hex() == encoded
        assert coap.decode_uint(unhex(encoded)) == value
    assert coap.decode_uint(unhex("0001")) == 1  # a recipient must be prepared for them
    assert raised(PeerError, coap.decode_uint, bytes(5)).code == numbers.BAD_OPTION
    raised(PeerError, coap.decode_uint, bytes(4), 3)


def test_6_4_uri_path():
    for path in ("", "r", "homes/7", "ü/水"):
        message = coap.Message(numbers.CON, numbers.GET, 0, b"", coap.path_options(path))
        assert coap.path_of(coap.decode(coap.encode(message))) == path
    assert coap.path_options("/r") == [(11, b"r")]
    for segment in (b"\xff", b"\xc0\x80", b"\xed\xa0\x80"):
        message = coap.Message(numbers.CON, numbers.GET, 0, b"", [(11, segment)])
        assert raised(PeerError, coap.path_of, message).code == numbers.BAD_OPTION


def test_5_4_1_unknown_critical_options_are_told():
    message = coap.Message(0, 2, 0, b"", [(11, b"r"), (12, b"\x3c"), (2048, b""), (2049, b"")])
    assert coap.unknown_critical(message, (11,)) == 2049
    assert coap.unknown_critical(message, (11, 2049)) is None


def test_options_are_found_by_number():
    message = coap.Message(0, 2, 0, b"", [(11, b"a"), (11, b"b")])
    assert message.option(11) == b"a" and message.option(12) is None
    assert message.values(11) == [b"a", b"b"] and message.values(12) == []


def test_12_1_requests_and_responses_are_told_by_class():
    for code, request, response in (
        (0, 0, 0),
        (1, 1, 0),
        (31, 1, 0),
        (32, 0, 0),
        (69, 0, 1),
        (128, 0, 1),
        (160, 0, 1),
        (224, 0, 0),
    ):
        message = coap.Message(0, code, 0)
        assert message.is_request() == bool(request) and message.is_response() == bool(response)
