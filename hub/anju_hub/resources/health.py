"""GET /health: version, time, and how often what happened since the start."""

from importlib.metadata import version

import aiocoap

from anju_hub.clock import Clock
from anju_hub.counters import Counters
from anju_hub.resources.base import OperatorResource, answer, query
from anju_hub.store.engine import Store


class HealthResource(OperatorResource):
    rt = "anju.health"

    def __init__(self, store: Store, counters: Counters, require_oscore: bool, clock: Clock) -> None:
        super().__init__(store, counters, require_oscore)
        self._clock = clock

    async def render_get(self, request: aiocoap.Message) -> aiocoap.Message:
        query(request, ())
        return answer(
            request,
            {
                "version": version("anju"),
                "time_ms": self._clock.now_ms(),
                "simulated": self._clock.simulated,
                "counters": self.counters.as_dict(),
            },
        )
