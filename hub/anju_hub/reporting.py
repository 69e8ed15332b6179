"""What a report goes through whatever carried it: decoded, committed, answered."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from anju_hub.clock import Clock
from anju_hub.counters import Counters
from anju_hub.errors import StoreBusyError
from anju_hub.ingest import Arrival, battery_of, rows_of
from anju_hub.security.context import HubContext
from anju_hub.writer import Writer
from anju_wire.errors import PeerError
from anju_wire.numbers import CHANGED, FORMAT_CBOR, UNAUTHORIZED
from anju_wire.numbers_more import FORMAT_SENML_CBOR
from anju_wire.profile import Profiles
from anju_wire.report import Report, decode_report, encode_answer
from anju_wire.senml_report import decode_report as decode_senml

RETRY_S = 30  # Max-Age of 5.03 while the store cannot commit
CLOCKLESS_RETRY_S = 1  # Max-Age of 5.03 while a simulated clock was not set yet
FORMATS = (FORMAT_CBOR, FORMAT_SENML_CBOR)
SERVICE_UNAVAILABLE = 0xA3  # RFC 7252, Section 12.1.2; a node has no name for it


@dataclass(frozen=True, slots=True)
class Answer:
    """What a node is told.  `durable`: the request's number is committed, its nonce may serve the response."""

    code: int
    payload: bytes = b""
    max_age_s: int | None = None
    durable: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """An authentic request of a node; not `fresh`: a replay.  `peer` is for the log, `content_format` in FORMATS."""

    context: HubContext
    partial_iv: int
    fresh: bool
    payload: bytes
    peer: str
    content_format: int = FORMAT_CBOR


class Reporting:
    """Takes deliveries and gives each its answer, after the commit where there is one."""

    def __init__(self, writer: Writer, clock: Clock, counters: Counters, profiles: Profiles) -> None:
        self._profiles = profiles
        self._quantities = profiles.quantities
        self._writer = writer
        self._clock = clock
        self._counters = counters

    def take(self, delivery: Delivery, reply: Callable[[Answer], None]) -> None:
        """Call `reply` once: now if there is nothing to commit, else after the commit."""
        now_ms = self._clock.now_ms()
        if now_ms is None:
            reply(Answer(SERVICE_UNAVAILABLE, max_age_s=CLOCKLESS_RETRY_S))
            return
        try:
            arrival = arrival_of(delivery, self._decode(delivery, now_ms), now_ms, self._profiles)
        except PeerError as problem:
            self._counters.refused("report_refused", delivery.peer, problem.reason)
            reply(Answer(problem.code, problem.reason.encode()))
            return
        done = self._writer.enqueue(arrival, delivery.context)
        done.add_done_callback(lambda done: reply(self._outcome(delivery, now_ms, done)))

    def _decode(self, delivery: Delivery, now_ms: int) -> Report:
        if delivery.content_format == FORMAT_SENML_CBOR:
            return decode_senml(delivery.payload, delivery.context.name, now_ms, self._quantities)
        return decode_report(delivery.payload)

    def _outcome(self, delivery: Delivery, now_ms: int, done: "asyncio.Future[bool]") -> Answer:
        problem = done.exception()
        if problem is not None:
            assert isinstance(problem, StoreBusyError)
            return Answer(SERVICE_UNAVAILABLE, max_age_s=RETRY_S)
        if not done.result():
            self._counters.refused("oscore_replay", delivery.peer, delivery.context.name)
            return Answer(UNAUTHORIZED, b"Replay detected")
        return Answer(CHANGED, encode_answer({"time_ms": now_ms}), durable=delivery.fresh)


def arrival_of(delivery: Delivery, report: Report, now_ms: int, profiles: Profiles) -> Arrival:
    """What is to be committed of a report.

    Raises
    ------
    PeerError
        A record cannot be dated, or breaks its profile.
    """
    rows = rows_of(report, now_ms, profiles)
    context = delivery.context
    assert context.node_id is not None
    return Arrival(
        node_id=context.node_id,
        recipient_id=context.recipient_id,
        partial_iv=delivery.partial_iv,
        received_ms=now_ms,
        epoch=report.epoch,
        rows=rows,
        battery=battery_of(rows),
        replayed=not delivery.fresh,
    )
