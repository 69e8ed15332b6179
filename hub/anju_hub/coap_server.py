"""The CoAP server: sockets that the hub binds itself, one site behind all of them."""

import errno
import logging
import socket

from aiocoap import Context

from anju_hub.binding import Bind, open_socket
from anju_hub.counters import Counters
from anju_hub.errors import HubError
from anju_hub.hot_path import HotPath
from anju_hub.security.site import ProtectedSite
from anju_hub.transport import HubTransport

log = logging.getLogger("anju.coap")


class CoapServer:
    """Listens on all `binds`; reports take the hot path, everything else is answered from the site."""

    def __init__(self, site: ProtectedSite, hot_path: HotPath, counters: Counters) -> None:
        self._site = site
        self._hot_path = hot_path
        self._counters = counters
        self._context: Context | None = None
        self.listening: list[Bind] = []

    async def start(self, binds: tuple[Bind, ...]) -> None:
        """Bind and serve.

        Raises
        ------
        HubError
            An address is taken or cannot be had.
        """
        sockets = [(bind, sock) for bind in binds if (sock := self._bind(bind)) is not None]
        if not sockets:
            raise HubError("there is no address to listen on", "Say which with --bind HOST:PORT.")
        self._context = Context(serversite=self._site, loggername="anju.aiocoap")
        for bind, sock in sockets:
            await self._serve(self._context, sock)
            self.listening.append(Bind(bind.host, sock.getsockname()[1]))

    async def stop(self) -> None:
        if self._context is not None:
            await self._context.shutdown()
            self._context = None

    def _bind(self, bind: Bind) -> socket.socket | None:
        try:
            return open_socket(bind)
        except OSError as problem:
            if problem.errno == errno.EADDRINUSE:
                raise HubError(
                    f"{bind} is in use",
                    "Another hub? Stop it, or listen elsewhere with --bind HOST:PORT.",
                ) from problem
            if bind.optional:
                log.warning("bind=skipped address=%s reason=%r", bind, str(problem))
                return None
            raise HubError(
                f"cannot listen on {bind}: {problem.strerror or problem}",
                "Use an address of this machine, and a port above 1023 unless you are root.",
            ) from problem

    async def _serve(self, context: Context, sock: socket.socket) -> None:
        await context._append_tokenmanaged_messagemanaged_transport(
            lambda manager: HubTransport.serve(sock, manager, context.log, self._hot_path, self._counters)
        )
