"""Durable queue of records, and the counters, clocks and OSCORE numbers that must survive a power cut.

Everything is a frame of the journal. What a cold boot needs is folded from the frames by `recover`; a deep-sleep
wake gets it from RTC memory instead and reads no flash unless it has something to send. Delivery is at least once:
a record leaves the queue when the hub acknowledged it, and the hub knows a repeated one by (epoch, sequence).
"""

from anju_node.journal import Journal
from anju_wire import cbor
from anju_wire._compat import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

_RECORD = 1  # [epoch, sequence, t_ms, fields]
_ACKED = 2  # [epoch, sequence]: everything up to and including this one is acknowledged
_COUNTERS = 3  # [value, ...]: cumulative counters of the filters
_BOOT = 4  # [epoch, resets, dropped]
_RESERVED = 5  # OSCORE sender sequence numbers below this one may have been used
_CLOCK = 6  # [epoch, offset_ms]: UTC = node time of that epoch + offset


class Outbox:
    """Unacknowledged records in journal order, between `head` (first unacknowledged) and the journal's end.

    epoch, sequence: identity of the next record (SPEC 2).  acked: last acknowledged (epoch, sequence).
    clocks: {epoch: UTC offset [ms]} of the epochs that still have records.
    """

    def __init__(self, root: str, segment_bytes: int, segments: int) -> None:
        self._journal = Journal(root, segment_bytes)
        self._journal.on_new_segment = self._snapshot
        self._segments = segments
        self.epoch = 0
        self.sequence = 0
        self.acked = (0, -1)
        self.waiting = 0
        self.head = (0, 0)
        self.counters: "tuple[int, ...]" = ()
        self.resets = 0
        self.dropped = 0
        self.reserved = 0
        self.clocks: "dict[int, int]" = {}
        self._oldest = 0

    # -- waking up ---------------------------------------------------------

    def recover(self) -> None:
        """Fold the whole journal after a cold boot and open the next epoch."""
        journal = self._journal
        for kind, payload, _, _, _ in journal.frames(0, 0):
            if kind != _RECORD:
                self._fold(kind, cbor.decode(payload))
        self._find_head()
        on_flash = journal.segments()
        journal.resume(on_flash[-1] if on_flash else 0, 0)
        self._oldest = on_flash[0] if on_flash else 1
        self.epoch += 1
        self.resets += 1
        self.sequence = 0
        journal.start_segment()  # never append behind a torn frame
        if not self.waiting:
            self.head = (journal.segment, journal.offset)

    def _fold(self, kind: int, value: "Any") -> None:
        if kind == _ACKED:
            self.acked = (value[0], value[1])
        elif kind == _COUNTERS:
            self.counters = tuple(value)
        elif kind == _BOOT:
            self.epoch, self.resets, self.dropped = value
        elif kind == _RESERVED:
            self.reserved = max(self.reserved, value)
        elif kind == _CLOCK:
            self.clocks[value[0]] = value[1]

    def _find_head(self) -> None:
        self.waiting = 0
        for kind, payload, segment, offset, _ in self._journal.frames(0, 0):
            if kind == _RECORD and self._unacknowledged(payload):
                if not self.waiting:
                    self.head = (segment, offset)
                self.waiting += 1

    def _unacknowledged(self, payload: bytes) -> bool:
        value: "Any" = cbor.decode(payload)
        return (value[0], value[1]) > self.acked

    def save(self) -> "list[list[int]]":
        """What a deep-sleep wake needs, as a list of ints (RTC memory)."""
        clocks = []
        for epoch in sorted(self.clocks):
            clocks += [epoch, self.clocks[epoch]]
        journal = self._journal
        return [
            [self.epoch, self.sequence, self.acked[0], self.acked[1], self.waiting, self.head[0], self.head[1]],
            [self.resets, self.dropped, self.reserved, journal.segment, journal.offset, self._oldest],
            list(self.counters),
            clocks,
        ]

    def load(self, saved: "list[list[int]]") -> None:
        queue, book, counters, clocks = saved
        self.epoch, self.sequence, acked_epoch, acked_sequence, self.waiting, segment, offset = queue
        self.acked = (acked_epoch, acked_sequence)
        self.head = (segment, offset)
        self.resets, self.dropped, self.reserved, segment, offset, self._oldest = book
        self._journal.resume(segment, offset)
        self.counters = tuple(counters)
        self.clocks = {clocks[i]: clocks[i + 1] for i in range(0, len(clocks), 2)}

    # -- records -----------------------------------------------------------

    def append(self, t_ms: int, fields: "dict[str, object]") -> None:
        """Make one record durable."""
        journal = self._journal
        frame = cbor.encode([self.epoch, self.sequence, t_ms, fields])
        position = journal.append(_RECORD, frame)
        if not self.waiting:
            self.head = position
        self.sequence += 1
        self.waiting += 1
        self._bound()

    def peek(self) -> "Iterator[tuple[int, int, int, dict[object, object]]]":
        """Unacknowledged records, oldest first, as `(epoch, sequence, t_ms, fields)`."""
        left = self.waiting
        if not left:
            return
        for kind, payload, _, _, _ in self._journal.frames(self.head[0], self.head[1]):
            if kind == _RECORD:
                value: "Any" = cbor.decode(payload)
                if (value[0], value[1]) > self.acked:
                    yield value[0], value[1], value[2], value[3]
                    left -= 1
                    if not left:
                        return

    def acknowledge(self, epoch: int, sequence: int) -> None:
        """The hub has everything up to `(epoch, sequence)`: forget it."""
        self._skip(lambda value, _: (value[0], value[1]) <= (epoch, sequence))
        self._journal.append(_ACKED, cbor.encode([epoch, sequence]))
        if not self.waiting:
            self.head = (self._journal.segment, self._journal.offset)
        self._forget()

    def give_up(self, epoch: int, sequence: int) -> None:
        """The hub will never take what is up to `(epoch, sequence)`: count it as dropped."""
        self.dropped += self._skip(lambda value, _: (value[0], value[1]) <= (epoch, sequence))
        self._journal.append(_BOOT, cbor.encode([self.epoch, self.resets, self.dropped]))
        self.acknowledge(epoch, sequence)

    def _skip(self, gone: "Callable[[Any, int], bool]") -> int:
        """Move the head over the records for which `gone(value, segment)`; how many there were."""
        skipped = 0
        for kind, payload, segment, offset, _ in self._journal.frames(self.head[0], self.head[1]):
            if kind != _RECORD:
                continue
            value: "Any" = cbor.decode(payload)
            if (value[0], value[1]) <= self.acked:
                continue
            if not gone(value, segment):
                self.head = (segment, offset)
                break
            self.acked = (value[0], value[1])
            skipped += 1
        self.waiting -= skipped
        return skipped

    # -- what else survives ------------------------------------------------

    def keep_counters(self, counters: "tuple[int, ...]") -> None:
        """Checkpoint the filters' cumulative counters."""
        self.counters = tuple(counters)
        self._journal.append(_COUNTERS, cbor.encode(list(counters)))

    def reserve(self, limit: int) -> None:
        """OSCORE sender sequence numbers below `limit` count as used from now on (RFC 8613 §7.2, B.1.1)."""
        self.reserved = limit
        self._journal.append(_RESERVED, cbor.encode(limit))

    def keep_clock(self, offset_ms: int) -> None:
        """Remember this epoch's UTC offset, so that a power cut does not cost the time of what is queued."""
        self.clocks[self.epoch] = offset_ms
        self._journal.append(_CLOCK, cbor.encode([self.epoch, offset_ms]))

    def close(self) -> None:
        self._journal.close()

    # -- inside ------------------------------------------------------------

    def _snapshot(self) -> None:
        """First frames of a new segment: older segments are needed for unacknowledged records only."""
        journal = self._journal
        journal.append(_BOOT, cbor.encode([self.epoch, self.resets, self.dropped]))
        journal.append(_RESERVED, cbor.encode(self.reserved))
        journal.append(_COUNTERS, cbor.encode(list(self.counters)))
        journal.append(_ACKED, cbor.encode(list(self.acked)))
        for epoch in self.clocks:
            journal.append(_CLOCK, cbor.encode([epoch, self.clocks[epoch]]))

    def _forget(self) -> None:
        for epoch in list(self.clocks):
            if epoch < self.epoch and (not self.waiting or epoch < self.acked[0]):
                del self.clocks[epoch]
        if self.head[0] > self._oldest:
            self._journal.drop_before(self.head[0])
            self._oldest = self.head[0]

    def _bound(self) -> None:
        """Too many segments: the records of the oldest go, counted (`dropped` in the health record)."""
        if self._journal.segment - self._oldest < self._segments:
            return
        keep_from = self._oldest + 1
        self.dropped += self._skip(lambda _, segment: segment < keep_from)
        self._journal.append(_BOOT, cbor.encode([self.epoch, self.resets, self.dropped]))
        self._journal.append(_ACKED, cbor.encode(list(self.acked)))
        self._journal.drop_before(keep_from)
        self._oldest = keep_from
