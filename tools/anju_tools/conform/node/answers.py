"""The hub's answers, right and wrong, as datagrams. Nothing here decides when to send which."""

from __future__ import annotations

import secrets

from anju_tools.conform.node.monitor import Arrival
from anju_wire import cbor, coap, numbers
from anju_wire.oscore import Binding, Context
from anju_wire.report import encode_answer

SERVICE_UNAVAILABLE = 0xA3  # 5.03, RFC 7252 section 5.9.3.4
_OPTION_MAX_AGE = 14
_CBOR = (numbers.OPTION_CONTENT_FORMAT, coap.encode_uint(numbers.FORMAT_CBOR))


class AnswerMaker:
    """Makes the datagrams of a hub. `sequence` numbers the responses that cannot use their request's nonce."""

    def __init__(self, context: Context, sequence: int) -> None:
        self._context = context
        self._sequence = sequence
        self._mid = secrets.randbelow(1 << 16)

    def new_mid(self) -> int:
        self._mid = (self._mid + 1) & 0xFFFF
        return self._mid

    def accepted(self, utc_ms: int) -> coap.Message:
        """2.04 with the time, SPEC 5.3, not yet addressed or protected."""
        return inner(numbers.CHANGED, encode_answer({"time_ms": utc_ms}))

    def protect(self, arrival: Arrival, response: coap.Message, context: Context | None = None) -> coap.Message:
        """The protected response, piggybacked on the acknowledgement; with the hub's keys unless told otherwise."""
        assert arrival.outer is not None
        assert arrival.binding is not None
        binding = arrival.binding
        sequence = None
        if binding.answered:  # SPEC 7.4: the request's nonce serves one response
            sequence = self._sequence
            self._sequence += 1
        if context is not None:  # somebody else's keys: the node's binding stays unused
            binding = Binding(binding.kid, binding.piv, context.nonce(binding.kid, binding.piv), binding.observe)
            sequence = None
        response = addressed(response, arrival.outer)
        return (context or self._context).protect_response(response, binding, sequence)

    def stranger(self) -> Context:
        """A hub with another Master Secret."""
        return Context(secrets.token_bytes(16), b"", self._context.sender_id, self._context.recipient_id)


def inner(code: int, payload: bytes = b"", options: tuple[tuple[int, bytes], ...] = ()) -> coap.Message:
    """A response without address; a payload is said to be CBOR."""
    head = (_CBOR,) if payload else ()
    return coap.Message(numbers.ACK, code, 0, b"", [*head, *options], payload)


def addressed(response: coap.Message, request: coap.Message) -> coap.Message:
    """The response, piggybacked on the acknowledgement of `request`, RFC 7252 section 5.2.1."""
    return coap.Message(numbers.ACK, response.code, request.mid, request.token, response.options, response.payload)


def empty_ack(request: coap.Message) -> bytes:
    """RFC 7252 section 4.2."""
    return coap.encode(coap.Message(numbers.ACK, numbers.EMPTY, request.mid))


def separate(response: coap.Message, mid: int) -> coap.Message:
    """The same response as a confirmable message of its own, RFC 7252 section 5.2.2."""
    return coap.Message(numbers.CON, response.code, mid, response.token, response.options, response.payload)


def echo(value: bytes) -> coap.Message:
    """4.01 with an Echo option, RFC 9175 section 2.3."""
    return inner(numbers.UNAUTHORIZED, options=((numbers.OPTION_ECHO, value),))


def unavailable(max_age_s: int) -> coap.Message:
    """5.03 with Max-Age, SPEC 6.4."""
    return inner(SERVICE_UNAVAILABLE, options=((_OPTION_MAX_AGE, coap.encode_uint(max_age_s)),))


def with_unknown_fields(utc_ms: int) -> coap.Message:
    """2.04 of a hub of a later version, SPEC 9.2."""
    fields = {0: utc_ms, -7: b"here", 23: [1, {2: "x"}], 1000: True}
    return inner(numbers.CHANGED, cbor.encode(fields))
