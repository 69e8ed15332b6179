"""GET /homes: every home and its present state."""

import aiocoap

from anju_hub import documents
from anju_hub.resources.base import OperatorResource, answer, query


class HomesResource(OperatorResource):
    rt = "anju.homes"

    async def render_get(self, request: aiocoap.Message) -> aiocoap.Message:
        query(request, ())
        return answer(request, await self.read(documents.homes))
