"""GET /homes/{id}: one home, observable; notified when its state or its alerts change."""

from collections.abc import Iterable

import aiocoap
from aiocoap import error, interfaces, resource
from aiocoap.pipe import Pipe
from aiocoap.protocol import ServerObservation

from anju_hub import documents
from anju_hub.counters import Counters
from anju_hub.resources.base import OperatorResource, answer, query
from anju_hub.resources.trajectory import TrajectoryResource
from anju_hub.store.engine import Store


class HomeResource(OperatorResource, resource.ObservableResource):
    """Serves requests whose path is down to the home's name."""

    async def render_get(self, request: aiocoap.Message) -> aiocoap.Message:
        query(request, ())
        document = await self.read(documents.home, request.opt.uri_path[0])
        if document is None:
            raise error.NotFound("no such home")
        return answer(request, document)

    def __init__(self, store: Store, counters: Counters, require_oscore: bool) -> None:
        super().__init__(store, counters, require_oscore)
        self._observers: dict[ServerObservation, str] = {}

    async def add_observation(self, request: aiocoap.Message, serverobservation: ServerObservation) -> None:
        self._observers[serverobservation] = request.opt.uri_path[0]
        serverobservation.accept(lambda: self._observers.pop(serverobservation))

    def changed(self, homes: Iterable[str]) -> None:
        """Notify whoever observes one of `homes`."""
        changed = set(homes)
        for observation, home in list(self._observers.items()):
            if home in changed:
                observation.trigger()


class HomeTree(interfaces.Resource, resource.PathCapable):
    """What lies below /homes."""

    def __init__(self, home: HomeResource, trajectory: TrajectoryResource) -> None:
        super().__init__()
        self._home = home
        self._trajectory = trajectory

    async def render_to_pipe(self, pipe: Pipe) -> None:
        await self._below(pipe.request).render_to_pipe(pipe)

    async def render(self, request: aiocoap.Message) -> aiocoap.Message:
        return await self._below(request).render(request)

    async def needs_blockwise_assembly(self, _request: aiocoap.Message) -> bool:
        return True

    def _below(self, request: aiocoap.Message) -> OperatorResource:
        path = request.opt.uri_path
        if len(path) == 1:
            return self._home
        if len(path) == 2 and path[1] == "trajectory":
            return self._trajectory
        raise error.NotFound
