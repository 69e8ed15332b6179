"""aiocoap as an independent peer: the same bytes for messages, and each opens what the other has protected."""

from typing import Any

import aiocoap
import pytest
from aiocoap import oscore as theirs
from aiocoap.message import Direction
from cryptography.hazmat.primitives import hashes
from hypothesis import given
from hypothesis import strategies as st

from anju_wire import coap, numbers
from anju_wire.errors import PeerError
from anju_wire.oscore import Binding, Context

_SECRET, _SALT = bytes(range(16)), b"salt"
_NODE, _HUB = b"door-1", b"H"


class _TheirContext(theirs.CanProtect, theirs.CanUnprotect, theirs.SecurityContextUtils):
    """aiocoap's security context without a file behind it."""

    def __init__(self, sender_id: bytes, recipient_id: bytes, id_context: bytes | None) -> None:
        self.alg_aead = theirs.AES_CCM_16_64_128()
        self.hashfun = hashes.SHA256()
        self.sender_id, self.recipient_id, self.id_context = sender_id, recipient_id, id_context
        self.derive_keys(_SALT, _SECRET)
        self.sender_sequence_number = 0
        self.recipient_replay_window = theirs.ReplayWindow(32, lambda: None)
        self.recipient_replay_window.initialize_empty()
        self.echo_recovery = None

    def post_seqnoincrease(self) -> None:
        """Nothing is kept."""


def _contexts(sender: bytes, recipient: bytes, id_context: bytes | None) -> tuple[Context, _TheirContext]:
    """We are the sender, they are the recipient."""
    ours = Context(_SECRET, _SALT, sender, recipient, id_context)
    return ours, _TheirContext(recipient, sender, id_context)


def _to_theirs(message: coap.Message) -> aiocoap.Message:
    decoded = aiocoap.Message.decode(coap.encode(message))
    decoded.direction = Direction.INCOMING
    return decoded


def _to_ours(message: aiocoap.Message) -> coap.Message:
    message.mtype, message.mid, message.token = aiocoap.CON, 7, b"tok"
    return coap.decode(message.encode())


def _outgoing(**fields: Any) -> aiocoap.Message:
    message = aiocoap.Message(**fields)
    message.direction = Direction.OUTGOING
    return message


def _observe(message: coap.Message) -> int:
    value = message.option(numbers.OPTION_OBSERVE)
    assert value is not None
    return coap.decode_uint(value)


id_contexts = pytest.mark.parametrize("id_context", [None, b"", b"home-7"])
payloads = pytest.mark.parametrize("payload", [b"", b"x", bytes(range(256)) * 4])


@id_contexts
@payloads
@pytest.mark.parametrize("sequence", [0, 1, 255, 256, 2**40 - 1])
def test_our_request_and_their_response(id_context: bytes | None, payload: bytes, sequence: int) -> None:
    ours, peer = _contexts(_NODE, _HUB, id_context)
    options = [*coap.path_options("r"), (numbers.OPTION_CONTENT_FORMAT, b"\x3c"), (numbers.OPTION_ECHO, b"echo")]
    request = coap.Message(numbers.CON, numbers.POST, 7, b"tok", options, payload)
    protected, binding = ours.protect_request(request, sequence)
    opened, request_id = peer.unprotect(_to_theirs(protected))
    assert opened.code == aiocoap.POST and opened.payload == payload
    assert opened.opt.uri_path == ("r",) and opened.opt.content_format == 60 and opened.opt.echo == b"echo"
    for code, answer in ((aiocoap.CHANGED, payload), (aiocoap.UNAUTHORIZED, b"")):
        reply, _ = peer.protect(_outgoing(code=code, payload=answer, max_age=3), request_id)
        response = ours.unprotect_response(_to_ours(reply), binding)
        assert (response.code, response.payload) == (int(code), answer)
        assert response.option(14) == b"\x03"


@id_contexts
@payloads
@pytest.mark.parametrize("sequence", [None, 0, 70000])
def test_their_request_and_our_response(id_context: bytes | None, payload: bytes, sequence: int | None) -> None:
    ours, peer = _contexts(_HUB, _NODE, id_context)
    request = _outgoing(code=aiocoap.POST, uri_path=("homes", "7"), uri_query=("a=b",), payload=payload)
    protected, request_id = peer.protect(request)
    opened, binding = ours.unprotect_request(_to_ours(protected))
    assert (opened.code, opened.payload, coap.path_of(opened)) == (numbers.POST, payload, "homes/7")
    assert binding.sequence == 0
    response = coap.Message(
        numbers.ACK, numbers.CONTENT, 7, b"tok", [(numbers.OPTION_CONTENT_FORMAT, b"\x3c")], payload
    )
    reply = ours.protect_response(response, binding, sequence)
    received, _ = peer.unprotect(_to_theirs(reply), request_id)
    assert received.code == aiocoap.CONTENT and received.payload == payload and received.opt.content_format == 60


