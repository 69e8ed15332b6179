"""What hostile bytes meet, on both interpreters: mutations of vectors, and every decoder that reads from a peer.

A target takes bytes and returns; PeerError is its way of refusing, anything else that it raises is a fault.
"""

from anju_wire import block, cbor, coap, downlink, echo, frag, oscore, report, senml_report
from anju_wire.errors import PeerError
from anju_wire.exchange import Exchange
from anju_wire.numbers_more import OPTION_BLOCK1, OPTION_BLOCK2
from vectors import load, unhex

_SECRET = bytes(range(16))
_SERVER = oscore.Context(_SECRET, b"", b"H", b"d1")
_CLIENT = oscore.Context(_SECRET, b"", b"d1", b"H")
_REQUEST = coap.Message(0, 2, 1, b"t", [(11, b"r")], b"report")
_NOW_MS = 1700000000000


def of_cbor(data):
    cbor.encode(cbor.decode(data, 1024))


def of_report(data):
    decoded = report.decode_report(data)
    report.encode_report(decoded.epoch, decoded.sequence, decoded.records)


def of_answer(data):
    downlink.write(downlink.read(report.decode_answer(data)))


def of_senml(data):
    senml_report.decode_report(data, "door1", _NOW_MS)


def of_coap(data):
    message = coap.decode(data)
    assert coap.decode(coap.encode(message)).options == message.options
    coap.path_of(message)
    block.block_of(message, OPTION_BLOCK2)
    echo.echo_of(message)
    block.cut(data, message)


def of_blocks(data):
    """Bytes as the blocks of one client, one after another."""
    receiver, fetcher = block.BlockReceiver(256), block.BlockFetcher(256, 2)
    for at in range(0, len(data), 24):
        piece = data[at : at + 24]
        for option, take in ((OPTION_BLOCK1, receiver.receive), (OPTION_BLOCK2, fetcher.receive)):
            try:
                take(coap.Message(0, 2, 1, b"", [(option, piece[:2])], piece[2:]))
            except PeerError:
                continue
    assert len(receiver._payload) <= 256 and len(fetcher._payload) <= 256


def of_request(data):
    _SERVER.unprotect_request(coap.decode(data))


def of_response(data):
    _, binding = _CLIENT.protect_request(_REQUEST, 5)
    _CLIENT.unprotect_response(coap.decode(data), binding)


def of_plaintext(data):
    """What an authentic peer may put inside."""
    request, binding = _CLIENT.protect_request(_REQUEST, 5)
    request.payload = _CLIENT.sender.seal(binding.nonce, data, oscore.aad(binding))
    opened, _ = _SERVER.unprotect_request(request)
    report.decode_report(opened.payload)


def of_exchange(data):
    exchange = Exchange(_REQUEST)
    exchange.step(("start",), 0)
    for action in exchange.step(("datagram", data), 10):
        assert action[0] in ("send", "wait", "done", "failed")


def of_chunks(data):
    reassembler = frag.Reassembler(64)
    for at in range(0, len(data), 7):
        reassembler.receive(data[at : at + 7])
        assert len(reassembler._message) <= 64


TARGETS = (
    ("cbor", of_cbor, ("cbor", "record", "report", "downlink", "senml")),
    ("report", of_report, ("report",)),
    ("answer", of_answer, ("downlink",)),
    ("senml", of_senml, ("senml",)),
    ("coap", of_coap, ("coap", "oscore")),
    ("blocks", of_blocks, ("block", "coap", "report")),
    ("request", of_request, ("oscore", "coap")),
    ("response", of_response, ("oscore", "coap")),
    ("plaintext", of_plaintext, ("plaintext",)),
    ("exchange", of_exchange, ("coap", "oscore")),
    ("chunks", of_chunks, ("frag",)),
)


def seeds():
    """`{file: [bytes]}` of all vectors up to 300 bytes, and of what stands inside OSCORE."""
    found = {}
    for _, _, files in TARGETS:
        for file in files:
            if file not in found and file != "plaintext":
                found[file] = [data for data in _wire(file) if len(data) <= 300]
    found["plaintext"] = [b"\x02\xb1r\xff" + data for data in found["report"]] + [b"\x02\xb1r", b"\x02"]
    request, _ = _CLIENT.protect_request(_REQUEST, 5)
    answer = coap.Message(2, 68, 1, b"t", [(12, b"<")], report.encode_answer({"time_ms": _NOW_MS}))
    response = _SERVER.protect_response(answer, _SERVER.unprotect_request(request)[1])
    found["oscore"] += [coap.encode(request), coap.encode(response)]
    return found


def _wire(file):
    for vector in load(file):
        yield unhex(vector.get("hex", "").replace(" ", ""))


class Mutator:
    """Mutated seeds, the same ones for the same number."""

    def __init__(self, number):
        self._state = number * 2654435761 & 0xFFFFFFFF or 1

    def below(self, limit):
        """A number from 0 to `limit` - 1 (xorshift32)."""
        state = self._state
        state ^= state << 13 & 0xFFFFFFFF
        state ^= state >> 17
        state ^= state << 5 & 0xFFFFFFFF
        self._state = state
        return state % limit

    def mutate(self, pool):
        """One of the pool, changed in one to four places."""
        data = bytearray(pool[self.below(len(pool))])
        for _ in range(1 + self.below(4)):
            at = self.below(len(data) + 1)
            kind = self.below(7)
            if kind == 0 and at < len(data):
                data[at] ^= 1 << self.below(8)
            elif kind == 1 and at < len(data):
                data[at] = self.below(256)
            elif kind == 2 and at < len(data):
                data[at] = _SPECIAL[self.below(len(_SPECIAL))]
            elif kind == 3:
                data = data[:at] + bytes((self.below(256),)) + data[at:]
            elif kind == 4:
                data = data[:at] + data[at + 1 + self.below(4) :]
            elif kind == 5:
                data = data[:at] + data[at // 2 :]
            else:
                other = pool[self.below(len(pool))]
                data = data[:at] + other[self.below(len(other) + 1) :]
        return bytes(data[:1300])


# Bytes at which formats turn: lengths, breaks, tags, markers, floats.
_SPECIAL = bytes.fromhex(
    "00017f80ff1718191a1b1c1f203b3f40575b5f60777b7f8097989b9fa0b7bbbfc0c2c3c4d8dbdfe0f4f6f7f8f9fafb"
)


def attack(target, data):
    """Whether `target` took the bytes; a fault propagates."""
    try:
        target(data)
    except PeerError:
        return False
    return True
