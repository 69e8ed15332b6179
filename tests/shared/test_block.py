"""Block-wise transfer on both interpreters: RFC 7959, SPEC 8.5, `vectors/block.json`."""

from anju_wire import block, coap
from anju_wire.errors import LocalError, PeerError
from anju_wire.numbers import ACK, BAD_OPTION, BAD_REQUEST, CHANGED, CON, CONTENT, GET, POST, REQUEST_ENTITY_TOO_LARGE
from anju_wire.numbers_more import (
    CONTINUE,
    OPTION_BLOCK1,
    OPTION_BLOCK2,
    OPTION_ETAG,
    REQUEST_ENTITY_INCOMPLETE,
)
from vectors import load, raised, unhex

_PAYLOAD = bytes([n % 251 for n in range(1000)])


def _request(payload=_PAYLOAD):
    return coap.Message(CON, POST, 1, b"t", [(11, b"r")], payload)


def _block1(number, more, exponent, payload):
    return coap.Message(CON, POST, 1, b"t", [(OPTION_BLOCK1, block.encode_block(number, more, exponent))], payload)


def test_vectors():
    count = 0
    for vector in load("block"):
        data = unhex(vector["hex"])
        if "error" in vector:
            assert raised(PeerError, block.decode_block, data).code == vector["code"], vector["name"]
        else:
            decoded = block.decode_block(data)
            assert list(decoded) == vector["decoded"], vector["name"]
            assert (block.encode_block(*decoded) == data) is vector["roundtrip"], vector["name"]
        count += 1
    assert count >= 10


def _exchange(payload, exponent, wanted=6):
    """A large request against a server that wants blocks of `16 << wanted`; requests sent, payload received."""
    sender, receiver, requests = block.BlockSender(_request(payload), exponent), block.BlockReceiver(2000), 0
    while True:
        request = coap.decode(coap.encode(sender.request()))
        requests += 1
        got, options = receiver.receive(request)
        if got is None:
            number, more, asked = block.decode_block(options[0][1])
            options = [(OPTION_BLOCK1, block.encode_block(number, more, min(asked, wanted)))]
        if sender.receive(coap.Message(ACK, CONTINUE if got is None else CHANGED, 1, b"t", options)):
            return requests, got


