"""Nodes as the kit plays them, over UDP sockets, with `anju_wire` alone; and what a hub answered."""

from __future__ import annotations

import secrets
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from anju_tools.conform.keys import NodeKeys, unused_epoch, unused_sequence
from anju_tools.conform.verdict import CheckFailed, CheckNotRun
from anju_wire import coap, numbers
from anju_wire.errors import PeerError
from anju_wire.exchange import Exchange
from anju_wire.oscore import Binding, Context

Options = Sequence[tuple[int, bytes]]
_DATAGRAM = 65_535


class Unanswered(Exception):
    """A confirmable request got no response in time."""


class Socket:
    """One UDP socket towards the hub."""

    def __init__(self, address: tuple[str, int], timeout_s: float) -> None:
        family, _, _, _, found = socket.getaddrinfo(*address, type=socket.SOCK_DGRAM)[0]
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.connect(found)
        self._timeout_s = timeout_s

    def send(self, data: bytes) -> None:
        try:
            self._socket.send(data)
        except ConnectionError:  # the kernel's word on the datagram before
            self._socket.send(data)

    def receive(self, wait_s: float) -> bytes | None:
        """The next datagram, or None."""
        end = time.monotonic() + wait_s
        while (left := end - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                return self._socket.recv(_DATAGRAM)
            except ConnectionError:  # nobody listens just now
                time.sleep(min(0.05, left))
            except TimeoutError:
                break
        return None

    def ask(self, message: coap.Message) -> coap.Message:
        """The response to a confirmable request, sent as often as RFC 7252 says within the timeout.

        Raises Unanswered.
        """
        end = time.monotonic() + self._timeout_s
        machine = Exchange(message)
        event: tuple[Any, ...] = ("start",)
        while time.monotonic() < end:
            deadline = 0
            for action, value in machine.step(event, _now_ms()):
                if action == "send":
                    self.send(value)
                elif action == "wait":
                    deadline = value
                elif action == "done":
                    assert isinstance(value, coap.Message)
                    return value
                else:
                    raise Unanswered(value)
            data = self.receive(min(deadline / 1000 - _now_ms() / 1000, end - time.monotonic()))
            event = ("timeout",) if data is None else ("datagram", data)
        raise Unanswered(f"no answer within {self._timeout_s:g} s")

    def close(self) -> None:
        self._socket.close()


def _now_ms() -> int:
    return time.monotonic_ns() // 1_000_000


@dataclass(frozen=True)
class Answer:
    """A response: `message` is the inner one where it was protected and opened; `outer` as it came."""

    message: coap.Message
    outer: coap.Message
    protected: bool

    @property
    def code(self) -> str:
        return code_name(self.message.code) + ("" if self.protected else " in the clear")


def code_name(code: int) -> str:
    """As people write it: 4.04."""
    return f"{code >> 5}.{code & 31:02d}"


class PlayedNode:
    """One enrolled node: its keys, and numbers that grow from those of no earlier run."""

    def __init__(self, keys: NodeKeys, link: Socket, utc_ms: int) -> None:
        self.name = keys.node
        self.context = keys.node_context()
        self.link = link
        self.sequence = unused_sequence(utc_ms)
        self.epoch = unused_epoch(utc_ms)
        self.number = 0
        self.transitions = self.epoch
        self._mid = secrets.randbelow(1 << 16)

    def request(
        self,
        payload: bytes = b"",
        options: Options = (),
        path: str = numbers.PATH_REPORT,
        code: int = numbers.POST,
        content_format: int | None = numbers.FORMAT_CBOR,
    ) -> coap.Message:
        """A request in the clear with a new message ID and token."""
        self._mid = (self._mid + 1) & 0xFFFF
        head = coap.path_options(path)
        if content_format is not None:
            head.append((numbers.OPTION_CONTENT_FORMAT, coap.encode_uint(content_format)))
        return coap.Message(numbers.CON, code, self._mid, secrets.token_bytes(4), [*head, *options], payload)

    def protect(
        self, message: coap.Message, sequence: int | None = None, context: Context | None = None
    ) -> tuple[coap.Message, Binding]:
        """Protect with the next sequence number, unless another or another context is given."""
        if sequence is None:
            sequence = self.sequence
            self.sequence += 1
        return (context or self.context).protect_request(message, sequence)

    def send(self, message: coap.Message) -> Answer:
        """Protect, send and open the answer; a challenge by Echo (7.3) is answered once."""
        answer = self.exchange(*self.protect(message))
        echo = answer.message.option(numbers.OPTION_ECHO)
        if answer.protected and answer.message.code == numbers.UNAUTHORIZED and echo is not None:
            again = coap.Message(
                numbers.CON, message.code, message.mid ^ 0x8000, message.token, message.options, message.payload
            )
            again.options.append((numbers.OPTION_ECHO, echo))
            answer = self.exchange(*self.protect(again))
        return answer

    def exchange(self, protected: coap.Message, binding: Binding) -> Answer:
        """Send what is protected already. Raises CheckFailed when the answer does not open."""
        return self.open(self.link.ask(protected), binding)

    def open(self, outer: coap.Message, binding: Binding) -> Answer:
        if outer.option(numbers.OPTION_OSCORE) is None:
            return Answer(outer, outer, False)
        try:
            return Answer(self.context.unprotect_response(outer, binding), outer, True)
        except PeerError as error:
            raise CheckFailed(f"an answer that does not open: {error.reason}") from error

    def ask_plainly(self, message: coap.Message) -> Answer:
        """Send a request without protection."""
        outer = self.link.ask(message)
        return Answer(outer, outer, False)

    # -- reports -----------------------------------------------------------

    def door(self, age_ms: int = 0) -> dict[int, Any]:
        """The next transition of the door as a wire map."""
        self.transitions += 1
        return {1: age_ms, 4: bool(self.transitions % 2), 5: self.transitions}

    def take_numbers(self, count: int) -> int:
        """The first of `count` record numbers."""
        first = self.number
        self.number += count
        return first


@dataclass
class HubUnderTest:
    """The hub, and everything a check may use. `other` is a second node or None, `restart` restarts the hub."""

    node: PlayedNode
    other: PlayedNode | None
    new_socket: Callable[[], Socket]
    restart: Callable[[], None] | None

    def alive(self) -> None:
        """Raises CheckFailed unless the hub answers a CoAP ping (3.8)."""
        link = self.new_socket()
        try:
            for mid in range(3):
                link.send(coap.encode(coap.Message(numbers.CON, numbers.EMPTY, mid)))
                data = link.receive(2.0)
                if data is not None and coap.decode(data).mtype == numbers.RST:
                    return
        finally:
            link.close()
        raise CheckFailed("the hub does not answer a ping any more")


def expect(answer: Answer, *codes: int, protected: bool = True, after: str = "") -> None:
    """Raises CheckFailed unless the answer has one of the codes, and is protected or not as it must be."""
    where = f" to {after}" if after else ""
    if answer.message.code not in codes:
        wanted = " or ".join(map(code_name, codes))
        raise CheckFailed(f"the answer{where} was {answer.code}, {wanted} is due")
    if answer.protected != protected:
        raise CheckFailed(f"the answer{where} was {answer.code}, it must {'' if protected else 'not '}be protected")


def need(condition: object, what: str) -> None:
    """Raises CheckNotRun when a check lacks something."""
    if not condition:
        raise CheckNotRun(what)
