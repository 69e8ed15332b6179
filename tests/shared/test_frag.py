"""Chunks over GATT on both interpreters: SPEC 16, `vectors/frag.json`."""

from anju_wire import frag
from anju_wire.errors import LocalError
from vectors import load, raised, unhex


def test_16_vectors():
    count = 0
    for vector in load("frag"):
        pieces = [unhex(piece) for piece in vector["hex"].split(" ")]
        reassembler = frag.Reassembler()
        messages = [message for message in [reassembler.receive(piece) for piece in pieces] if message is not None]
        if "error" in vector:
            assert messages == [] and reassembler.dropped > 0, vector["name"]
        else:
            assert messages == [unhex(vector["decoded"])], vector["name"]
        if vector.get("roundtrip"):
            assert frag.chunks(messages[0], vector["mtu"]) == pieces, vector["name"]
        count += 1
    assert count >= 17


def test_16_5_every_mtu_from_23_on():
    message = bytes([n & 255 for n in range(400)])
    for mtu in range(23, 420, 13):
        reassembler = frag.Reassembler()
        pieces = frag.chunks(message, mtu)
        assert max([len(piece) for piece in pieces]) <= mtu - 3
        for piece in pieces[:-1]:
            assert reassembler.receive(piece) is None
        assert reassembler.receive(pieces[-1]) == message and reassembler.dropped == 0


def test_16_4_memory_is_bounded_and_the_next_message_comes_through():
    reassembler = frag.Reassembler(40)
    for number in range(200):
        assert reassembler.receive(bytes(((0x80 if number == 0 else 0) | number & 63,)) + bytes(19)) is None
        assert len(reassembler._message) <= 40
    assert reassembler.dropped >= 190
    assert reassembler.receive(b"\xc0hello") == b"hello"
    raised(LocalError, frag.chunks, b"", 23)
    raised(LocalError, frag.chunks, bytes(1281), 247)
    raised(LocalError, frag.chunks, b"x", 22)


def test_16_6_a_new_link_begins_anew():
    reassembler = frag.Reassembler()
    first, second = frag.chunks(bytes(30), 23)
    reassembler.receive(first)
    reassembler.reset()
    assert reassembler.receive(second) is None and reassembler.dropped == 1
