"""A confirmable request, RFC 7252 sections 4.2, 4.8 and 5.2.2, as a state machine without clock, socket or dice.

Events: `("start",)`, `("datagram", bytes)`, `("timeout",)`.
Actions: `("send", bytes)`, `("wait", deadline_ms)`, `("done", Message)`, `("failed", reason)`.
The driver takes datagrams of the peer's address alone, and gives "timeout" when the last deadline has passed.
"""

from . import coap
from ._compat import TYPE_CHECKING
from .errors import PeerError
from .numbers import ACK, ACK_TIMEOUT_MS, CON, EMPTY, MAX_RETRANSMIT, MAX_TRANSMIT_WAIT_MS, RST

if TYPE_CHECKING:
    from typing import Any

    Event = tuple[Any, ...]
    Action = tuple[str, Any]

# States
_IDLE = 0
_SENT = 1  # waits for an acknowledgement or the response
_ACKNOWLEDGED = 2  # waits for the separate response
_DONE = 3
_FAILED = 4


class Exchange:
    """One request and its response.

    `ack_timeout_ms` is the first timeout with its random factor already in it (ACK_TIMEOUT to 1.5 times that);
    `response_timeout_ms` bounds the wait for a separate response after the empty acknowledgement.
    `malformed` and `ignored` count datagrams that were no CoAP, or not for this exchange.
    """

    def __init__(
        self,
        message: coap.Message,
        ack_timeout_ms: int = ACK_TIMEOUT_MS,
        max_retransmit: int = MAX_RETRANSMIT,
        response_timeout_ms: int = MAX_TRANSMIT_WAIT_MS,
    ) -> None:
        self.malformed = 0
        self.ignored = 0
        self._mid = message.mid
        self._token = message.token
        self._data = coap.encode(message)
        self._timeout_ms = ack_timeout_ms
        self._retransmits_left = max_retransmit
        self._response_timeout_ms = response_timeout_ms
        self._deadline_ms = 0
        self._state = _IDLE
        self._answer_mid = -1  # of a confirmable response, which may come again

    def step(self, event: "Event", now_ms: int) -> "list[Action]":
        """What to do about `event` at `now_ms` of any steady clock."""
        if event[0] == "datagram":
            return self._datagram(event[1], now_ms)
        if event[0] == "start":
            if self._state != _IDLE:
                return self._wait()
            self._state = _SENT
            return self._transmit(now_ms)
        return self._timeout(now_ms)

    def _transmit(self, now_ms: int) -> "list[Action]":
        self._deadline_ms = now_ms + self._timeout_ms
        return [("send", self._data), ("wait", self._deadline_ms)]

    def _wait(self) -> "list[Action]":
        return [("wait", self._deadline_ms)] if self._state in (_SENT, _ACKNOWLEDGED) else []

    def _timeout(self, now_ms: int) -> "list[Action]":
        if self._state not in (_SENT, _ACKNOWLEDGED) or now_ms < self._deadline_ms:
            return self._wait()
        if self._state == _SENT and self._retransmits_left > 0:
            self._retransmits_left -= 1
            self._timeout_ms *= 2
            return self._transmit(now_ms)
        return self._fail("timeout" if self._state == _SENT else "no response")

    def _fail(self, reason: str) -> "list[Action]":
        self._state = _FAILED
        return [("failed", reason)]

    def _datagram(self, data: bytes, now_ms: int) -> "list[Action]":
        try:
            message = coap.decode(data)
        except PeerError:
            self.malformed += 1
            return self._wait()
        if message.mtype == CON and message.mid == self._answer_mid and message.token == self._token:
            return [("send", _acknowledgement(message.mid))]  # ours was lost, RFC 7252 section 4.2
        if self._state in (_SENT, _ACKNOWLEDGED):
            if message.is_response() and self._matches(message):
                return self._response(message)
            if self._state == _SENT and message.code == EMPTY and message.mid == self._mid:
                if message.mtype == RST:
                    return self._fail("reset")
                if message.mtype == ACK:
                    self._state = _ACKNOWLEDGED
                    self._deadline_ms = now_ms + self._response_timeout_ms
                    return self._wait()
        self.ignored += 1
        return self._wait()

    def _matches(self, message: coap.Message) -> bool:
        """The token always; the message ID of a piggybacked response too, RFC 7252 section 5.3.2."""
        if message.mtype == RST or message.token != self._token:
            return False
        return message.mtype != ACK or message.mid == self._mid

    def _response(self, message: coap.Message) -> "list[Action]":
        self._state = _DONE
        if message.mtype != CON:
            return [("done", message)]
        self._answer_mid = message.mid
        return [("send", _acknowledgement(message.mid)), ("done", message)]


def _acknowledgement(mid: int) -> bytes:
    return coap.encode(coap.Message(ACK, EMPTY, mid))
