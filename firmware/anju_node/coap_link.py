"""One protected report over UDP and its answer: drives the confirmable exchange of `anju_wire` on the HAL's link."""

from anju_wire import coap, numbers
from anju_wire._compat import TYPE_CHECKING
from anju_wire.errors import PeerError
from anju_wire.exchange import Exchange
from anju_wire.report import decode_answer

if TYPE_CHECKING:
    from typing import Any

    from anju_node.config import Config
    from anju_node.hal.interface import Hal, Link
    from anju_node.keystore import Keystore
    from anju_wire.oscore import Binding, Context

_ECHO_TRIES = 2
_SERVICE_UNAVAILABLE = 0xA3  # 5.03
_OPTION_MAX_AGE = 14
_MAX_AGE_DEFAULT_S = 60  # RFC 7252 section 5.10.5


class Refused(Exception):
    """The hub, known by its key, does not want this report: its protected answer is an error.

    `max_age_ms` is how long a 5.03 asks to wait (SPEC 6.4), 0 for all other codes.
    """

    def __init__(self, answer: coap.Message) -> None:
        code = self.code = answer.code
        super().__init__("%d.%02d" % (code >> 5, code & 31))
        self.max_age_ms = 0
        if code == _SERVICE_UNAVAILABLE:
            max_age = answer.option(_OPTION_MAX_AGE)
            self.max_age_ms = 1000 * (_MAX_AGE_DEFAULT_S if max_age is None else coap.decode_uint(max_age))


def request(path: str, payload: bytes, content_format: int) -> coap.Message:
    """An unprotected POST of a payload; CBOR needs no Content-Format (SPEC 3.2)."""
    options = [(numbers.OPTION_URI_PATH, part.encode()) for part in path.strip("/").split("/")]
    if content_format != numbers.FORMAT_CBOR:
        options.append((numbers.OPTION_CONTENT_FORMAT, coap.encode_uint(content_format)))
    return coap.Message(numbers.CON, numbers.POST, 0, b"", options, payload)


def post(
    hal: "Hal", config: "Config", keystore: "Keystore", context: "Context", message: coap.Message
) -> "dict[object, object] | None":
    """Send `message` protected and wait for its answer.

    Returns the decoded answer (a dict), or None when none came in time. Raises Refused when the hub does not want it,
    and PeerError for anything that may not come from the hub: such an answer changes nothing but the next try.
    """
    link = hal.udp(config.hub_host, config.hub_port)
    try:
        for _ in range(_ECHO_TRIES):
            answer = _exchange(hal, link, keystore.take(), context, message)
            if answer is None:
                return None
            echo = answer.option(numbers.OPTION_ECHO)
            if answer.code == numbers.UNAUTHORIZED and echo is not None:  # RFC 9175 §2.3: prove freshness, once
                message = coap.Message(
                    message.mtype,
                    message.code,
                    0,
                    b"",
                    message.options + [(numbers.OPTION_ECHO, echo)],
                    message.payload,
                )
                continue
            if answer.code != numbers.CHANGED:
                raise Refused(answer)
            return decode_answer(answer.payload) if answer.payload else {}
        raise PeerError("hub asks for Echo again and again")
    finally:
        link.close()


def protect(context: "Context", message: coap.Message, sequence: int) -> "tuple[coap.Message, Binding]":
    """The datagram's message: ID and token from the sequence number, a token of one byte (SPEC 3.7)."""
    protected, binding = context.protect_request(message, sequence)
    protected.mid = sequence & 0xFFFF
    protected.token = bytes((sequence & 0xFF,))
    return protected, binding


def _exchange(
    hal: "Hal", link: "Link", sequence: int, context: "Context", message: coap.Message
) -> "coap.Message | None":
    protected, binding = protect(context, message, sequence)
    timeout_ms = numbers.ACK_TIMEOUT_MS
    timeout_ms += timeout_ms * (hal.random_byte() * (numbers.ACK_RANDOM_PERCENT - 100)) // 25500
    exchange = Exchange(protected, ack_timeout_ms=timeout_ms)
    event: "tuple[Any, ...]" = ("start",)
    while True:
        deadline = None
        for action in exchange.step(event, hal.now_ms()):
            if action[0] == "send":
                link.send(action[1])
            elif action[0] == "wait":
                deadline = action[1]
            elif action[0] == "done":
                return _unprotect(context, action[1], binding)
            elif action[0] == "failed":
                return None
        data = link.receive(deadline)
        event = ("timeout",) if data is None else ("datagram", data)


def _unprotect(context: "Context", answer: coap.Message, binding: "Binding") -> coap.Message:
    """The answer inside; PeerError for an unprotected one (RFC 8613 §8.2), whatever it says."""
    if answer.option(numbers.OPTION_OSCORE) is None:
        raise PeerError("unprotected %d.%02d" % (answer.code >> 5, answer.code & 31))
    return context.unprotect_response(answer, binding)
