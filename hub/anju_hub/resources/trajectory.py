"""GET /homes/{id}/trajectory?since=&until=: the states of a home over time."""

import aiocoap
from aiocoap import error

from anju_hub import documents
from anju_hub.resources.base import OperatorResource, answer, integer, query

_FOREVER = 2**53


class TrajectoryResource(OperatorResource):
    """`since` and `until` are ms since 1970, UTC; without them everything."""

    async def render_get(self, request: aiocoap.Message) -> aiocoap.Message:
        name = request.opt.uri_path[0]
        parameters = query(request, ("since", "until"))
        since, until = integer(parameters, "since", 0), integer(parameters, "until", _FOREVER)
        if await self.read(documents.home_exists, name):
            return answer(request, await self.read(documents.trajectory, name, since, until))
        raise error.NotFound("no such home")
