"""Feeds stored records to the core, event-timed, and writes states and alerts back with the cursor it had then.

What is processed lies `LAG_S` behind the clock, so that everything a node in contact has to say about a minute is
there when the minute is processed.  The watch is rebuilt from stored records after a restart and when homes or nodes
were enrolled; what it finds about the past is not written again.
"""

import logging
from dataclasses import dataclass, field

from sqlalchemy import Connection

from anju_hub import alerts
from anju_hub.alerts import Cause, to_ms
from anju_hub.core import Alert, Cleared, Events, Settings, Update, Watch
from anju_hub.counters import Counters
from anju_hub.events import EventMapper, home_specs
from anju_hub.store import numbers, registry, timeline, views
from anju_hub.store.engine import Store
from anju_hub.store.timeline import Span

log = logging.getLogger("anju.pipeline")

# A PIR episode is reported as ended 180 s after its last pulse; a minute more for the wake and the delivery.
LAG_S = 240
REBUILD_DAYS = 28
_CHUNK = 20_000  # rows read at once
_MINUTE_MS = 60_000


@dataclass(slots=True)
class Outcome:
    """What one step found, waiting to be written: one transaction with the cursor that belongs to it."""

    spans: list[Span]
    changes: list[Alert | Cleared]
    still_open: dict[Cause, Alert] | None  # after a rebuild
    arrival: int
    until_ms: int


@dataclass(slots=True)
class Written:
    """What changed for operators."""

    homes: set[str] = field(default_factory=set)
    alerts: bool = False


class Pipeline:
    """`step` computes (in any one thread), `write` goes into a transaction; a failed write is not lost."""

    def __init__(self, store: Store, counters: Counters, settings: Settings | None = None) -> None:
        self._store = store
        self._counters = counters
        self._settings = settings or Settings()
        self._watch: Watch | None = None
        self._mapper = EventMapper([], [])
        self._registry: int | None = None
        self._arrival = 0
        self._until_ms: int | None = None
        self._unwritten: list[Outcome] = []

    def step(self, now_ms: int) -> bool:
        """Process everything up to `LAG_S` before `now_ms` [ms, UTC]; true if there is something to write."""
        until_ms = (now_ms - LAG_S * 1000) // _MINUTE_MS * _MINUTE_MS
        with self._store.read() as connection:
            version = numbers.get(connection, numbers.REGISTRY) or 0
            if version != self._registry:
                self._rebuild(connection)
                self._registry = version
            if self._watch is not None and until_ms > (self._until_ms or 0):
                self._advance(connection, self._watch, until_ms)
        return bool(self._unwritten)

    def write(self, connection: Connection) -> Written:
        """Write what the steps since the last successful write found."""
        written = Written()
        for outcome in self._unwritten:
            written.homes |= timeline.append_spans(connection, outcome.spans)
            if outcome.still_open is not None:
                changed = alerts.reconcile(connection, outcome.still_open, outcome.until_ms)
            else:
                changed = alerts.apply(connection, outcome.changes)
            written.homes |= changed
            written.alerts |= bool(changed)
            numbers.put(connection, numbers.CURSOR_ARRIVAL, outcome.arrival)
            numbers.put(connection, numbers.CURSOR_MS, outcome.until_ms)
        return written

    def was_written(self) -> None:
        """The transaction of `write` was committed."""
        self._unwritten.clear()

    def forget(self) -> None:
        """After an error inside the core: rebuild the watch at the next step."""
        self._registry = None

    def _advance(self, connection: Connection, watch: Watch, until_ms: int) -> None:
        events, self._arrival = self._read(connection, self._arrival, None)
        events += self._mapper.going_on(until_ms / 1000)
        update = watch.update(Events.of(events), until_ms / 1000)
        self._count(update)
        self._until_ms = until_ms
        self._unwritten.append(Outcome(_spans(update), _changes(update), None, self._arrival, until_ms))

    def _rebuild(self, connection: Connection) -> None:
        """A watch of the homes as they are now, brought to where the cursor stands."""
        specs = home_specs(registry.home_zones(connection), registry.active_nodes(connection))
        self._mapper = EventMapper(specs, registry.all_nodes(connection))
        self._watch = Watch(specs, self._settings) if specs else None
        if self._until_ms is None:
            self._until_ms = numbers.get(connection, numbers.CURSOR_MS)
            self._arrival = numbers.get(connection, numbers.CURSOR_ARRIVAL) or 0
        if self._watch is None or self._until_ms is None:
            return
        since = views.first_arrival_since(connection, self._until_ms - REBUILD_DAYS * 86_400_000)
        rows, _ = self._read(connection, since, self._arrival)
        rows += self._mapper.going_on(self._until_ms / 1000)
        update = self._watch.update(Events.of(rows), self._until_ms / 1000)
        still_open: dict[Cause, Alert] = {}
        for change in sorted(_changes(update), key=alerts.when):
            if isinstance(change, Alert):
                still_open[alerts.cause(change)] = change
            else:
                still_open.pop(alerts.cause(change), None)
        self._unwritten.append(Outcome([], [], still_open, self._arrival, self._until_ms))
        log.info("watch=rebuilt homes=%d events=%d", len(specs), len(rows))

    def _read(
        self, connection: Connection, after: int, last: int | None
    ) -> tuple[list[tuple[int, float, int, int, float]], int]:
        """Events of the records after number `after` (up to `last`), and the number of the last of them."""
        found = []
        while rows := views.rows_between(connection, after, last, _CHUNK):
            found += self._mapper.take(rows)
            after = rows[-1].arrival
        return found, after

    def _count(self, update: Update) -> None:
        self._counters.add("events_late", update.late)
        self._counters.add("events_ignored", update.ignored)


def _changes(update: Update) -> list[Alert | Cleared]:
    return [*update.alerts, *update.cleared]


def _spans(update: Update) -> list[Span]:
    return [
        Span(span.home, to_ms(span.start), to_ms(span.end), span.state, round(float(span.probability), 4))
        for span in update.states
    ]
