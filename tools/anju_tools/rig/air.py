"""The air between one board and the hub: a UDP relay that counts, delays and loses datagrams.

Both sides are real sockets: the board sends to the relay's port, the hub sees the relay's other socket. The hub
lives in real time, the board in simulated time, so the relay waits for the hub's answer (up to `PATIENCE_S`) while
simulated time stands still, and hands it over to the conductor with the delay of the air.
"""

from __future__ import annotations

import select
import socket
from dataclasses import dataclass
from random import Random

from anju_wire import coap, numbers
from anju_wire.errors import PeerError

PATIENCE_S = 5.0
_MAX_DATAGRAM = 1280
_IP_UDP_HEADERS = 28


@dataclass
class AirCounters:
    """What went over the air, both ways, IP and UDP headers included."""

    datagrams: int = 0
    octets: int = 0
    lost: int = 0
    unanswered: int = 0


class HubDown(ConnectionError):
    """Nobody listens on the hub's port."""


class Air:
    """The path of one board. `loss` is the probability that a datagram vanishes, each way."""

    def __init__(self, hub: tuple[str, int], seed: str, loss: float = 0.0) -> None:
        self.loss = loss
        self.counters = AirCounters()
        self._random = Random(seed)
        self._board_side = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._board_side.bind(("127.0.0.1", 0))
        self._board_side.setblocking(False)
        self._hub_side = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._hub_side.connect(hub)
        self._hub_side.setblocking(False)
        self._board: tuple[str, int] | None = None

    @property
    def port(self) -> int:
        """The port that the board takes for the hub."""
        return int(self._board_side.getsockname()[1])

    def sent_by_board(self) -> list[bytes]:
        """Datagrams the board has sent and the air has not lost."""
        arrived: list[bytes] = []
        while True:
            try:
                data, self._board = self._board_side.recvfrom(_MAX_DATAGRAM)
            except BlockingIOError:
                return arrived
            if self._passes(data):
                arrived.append(data)

    def ask_hub(self, data: bytes) -> list[bytes]:
        """Hand a datagram to the hub; what it answers and the air does not lose. Raises HubDown."""
        try:
            self._hub_side.send(data)
            answers = self._answers(data)
        except ConnectionError as error:
            self.counters.unanswered += 1
            raise HubDown(str(error)) from error
        return [answer for answer in answers if self._passes(answer)]

    def deliver(self, data: bytes) -> None:
        """Put a datagram into the board's socket."""
        if self._board is not None:
            self._board_side.sendto(data, self._board)

    def _passes(self, data: bytes) -> bool:
        self.counters.datagrams += 1
        self.counters.octets += len(data) + _IP_UDP_HEADERS
        if self._random.random() < self.loss:
            self.counters.lost += 1
            return False
        return True

    def _answers(self, request: bytes) -> list[bytes]:
        """Until the response to a confirmable request has come: an empty ACK alone is not it (RFC 7252 §5.2.2)."""
        answers: list[bytes] = []
        expects = _is_confirmable(request)
        while expects or not answers:
            ready, _, _ = select.select([self._hub_side], [], [], PATIENCE_S if expects else 0.0)
            if not ready:
                break
            answers.append(self._hub_side.recv(_MAX_DATAGRAM))
            expects = expects and _is_empty(answers[-1])
        if not answers and _is_confirmable(request):
            self.counters.unanswered += 1
        return answers

    def close(self) -> None:
        self._board_side.close()
        self._hub_side.close()


def _message(data: bytes) -> coap.Message | None:
    try:
        return coap.decode(data)
    except PeerError:
        return None


def _is_confirmable(data: bytes) -> bool:
    message = _message(data)
    return message is not None and message.mtype == numbers.CON


def _is_empty(data: bytes) -> bool:
    message = _message(data)
    return message is not None and message.code == numbers.EMPTY
