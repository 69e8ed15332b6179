"""GET /alerts: all alerts, the youngest first, observable; ?open=1 leaves out what is over."""

import aiocoap
from aiocoap import resource

from anju_hub import documents
from anju_hub.resources.base import OperatorResource, answer, query
from anju_wire.errors import PeerError


class AlertsResource(OperatorResource, resource.ObservableResource):
    rt = "anju.alerts"

    async def render_get(self, request: aiocoap.Message) -> aiocoap.Message:
        only_open = query(request, ("open",)).get("open", "0")
        if only_open not in ("0", "1"):
            raise PeerError("open is 0 or 1")
        return answer(request, await self.read(documents.alerts, None, only_open == "1"))
