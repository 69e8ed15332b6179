"""Composition root of a node: one wake is one `run(hal)`.

restore → take the wake's edge → filter → outbox → report when due → arm the pin → deep sleep.
"""

import gc

from anju_node import config, health, rtc, uplink
from anju_node.keystore import Keystore
from anju_node.outbox import Outbox
from anju_node.ring import EdgeRing
from anju_wire import numbers
from anju_wire._compat import TYPE_CHECKING
from anju_wire.errors import PeerError

if TYPE_CHECKING:
    from typing import Any

    from anju_node.filters import Emitted, State, Step
    from anju_node.hal.interface import Hal
    from anju_node.report import Batch

# Stay awake for what is due this soon: a boot costs more.
_LINGER_MS = 250


def _filter(sensing: str) -> "Any":
    """The filter module of a node's one sensor; a node loads no other."""
    if sensing == "pir":
        from anju_node.filters import pir

        return pir
    if sensing == "meter":
        from anju_node.filters import meter

        return meter
    from anju_node.filters import door

    return door


_KIND = {"door": numbers.DOOR, "pir": numbers.PIR, "meter": numbers.METER}


class Node:
    """A node between waking up and falling asleep."""

    def __init__(self, hal: "Hal") -> None:
        self.hal = hal
        self.config = config.load(hal.root)
        self.filter = _filter(self.config.sensing)
        self.outbox = Outbox(hal.root + "/journal", self.config.segment_bytes, self.config.segments)
        self.keystore = Keystore(self.config, self.outbox)
        self.state: "State" = ()
        self.uplink = uplink.START
        self.wakes = 0
        self.ring = EdgeRing()
        self.most = 64  # records in a report
        hal.on_edge(self.config.pin, self.ring)

    # -- waking up and falling asleep --------------------------------------

    def restore(self) -> None:
        """From RTC memory after deep sleep, from flash after anything else."""
        saved = rtc.unpack(self.hal.rtc_memory())
        if saved is None or self.hal.reset_reason != numbers.RESET_DEEP_SLEEP:
            self._cold_boot()
        else:
            state, up, following, self.wakes, outbox = saved
            self.state, self.uplink, self.keystore.next = tuple(state), tuple(up), following
            self.outbox.load(outbox)
            self._take_wake()
        self.wakes += 1

    def _cold_boot(self) -> None:
        self.outbox.recover()
        self.keystore.cold_boot()
        lost_power = self.hal.reset_reason == numbers.RESET_POWER_ON
        level = self.hal.level(self.config.pin)
        self.state, emitted = self.filter.restored(self.outbox.counters, level, lost_power, self.config)
        self._record(emitted)
        self._beat(urgent=True)

    def _take_wake(self) -> None:
        """The pin that woke us is an edge of its own, even when it is back already.

        After a timer wake the pin may have changed while the chip booted, before anybody listened: its level tells.
        """
        hal = self.hal
        level = hal.level(self.config.pin)
        woken = hal.wake_pin == self.config.pin
        if woken and level != hal.wake_level:
            self._emit(self.filter.missed(self.state, hal.woke_ms, self.config))
        else:
            self._emit(self.filter.edge(self.state, hal.woke_ms if woken else hal.now_ms(), level, self.config))

    def sleep(self) -> None:
        """Arm the pin, keep what must survive, and end this run."""
        self.outbox.close()
        hal = self.hal
        armed_from = self.filter.armed_from(self.state, self.config)
        until = self._deadline()
        wake_level = None
        if armed_from <= hal.now_ms():
            wake_level = self.filter.wake_level(hal.level(self.config.pin))
        else:
            until = min(until, armed_from)
        memory = [list(self.state), list(self.uplink), self.keystore.next, self.wakes, self.outbox.save()]
        hal.deep_sleep(until, self.config.pin, wake_level, rtc.pack(memory))

    # -- sensing -----------------------------------------------------------

    def sense(self) -> None:
        """Everything in the ring, and the filter's deadline when it has passed."""
        hal = self.hal
        edge = self.ring.pop()
        while edge is not None:
            now = hal.now_ms()
            t_ms = now - hal.ticks_since(edge[2])
            self._emit(self.filter.edge(self.state, t_ms, edge[1], self.config))
            edge = self.ring.pop()
        now = hal.now_ms()
        self._emit(self.filter.tick(self.state, now, hal.level(self.config.pin), self.config))

    def _emit(self, step: "Step") -> None:
        """Counters go to flash before the records that tell them: a power cut in between must not repeat a count."""
        self.state, emitted = step
        counters = self.filter.counters(self.state)
        if emitted or counters[0] - (self.outbox.counters or (0,))[0] >= self.config.checkpoint_pulses:
            self.outbox.keep_counters(counters)
        self._record(emitted)

    def _record(self, emitted: "Emitted") -> None:
        for t_ms, urgent, fields in emitted:
            fields["kind"] = _KIND[self.config.sensing]
            self.outbox.append(t_ms, fields)
            self.uplink = uplink.recorded(self.uplink, urgent)

    def _beat(self, urgent: bool) -> None:
        now = self.hal.now_ms()
        self.outbox.append(now, health.record(self.hal, self.outbox, self.wakes, self.ring.overruns, self.config))
        self.uplink = uplink.recorded(self.uplink, urgent)

    # -- reporting ---------------------------------------------------------

    def report(self) -> None:
        """Send one report, and forget what the hub acknowledged."""
        gc.collect()  # loading code wants long runs of free heap: new names go into tables that double
        from anju_node import coap_link  # loaded only by a wake that sends

        if uplink.heartbeat_due(self.uplink, self.hal.now_ms(), self.config) and not self.uplink[0]:
            self._beat(urgent=True)
        batch = self._batch()
        message = coap_link.request(numbers.PATH_REPORT, batch.builder.finish(), numbers.FORMAT_CBOR)
        try:
            answer = coap_link.post(self.hal, self.config, self.keystore, self.keystore.context(), message)
        except coap_link.Refused as refused:
            self.hal.log("report refused: %s" % refused)
            self._refused(batch, refused.code, refused.max_age_ms)
            return
        except PeerError as error:
            self.hal.log("no answer to trust: %s" % error)
            answer = None
        if answer is None:
            self.uplink = uplink.failed(self.uplink, self.hal.now_ms())
            return
        self._set_clock(answer.get("time_ms"))
        if not batch.for_time:
            self.outbox.acknowledge(batch.epoch, batch.last)
        self._contacted()

    def _batch(self) -> "Batch":
        from anju_node import report

        if not self.outbox.waiting:  # all is acknowledged; only the heartbeat was due
            self._beat(urgent=True)
        return report.next_batch(self.outbox, self.config.report_bytes, self.hal.now_ms(), self.most)

    def _refused(self, batch: "Batch", code: int, wait_ms: int) -> None:
        """A record that the hub will never take must not stand in the way of the others (SPEC 6)."""
        if code not in (numbers.BAD_REQUEST, numbers.REQUEST_ENTITY_TOO_LARGE):
            self.uplink = uplink.failed(self.uplink, self.hal.now_ms(), wait_ms)
            return
        if batch.builder.count > 1:
            self.most = 1  # one by one from here on: the bad one is found
        else:
            self.outbox.give_up(batch.epoch, batch.last)
        self._contacted()

    def _contacted(self) -> None:
        self.uplink = uplink.delivered(self.uplink, self.hal.now_ms(), self.outbox.waiting)

    def _set_clock(self, time_ms: "Any") -> None:
        if time_ms is not None:
            offset = time_ms - self.hal.now_ms()
            if self.outbox.epoch not in self.outbox.clocks:
                self.outbox.keep_clock(offset)
            self.outbox.clocks[self.outbox.epoch] = offset

    def _deadline(self) -> int:
        due = uplink.deadline(self.uplink, self.config)
        own = self.filter.deadline(self.state, self.config)
        return due if own is None else min(due, own)


def run(hal: "Hal") -> None:
    """One wake, from boot to deep sleep."""
    node = Node(hal)
    node.restore()
    while True:
        node.sense()
        if uplink.deadline(node.uplink, node.config) <= hal.now_ms():
            node.report()
            continue
        until = node._deadline()
        if until > hal.now_ms() + _LINGER_MS:
            break
        hal.wait(until)
    node.sleep()
