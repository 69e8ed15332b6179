"""Echo, RFC 9175 section 2: a server learns whether a request is fresh, without keeping state for who asks.

A value is the server's clock [s] in 4 bytes and a MAC over it and over who asks (RFC 9175 appendix A, method 2).
"""

from . import coap
from .errors import LocalError, PeerError
from .hkdf import hmac_sha256
from .numbers import BAD_OPTION, OPTION_ECHO, UNAUTHORIZED
from .numbers_more import MAX_ECHO_BYTES

_TIME_BYTES = 4
_MAC_BYTES = 8
_KEY_BYTES = 16


def echo_of(message: coap.Message) -> "bytes | None":
    """The Echo value in a message; PeerError (4.02) if it is not 1 to 40 bytes, RFC 9175 section 2.2.1."""
    value = message.option(OPTION_ECHO)
    if value is not None and not 0 < len(value) <= MAX_ECHO_BYTES:
        raise PeerError("CoAP: Echo", BAD_OPTION)
    return value


def challenged(answer: coap.Message) -> "bytes | None":
    """Client: the value to send along, if `answer` asks for the request again (SPEC 7.3); None if it does not."""
    return echo_of(answer) if answer.code == UNAUTHORIZED else None


def with_echo(request: coap.Message, value: bytes) -> coap.Message:
    """Client: `request` with this Echo value in place of any other; the caller gives it a new message ID."""
    options = [pair for pair in request.options if pair[0] != OPTION_ECHO]
    options.append((OPTION_ECHO, value))
    return coap.Message(request.mtype, request.code, request.mid, request.token, options, request.payload)


class EchoSource:
    """Server: makes values and knows its own again.  `key` is 16 random bytes or more, made at each start."""

    def __init__(self, key: bytes) -> None:
        if len(key) < _KEY_BYTES:
            raise LocalError("an Echo key has 16 bytes or more")
        self._key = key

    def value(self, peer: bytes, now_ms: int) -> bytes:
        """A value for `peer` (its kid or address) at `now_ms` of any steady clock."""
        stamp = (now_ms // 1000 & 0xFFFFFFFF).to_bytes(_TIME_BYTES, "big")
        return stamp + hmac_sha256(self._key, stamp + peer)[:_MAC_BYTES]

    def is_fresh(self, value: "bytes | None", peer: bytes, now_ms: int, within_ms: int) -> bool:
        """Whether `value` was made here, for `peer`, not longer than `within_ms` ago."""
        if value is None or len(value) != _TIME_BYTES + _MAC_BYTES:
            return False
        stamp = value[:_TIME_BYTES]
        mac = hmac_sha256(self._key, stamp + peer)[:_MAC_BYTES]
        if not _equal(mac, value[_TIME_BYTES:]):
            return False
        age_s = now_ms // 1000 - int.from_bytes(stamp, "big") & 0xFFFFFFFF
        return age_s * 1000 <= within_ms


def _equal(a: bytes, b: bytes) -> bool:
    """Two MACs of one length, compared without telling by time where they differ."""
    difference = 0
    for x, y in zip(a, b):  # noqa: B905 - MicroPython's zip has no strict
        difference |= x ^ y
    return difference == 0
