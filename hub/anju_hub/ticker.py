"""What the hub does by itself: run the pipeline, note that it is alive, take in new enrolments, reserve numbers."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from sqlalchemy import Connection

from anju_hub.clock import Clock
from anju_hub.counters import Counters
from anju_hub.errors import StoreBusyError
from anju_hub.outage import Outage
from anju_hub.pipeline import Pipeline, Written
from anju_hub.security.contexts import Contexts
from anju_hub.store import numbers
from anju_hub.store.engine import Store
from anju_hub.writer import Writer

log = logging.getLogger("anju.ticker")

TICK_S = 30.0
CHORES_S = 1.0


class Ticker:
    """`tick` runs everything that is due at the clock's time; `run` calls it every `TICK_S` of the real clock."""

    def __init__(
        self,
        store: Store,
        writer: Writer,
        contexts: Contexts,
        pipeline: Pipeline,
        clock: Clock,
        counters: Counters,
        notify: Callable[[Written], None],
    ) -> None:
        self._store = store
        self._writer = writer
        self._contexts = contexts
        self._pipeline = pipeline
        self._clock = clock
        self._counters = counters
        self._notify = notify
        self._outage = Outage()
        self._one_at_a_time = asyncio.Lock()
        self._registry: int | None = None

    async def run(self) -> None:
        """Never returns; errors are logged and the next tick tries again."""
        waited = TICK_S
        while True:
            await self._guarded(self._chores())
            if waited >= TICK_S and not self._clock.simulated:
                waited = 0.0
                await self._guarded(self.tick())
            await asyncio.sleep(CHORES_S)
            waited += CHORES_S

    async def tick(self) -> None:
        """Process everything that is due, and write it.

        Raises
        ------
        StoreBusyError
            The store cannot commit; what was found is kept for the next time.
        """
        async with self._one_at_a_time:
            now_ms = self._clock.now_ms()
            if now_ms is None:
                return
            await self._writer.transact(lambda connection: self._outage.alive(connection, now_ms))
            if not self._outage.is_over(now_ms):
                return
            try:
                found = await asyncio.to_thread(self._pipeline.step, now_ms)
            except Exception:
                self._pipeline.forget()
                raise
            if found:
                written = await self._writer.transact(self._pipeline.write)
                self._pipeline.was_written()
                self._notify(written)

    async def _chores(self) -> None:
        version = await asyncio.to_thread(self._ask, lambda c: numbers.get(c, numbers.REGISTRY) or 0)
        if version != self._registry:
            self._contexts.keep(await asyncio.to_thread(self._contexts.stored_secrets))
            self._registry = version
        if self._contexts.pivs.wants_spare:
            await asyncio.to_thread(self._contexts.pivs.reserve_spare)

    def _ask(self, question: Callable[[Connection], int]) -> int:
        with self._store.read() as connection:
            return question(connection)

    async def _guarded(self, work: Awaitable[None]) -> None:
        try:
            await work
        except StoreBusyError as problem:
            self._counters.add("ticks_store_busy")
            log.warning("tick=postponed reason=%r", str(problem))
        except Exception:
            self._counters.add("ticks_failed")
            log.exception("tick=failed")
