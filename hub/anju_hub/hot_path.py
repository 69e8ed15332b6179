"""Reports straight from the datagram: `anju_wire` parses and unprotects them, everything else is left to aiocoap.

aiocoap alone answers some 3,000 protected requests a second, a quarter of which it spends on copying messages, and
keeps 2.3 kB of each for 247 s.  A report as nodes send it needs none of that: one OSCORE option outside, the path of
reports inside, confirmable, in one datagram.
"""

from collections.abc import Callable

from anju_hub.reporting import Answer, Delivery, Reporting
from anju_hub.security.context import HubContext
from anju_hub.security.contexts import Contexts
from anju_hub.security.fast import FastBinding
from anju_wire import coap
from anju_wire.errors import PeerError
from anju_wire.numbers import (
    ACK,
    CHANGED,
    CON,
    FORMAT_CBOR,
    OPTION_CONTENT_FORMAT,
    OPTION_OSCORE,
    OPTION_URI_PATH,
    PATH_REPORT,
    POST,
)
from anju_wire.oscore import decode_option

_OPTION_MAX_AGE = 14  # RFC 7252, Section 5.10.5; a node has no name for it
_PATH = (OPTION_URI_PATH, PATH_REPORT.encode())
_CBOR = (OPTION_CONTENT_FORMAT, bytes([FORMAT_CBOR]))
_INNER = ([_PATH, _CBOR], [_PATH])

Send = Callable[[bytes], None]


class HotPath:
    """Takes a datagram if it is a report that needs nothing but to be stored."""

    def __init__(self, contexts: Contexts, reporting: Reporting) -> None:
        self._contexts = contexts
        self._reporting = reporting

    def take(self, data: bytes, message: coap.Message, send: Send, peer: str) -> bool:
        """True if the datagram was taken: `send` gets the response when there is one.

        False changes nothing: not the replay window either, so that aiocoap's server can do the whole of it.
        """
        if message.code != POST or message.mtype != CON or len(message.options) != 1:
            return False
        number, value = message.options[0]
        if number != OPTION_OSCORE:
            return False
        try:
            piv, kid, kid_context = decode_option(value)
        except PeerError:
            return False
        if piv is None or kid is None or kid_context is not None:
            return False
        context = self._contexts.find(kid)
        if context is None or context.node_id is None or not context.has_window:
            return False
        again, response = context.exchanges.find(piv, data)
        if again:
            if response is not None:
                send(response)
            return True
        return self._deliver(context, piv, data, message, send, peer)

    def _deliver(
        self, context: HubContext, piv: bytes, data: bytes, message: coap.Message, send: Send, peer: str
    ) -> bool:
        try:
            code, options, payload, binding = context.fast.unprotect(piv, message.payload)
        except PeerError:
            return False
        if code != POST or options not in _INNER:
            return False
        number = int.from_bytes(piv, "big")
        fresh = context.strike(number)
        context.exchanges.begin(piv, data)
        delivery = Delivery(context, number, fresh, payload, peer)
        self._reporting.take(delivery, lambda answer: self._answer(context, message, binding, answer, send))
        return True

    def _answer(
        self, context: HubContext, message: coap.Message, binding: FastBinding, answer: Answer, send: Send
    ) -> None:
        options = [_CBOR] if answer.code == CHANGED else []
        if answer.max_age_s is not None:
            options.append((_OPTION_MAX_AGE, coap.encode_uint(answer.max_age_s)))
        # Without a commit a crash would forget that the request's nonce has served (see `security.context`).
        own = None if answer.durable else context.new_sequence_number()
        outer = coap.Message(ACK, CHANGED, message.mid, message.token)
        response = coap.encode(context.fast.protect(outer, answer.code, options, answer.payload, binding, own))
        context.exchanges.end(binding.piv, response)
        send(response)
