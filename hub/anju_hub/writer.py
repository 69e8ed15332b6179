"""Group commit: reports that wait at the same time share one transaction, and each is answered after it."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection

from anju_hub.counters import Counters
from anju_hub.errors import StoreBusyError
from anju_hub.ingest import Arrival
from anju_hub.security.context import HubContext
from anju_hub.security.window import Window
from anju_hub.store import reports
from anju_hub.store.engine import Store

log = logging.getLogger("anju.writer")
T = TypeVar("T")

MAX_BATCH = 512  # reports in a transaction: bounds the time that the first of them waits
MAX_WAITING = 8192  # reports that wait for the disk; more are told to come again


@dataclass(slots=True)
class _Waiting:
    arrival: Arrival
    context: HubContext
    done: asyncio.Future[bool]


class Writer:
    """The only writer of the store while the hub runs; its transactions run in one thread of their own."""

    def __init__(self, store: Store, counters: Counters) -> None:
        self._store = store
        self._counters = counters
        self._thread = ThreadPoolExecutor(1, "anju-writer")
        self._waiting: asyncio.Queue[_Waiting | None] = asyncio.Queue()
        self._failing = False

    def enqueue(self, arrival: Arrival, context: HubContext) -> "asyncio.Future[bool]":
        """Have a report committed; the result: false for a replay of something that is not stored.

        The future fails with `StoreBusyError` if the report was not committed and should be sent again later.
        """
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        if self._waiting.qsize() >= MAX_WAITING:
            done.set_exception(StoreBusyError("too many reports wait for the disk"))
        else:
            self._waiting.put_nowait(_Waiting(arrival, context, done))
        return done

    async def transact(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction of its own, in the writer's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._transaction, work)

    async def run(self) -> None:
        """Commit batches until `stop`."""
        while (first := await self._waiting.get()) is not None:
            batch = [first]
            stopping = False
            while len(batch) < MAX_BATCH and not self._waiting.empty() and not stopping:
                following = self._waiting.get_nowait()
                stopping = following is None
                if following is not None:
                    batch.append(following)
            await self._commit(batch)
            if stopping:
                return

    def stop(self) -> None:
        """Let `run` end when everything that waits is committed."""
        self._waiting.put_nowait(None)

    def close(self) -> None:
        self._thread.shutdown()

    async def _commit(self, batch: list[_Waiting]) -> None:
        windows = _windows(batch)
        stored = [waiting.arrival for waiting in batch]
        values = {context.node_id: value for context, value in windows.items() if context.node_id is not None}
        try:
            results = await self.transact(lambda connection: reports.commit(connection, stored, values))
        except Exception as error:  # noqa: BLE001 - a peer waits for each of them, and the hub must go on
            self._failed(batch, error)
            return
        for context, value in windows.items():
            context.committed = value
        self._recovered()
        self._counters.add("reports_committed", len(batch))
        for waiting, result in zip(batch, results, strict=True):
            if not waiting.done.done():
                waiting.done.set_result(result)

    def _failed(self, batch: list[_Waiting], error: Exception) -> None:
        self._counters.add("reports_refused_store", len(batch))
        if not isinstance(error, StoreBusyError):
            log.error("commit=failed reports=%d", len(batch), exc_info=error)
        elif not self._failing:
            log.error("commit=failed reports=%d reason=%r action=refusing_with_5.03", len(batch), str(error))
        self._failing = True
        for waiting in batch:
            if not waiting.done.done():
                waiting.done.set_exception(StoreBusyError(str(error)))

    def _recovered(self) -> None:
        if self._failing:
            self._failing = False
            log.warning("commit=recovered")

    def _transaction(self, work: Callable[[Connection], T]) -> T:
        with self._store.write() as connection:
            return work(connection)


def _windows(batch: list[_Waiting]) -> dict[HubContext, Window]:
    """The replay window of each context after this batch: a replay strikes nothing out."""
    numbers: dict[HubContext, list[int]] = {}
    for waiting in batch:
        if not waiting.arrival.replayed:
            numbers.setdefault(waiting.context, []).append(waiting.arrival.partial_iv)
    return {context: context.committing(used) for context, used in numbers.items()}