def test_we_observe_them() -> None:
    ours, peer = _contexts(_NODE, _HUB, None)
    options = [(numbers.OPTION_OBSERVE, b""), *coap.path_options("homes/7")]
    protected, binding = ours.protect_request(coap.Message(numbers.CON, numbers.GET, 7, b"tok", options), 5)
    opened, request_id = peer.unprotect(_to_theirs(protected))
    assert opened.opt.observe == 0
    request_id.can_reuse_nonce = False  # a notification needs a Partial IV
    seen = []
    for number in range(3):
        reply, _ = peer.protect(_outgoing(code=aiocoap.CONTENT, observe=number, payload=b"%d" % number), request_id)
        response = ours.unprotect_response(_to_ours(reply), binding)
        seen.append((_observe(response), response.payload))
    assert seen == [(0, b"0"), (1, b"1"), (2, b"2")]
    with pytest.raises(PeerError):
        ours.unprotect_response(_to_ours(reply), binding)


def test_they_observe_us() -> None:
    ours, peer = _contexts(_HUB, _NODE, None)
    protected, request_id = peer.protect(_outgoing(code=aiocoap.GET, uri_path=("alerts",), observe=0))
    opened, binding = ours.unprotect_request(_to_ours(protected))
    assert opened.option(numbers.OPTION_OBSERVE) == b""
    for sequence in (10, 11):
        options = [(numbers.OPTION_OBSERVE, bytes((sequence,)))]
        reply = ours.protect_response(
            coap.Message(numbers.CON, numbers.CONTENT, 7, b"tok", options, b"!"), binding, sequence
        )
        received, _ = peer.unprotect(_to_theirs(reply), request_id)
        assert received.opt.observe == sequence and received.payload == b"!"


@pytest.mark.parametrize("at", ["payload", "option"])
def test_a_flipped_bit_is_refused_by_both(at: str) -> None:
    ours, peer = _contexts(_NODE, _HUB, None)
    back = Context(_SECRET, _SALT, _HUB, _NODE)
    protected, _ = ours.protect_request(coap.Message(numbers.CON, numbers.POST, 7, b"tok", [], b"report"), 300)
    if at == "payload":
        protected.payload = bytes((protected.payload[0] ^ 1,)) + protected.payload[1:]
    else:
        (number, value), *_ = protected.options
        protected.options = [(number, value[:2] + bytes((value[2] ^ 1,)) + value[3:])]
    with pytest.raises(PeerError):
        back.unprotect_request(protected)
    with pytest.raises(theirs.ProtectionInvalid):
        peer.unprotect(_to_theirs(protected))


def _fields(message: aiocoap.Message) -> tuple[Any, ...]:
    options = [(int(option.number), option.encode()) for option in message.opt.option_list()]
    return int(message.mtype), int(message.code), message.mid, message.token, options, message.payload


# Opaque, so that aiocoap keeps their bytes as they are.
_OPAQUE = st.sampled_from([1, 4, 9, 252, 2048, 65001])
_MESSAGES = st.builds(
    coap.Message,
    mtype=st.sampled_from([numbers.CON, numbers.NON, numbers.ACK]),
    code=st.sampled_from([1, 2, 3, 4, 5, 65, 68, 69, 128, 129, 132, 160]),
    mid=st.integers(0, 65535),
    token=st.binary(max_size=8),
    options=st.lists(st.tuples(_OPAQUE, st.binary(max_size=300)), max_size=6).map(
        lambda options: sorted(options, key=lambda option: option[0])
    ),
    payload=st.binary(max_size=300),
)


@given(_MESSAGES)
def test_messages_are_the_same_bytes(message: coap.Message) -> None:
    data = coap.encode(message)
    read = aiocoap.Message.decode(data)
    assert _fields(read) == (
        message.mtype,
        message.code,
        message.mid,
        message.token,
        message.options,
        message.payload,
    )
    read.direction = Direction.OUTGOING
    assert read.encode() == data


def test_a_report_path_and_formats_are_theirs_too() -> None:
    decoded = _to_ours(_outgoing(code=aiocoap.POST, uri_path=("r",), content_format=60, observe=70000))
    assert coap.path_of(decoded) == "r"
    assert coap.decode_uint(decoded.option(numbers.OPTION_CONTENT_FORMAT) or b"") == numbers.FORMAT_CBOR
    assert _observe(decoded) == 70000


def test_keys_are_the_same() -> None:
    for id_context in (None, b"", b"\x01" * 30):
        ours, peer = _contexts(_NODE, _HUB, id_context)
        assert (ours.sender_key, ours.recipient_key) == (peer.recipient_key, peer.sender_key)
        assert ours.common_iv == peer.common_iv


def test_a_binding_tells_the_sequence_number() -> None:
    assert Binding(b"n", b"\x01\x00", bytes(13), False).sequence == 256
