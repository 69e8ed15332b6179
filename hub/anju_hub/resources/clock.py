"""PUT /clock: sets the simulated clock, and answers when everything due up to then has run."""

from collections.abc import Awaitable, Callable

import aiocoap
from aiocoap import error

from anju_hub.clock import SimulatedClock
from anju_hub.counters import Counters
from anju_hub.resources.base import HubResource, is_loopback
from anju_hub.security.site import Peer
from anju_wire import cbor
from anju_wire.errors import PeerError
from anju_wire.numbers import MAX_COUNT


class ClockResource(HubResource):
    """Payload: a CBOR unsigned integer, UTC in ms since 1970."""

    rt = "anju.clock"

    def __init__(self, clock: SimulatedClock, run_due: Callable[[], Awaitable[None]], counters: Counters) -> None:
        super().__init__()
        self.counters = counters
        self._clock = clock
        self._run_due = run_due

    async def render_put(self, request: aiocoap.Message) -> aiocoap.Message:
        if isinstance(request.remote, Peer) or not is_loopback(request.remote):
            raise error.Forbidden("only from this machine")
        now_ms = cbor.decode(request.payload)
        if type(now_ms) is not int or not 0 <= now_ms <= MAX_COUNT:
            raise PeerError("the payload is a CBOR unsigned integer: ms since 1970, UTC")
        try:
            self._clock.set_ms(now_ms)
        except ValueError as problem:
            raise PeerError(str(problem)) from problem
        await self._run_due()
        return aiocoap.Message(code=aiocoap.CHANGED)
