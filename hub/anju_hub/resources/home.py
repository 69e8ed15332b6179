"""GET /homes/{id}: one home, observable; notified when its state or its alerts change."""

from collections.abc import Iterable

import aiocoap
from aiocoap import error, interfaces, resource
from aiocoap.pipe import Pipe
from aiocoap.protocol import ServerObservation

from anju_hub import documents
from anju_hub.resources.base import OperatorResource, answer, query
from anju_hub.resources.trajectory import TrajectoryResource


class HomeResource(OperatorResource, resource.ObservableResource):
    """Serves requests whose path is down to the home's name."""

    async def render_get(self, request: aiocoap.Message) -> aiocoap.Message:
        query(request, ())
        document = await self.read(documents.home, request.opt.uri_path[0])
        if document is None:
            raise error.NotFound("no such home")
        return answer(request, document)

    async def add_observation(self, request: aiocoap.Message, observation: ServerObservation) -> None:
        observation.home = request.opt.uri_path[0]
        await super().add_observation(request, observation)

    def changed(self, homes: Iterable[str]) -> None:
        """Notify whoever observes one of `homes`."""
        changed = set(homes)
        for observation in list(self._observations):
            if observation.home in changed:
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