def test_8_5_block1_both_ends():
    for exponent in range(7):
        for length in (0, 1, 15, 16, 17, 512, 999, 1000):
            size = 16 << exponent
            assert _exchange(_PAYLOAD[:length], exponent) == (max(1, -(-length // size)), _PAYLOAD[:length])


def test_8_5_the_server_may_ask_for_smaller_blocks():
    assert _exchange(_PAYLOAD, 5, wanted=2) == (1 + 8, _PAYLOAD)  # 512 bytes, then 488 in blocks of 64


def test_8_5_a_block_out_of_turn_is_4_08_and_forgets():
    receiver = block.BlockReceiver(1024)
    receiver.receive(_block1(0, True, 0, bytes(16)))
    wrong = _block1(2, True, 0, bytes(16))
    assert raised(PeerError, receiver.receive, wrong).code == REQUEST_ENTITY_INCOMPLETE
    following = _block1(1, False, 0, b"x")
    assert raised(PeerError, receiver.receive, following).code == REQUEST_ENTITY_INCOMPLETE
    assert receiver.receive(_block1(0, False, 0, b"new"))[0] == b"new"


def test_8_5_more_than_the_limit_is_4_13_and_forgets():
    receiver = block.BlockReceiver(40)
    for number in range(2):
        receiver.receive(_block1(number, True, 0, bytes(16)))
    third = _block1(2, True, 0, bytes(16))
    assert raised(PeerError, receiver.receive, third).code == REQUEST_ENTITY_TOO_LARGE
    assert len(receiver._payload) == 0
    assert raised(PeerError, receiver.receive, _request(bytes(41))).code == REQUEST_ENTITY_TOO_LARGE
    assert receiver.receive(_request(bytes(40)))[0] == bytes(40)


def test_blocks_of_a_wrong_size_are_4_00():
    for number, more, payload in ((0, True, bytes(15)), (0, True, bytes(17)), (0, False, bytes(17))):
        receiver = block.BlockReceiver(1024)
        assert raised(PeerError, receiver.receive, _block1(number, more, 0, payload)).code == BAD_REQUEST


def test_two_block_options_are_4_02():
    message = _block1(0, False, 0, b"x")
    message.options.append(message.options[0])
    assert raised(PeerError, block.BlockReceiver(64).receive, message).code == BAD_OPTION


def test_a_sender_believes_no_other_acknowledgement():
    for number, exponent in ((1, 5), (0, 6)):
        sender = block.BlockSender(_request(), 5)
        sender.request()
        wrong = coap.Message(ACK, CONTINUE, 1, b"t", [(OPTION_BLOCK1, block.encode_block(number, True, exponent))])
        raised(PeerError, sender.receive, wrong)
    small = block.BlockSender(_request(b"x"), 5)
    small.request()
    endless = coap.Message(ACK, CONTINUE, 1, b"t", [(OPTION_BLOCK1, block.encode_block(0, False, 5))])
    raised(PeerError, small.receive, endless)
    assert block.BlockSender(_request(), 5).receive(coap.Message(ACK, BAD_REQUEST, 1, b"t"))
    raised(LocalError, block.BlockSender, _request(), 7)


def _fetch(payload, exponent, server_exponent, etag=b"e"):
    fetcher, requests = block.BlockFetcher(2000, exponent), 0
    while True:
        request = coap.Message(CON, GET, 1, b"t", [fetcher.option()])
        part, options = block.cut(payload, coap.decode(coap.encode(request)), server_exponent)
        requests += 1
        got = fetcher.receive(coap.Message(ACK, CONTENT, 1, b"t", options + [(OPTION_ETAG, etag)], part))
        if got is not None:
            return requests, got


def test_8_5_block2_both_ends():
    for exponent in range(7):
        for server_exponent in range(7):
            for length in (0, 1, 16, 17, 1000):
                requests, got = _fetch(_PAYLOAD[:length], exponent, server_exponent)
                size = 16 << min(exponent, server_exponent)
                assert got == _PAYLOAD[:length] and requests == max(1, -(-length // size))


def test_a_first_response_may_be_cut_unasked():
    request = coap.Message(CON, GET, 1, b"t")
    part, options = block.cut(_PAYLOAD, request, 4)
    assert part == _PAYLOAD[:256] and block.decode_block(options[0][1]) == (0, True, 4)
    assert block.cut(b"short", request, 4) == (b"short", [])


def test_beyond_the_end_is_4_00():
    request = coap.Message(CON, GET, 1, b"t", [(OPTION_BLOCK2, block.encode_block(63, False, 0))])
    assert raised(PeerError, block.cut, _PAYLOAD[:1000], request).code == BAD_REQUEST


def _response(number, more, exponent, payload, etag=b"e"):
    options = [(OPTION_ETAG, etag), (OPTION_BLOCK2, block.encode_block(number, more, exponent))]
    return coap.Message(ACK, CONTENT, 1, b"t", options, payload)


def test_a_fetcher_takes_only_the_block_it_asked_for():
    for second in (
        _response(2, True, 0, bytes(16)),
        _response(1, True, 0, bytes(16), b"f"),
        _response(1, True, 0, bytes(15)),
        _response(1, True, 1, bytes(32)),
        coap.Message(ACK, CONTENT, 1, b"t", [], bytes(5)),
    ):
        fetcher = block.BlockFetcher(64, 0)
        assert fetcher.receive(_response(0, True, 0, bytes(16))) is None
        raised(PeerError, fetcher.receive, second)
    fetcher = block.BlockFetcher(20, 0)
    fetcher.receive(_response(0, True, 0, bytes(16)))
    raised(PeerError, fetcher.receive, _response(1, True, 0, bytes(16)))
    raised(PeerError, block.BlockFetcher(20, 0).receive, coap.Message(ACK, CONTENT, 1, b"t", [], bytes(21)))
