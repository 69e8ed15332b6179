"""What a scenario can do and wait for. A scenario is a generator: it yields until when it waits [ms of the kit's
clock], and gets the next arrival, or None when that time has come. So it reads no clock and runs in real and in
simulated time.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Generator
from dataclasses import dataclass

from anju_tools.conform.node.answers import AnswerMaker, addressed, inner
from anju_tools.conform.node.monitor import Arrival, Monitor
from anju_tools.conform.verdict import CheckFailed, CheckNotRun
from anju_wire import coap, numbers

Play = Generator[int, Arrival | None, None]
Wait = Generator[int, Arrival | None, Arrival]

MOVED_ON = 4  # so many new reports without a record say that it is lost


@dataclass(frozen=True)
class Settings:
    """`timeout_ms`: how long a node may take until it reports again (its back-off after failures included);
    `tolerance_ms`: what the network and the machine may add to a time; `silence_ms`: how long the hub is away in the
    checks of an outage; `reset`: resets the node, or None if nobody can.
    """

    timeout_ms: int = 300_000
    tolerance_ms: int = 500
    silence_ms: int = 150_000
    reset: Callable[[], None] | None = None


class Tester:
    """The hub as a scenario plays it."""

    def __init__(self, monitor: Monitor, maker: AnswerMaker, settings: Settings, start_utc_ms: int) -> None:
        self.monitor = monitor
        self.maker = maker
        self.settings = settings
        self.now_ms = 0
        self._utc_offset_ms = start_utc_ms
        self._outbox: list[tuple[int, int, bytes, object]] = []
        self._order = itertools.count()
        self._answered: dict[bytes, list[bytes]] = {}

    # -- sending -----------------------------------------------------------

    @property
    def utc_ms(self) -> int:
        return self._utc_offset_ms + self.now_ms

    @property
    def next_send_ms(self) -> int | None:
        return self._outbox[0][0] if self._outbox else None

    def due(self) -> list[tuple[bytes, object]]:
        """Datagrams whose time has come, with whom they are for."""
        found = []
        while self._outbox and self._outbox[0][0] <= self.now_ms:
            _, _, data, peer = heapq.heappop(self._outbox)
            found.append((data, peer))
        return found

    def send(self, to: Arrival, data: bytes | coap.Message, delay_ms: int = 0) -> None:
        """Send a datagram to where `to` came from."""
        data = data if isinstance(data, bytes) else coap.encode(data)
        self.monitor.touched.add(to.data)
        heapq.heappush(self._outbox, (self.now_ms + delay_ms, next(self._order), data, to.peer))

    def reply(self, to: Arrival, response: coap.Message) -> bytes:
        """Protect and send a response; a retransmission of the request will get the same bytes."""
        data = coap.encode(self.maker.protect(to, response))
        self._answered.setdefault(to.data, []).append(data)
        self.send(to, data)
        return data

    def accept(self, arrival: Arrival, response: coap.Message | None = None) -> bytes:
        """Answer 2.04: from now on the node may forget these records."""
        data = self.reply(arrival, response or self.maker.accepted(self.utc_ms))
        self.count(arrival)
        return data

    def count(self, arrival: Arrival) -> None:
        """The records of this report are acknowledged."""
        arrival.accepted = True
        self.monitor.acknowledged.update(arrival.records())

    # -- waiting -----------------------------------------------------------

    def fresh(self, patience_ms: int | None = None, quiet: bool = False) -> Wait:
        """The next report that is no retransmission.

        Retransmissions get their answer again, or a first one; with `quiet` the kit stays silent. Raises CheckNotRun
        when none comes in time.
        """
        deadline = self.now_ms + (self.settings.timeout_ms if patience_ms is None else patience_ms)
        while True:
            arrival = yield deadline
            if arrival is None:
                raise CheckNotRun("the node sent no new report; operate its input, or give it more time (--timeout)")
            if not arrival.is_request:
                continue
            if arrival.first is None and arrival.report is not None:
                return arrival
            if not quiet:
                self._routine(arrival)

    def _routine(self, arrival: Arrival) -> None:
        """What any hub does with retransmissions and with requests that are no reports."""
        assert arrival.outer is not None
        known = self._answered.get(arrival.data)
        if known:
            self.send(arrival, known[-1])
        elif arrival.report is not None:
            self.accept(arrival)
        elif arrival.binding is not None:
            self.reply(arrival, inner(numbers.BAD_REQUEST))
        else:
            self.send(arrival, addressed(inner(numbers.UNAUTHORIZED), arrival.outer))

    def repeat_of(self, original: Arrival, until_ms: int) -> Wait:
        """The retransmission of a request: the same bytes. Raises CheckFailed when it does not come."""
        while True:
            arrival = yield until_ms
            if arrival is None:
                raise CheckFailed(f"no retransmission within {(self.now_ms - original.at_ms) / 1000:.1f} s")
            if not arrival.is_request:
                continue
            if arrival.data == original.data:
                return arrival
            waited = (arrival.at_ms - original.at_ms) / 1000
            self._routine(arrival)
            raise CheckFailed(f"after {waited:.1f} s another request came instead of the same bytes")

    def again(self, lost: Arrival, why: str) -> Wait:
        """Wait until everything in a report that did not count has come again, accepting what comes.

        Retransmission of the report counts as well. Raises CheckFailed with `why` when the node forgot a record.
        """
        missing = set(lost.records())
        deadline = self.now_ms + self.settings.timeout_ms
        reports = 0
        while True:
            arrival = yield deadline
            if arrival is None:
                raise CheckFailed(f"{why}: {_named(missing)} did not come again in time")
            if not arrival.is_request:
                continue
            if arrival.data == lost.data:
                self.accept(arrival)
                return arrival
            self._routine(arrival)
            if arrival.first is None and arrival.report is not None:
                reports += 1
                missing -= set(arrival.records())
                if not missing:
                    return arrival
                if reports >= MOVED_ON:
                    raise CheckFailed(f"{why}: {_named(missing)} did not come again in {reports} new reports")

    def goes_on(self, after: Arrival, what: str) -> Wait:
        """The node must report something new after `after` was acknowledged; accepts everything meanwhile."""
        known = set(after.records()) | self.monitor.acknowledged
        deadline = self.now_ms + self.settings.timeout_ms
        reports = 0
        while True:
            try:
                arrival = yield from self.fresh(deadline - self.now_ms)
            except CheckNotRun as error:
                raise CheckFailed(f"{what}: {error}") from error
            self.accept(arrival)
            if set(arrival.records()) - known:
                return arrival
            reports += 1
            if reports >= MOVED_ON:
                raise CheckFailed(f"{what}: {reports} reports repeat what was acknowledged and hold nothing new")

    def pause(self, until_ms: int) -> Generator[int, Arrival | None, list[Arrival]]:
        """Everything that arrives until then, without an answer."""
        seen: list[Arrival] = []
        while True:
            arrival = yield until_ms
            if arrival is None:
                return seen
            seen.append(arrival)


def _named(records: set[tuple[int, int]]) -> str:
    first = min(records)
    more = f" and {len(records) - 1} more" if len(records) > 1 else ""
    return f"record {first[1]} of epoch {first[0]}{more}"
