"""The peer of `anju bench ingest`: aiocoap's own OSCORE server with a resource that does nothing and keeps nothing.

    python -m anju_hub.bench_peer CONTEXTS

`CONTEXTS` is a folder of folders, each an aiocoap FilesystemSecurityContext.  Prints its port and serves until killed.
"""

import asyncio
import sys
from pathlib import Path

import aiocoap
from aiocoap import resource
from aiocoap.credentials import CredentialsMap
from aiocoap.oscore import FilesystemSecurityContext
from aiocoap.oscore_sitewrapper import OscoreSiteWrapper

from anju_wire.numbers import PATH_REPORT


class Nothing(resource.Resource):
    """Answers 2.04."""

    async def render_post(self, _request: aiocoap.Message) -> aiocoap.Message:
        return aiocoap.Message(code=aiocoap.CHANGED)


async def serve(folder: Path) -> None:
    credentials = CredentialsMap()
    for context in sorted(folder.iterdir()):
        credentials[f":{context.name}"] = FilesystemSecurityContext(str(context))
    site = resource.Site()
    site.add_resource([PATH_REPORT], Nothing())
    server = await aiocoap.Context.create_server_context(
        OscoreSiteWrapper(site, credentials), bind=("127.0.0.1", 0), transports=["udp6"]
    )
    interface = server.request_interfaces[0].token_interface.message_interface
    print(interface.transport.get_extra_info("socket").getsockname()[1], flush=True)
    await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
