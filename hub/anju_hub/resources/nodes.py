"""GET /nodes: every enrolled node and what it delivered."""

import aiocoap

from anju_hub import documents
from anju_hub.resources.base import OperatorResource, answer, query


class NodesResource(OperatorResource):
    rt = "anju.nodes"

    async def render_get(self, request: aiocoap.Message) -> aiocoap.Message:
        query(request, ())
        return answer(request, await self.read(documents.nodes))
