"""The CoAP server: sockets that the hub binds itself, strict parsing before aiocoap, one site behind all of them."""

import asyncio
import errno
import ipaddress
import logging
import socket
from dataclasses import dataclass
from typing import Any

from aiocoap import Context
from aiocoap.transports.udp6 import MessageInterfaceUDP6
from aiocoap.util import hostportjoin, hostportsplit

from anju_hub.counters import Counters
from anju_hub.errors import HubError
from anju_hub.security.site import ProtectedSite
from anju_wire import coap
from anju_wire.errors import PeerError
from anju_wire.numbers import COAP_PORT

log = logging.getLogger("anju.coap")


@dataclass(frozen=True, slots=True)
class Bind:
    """An address to listen on; `optional` ones are left out where the machine has no such protocol."""

    host: str
    port: int
    optional: bool = False

    @property
    def is_loopback(self) -> bool:
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:  # another host name
            return False

    def __str__(self) -> str:
        return f"coap://{hostportjoin(self.host, self.port)}"


DEFAULT_BINDS = (Bind("127.0.0.1", COAP_PORT), Bind("::1", COAP_PORT, optional=True))


def parse_bind(text: str) -> Bind:
    """`HOST`, `HOST:PORT` or `[V6]:PORT`.

    Raises
    ------
    HubError
        It is none of these.
    """
    try:
        host, port = hostportsplit(text)
    except ValueError:
        host, port = None, None
    if not host or (port is not None and not 0 <= port < 65536):
        raise HubError(f"cannot listen on {text!r}", "Say --bind HOST or --bind HOST:PORT, IPv6 as [::1]:5683.")
    return Bind(host, COAP_PORT if port is None else port)


def open_socket(bind: Bind) -> socket.socket:
    """A bound UDP socket; IPv4 addresses are bound as mapped ones, which is what aiocoap's transport speaks.

    aiocoap itself would set SO_REUSEPORT, and a second hub would silently take half of the reports.

    Raises
    ------
    OSError
        As `socket.bind` does.
    """
    found = socket.getaddrinfo(
        bind.host, bind.port, socket.AF_INET6, socket.SOCK_DGRAM, flags=socket.AI_V4MAPPED | socket.AI_ALL
    )
    address = found[0][4]
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    try:
        only_v6 = not str(address[0]).startswith("::ffff:") and address[0] != "::"
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(only_v6))
        sock.bind(address)
    except OSError:
        sock.close()
        raise
    return sock


class HubTransport(MessageInterfaceUDP6):
    """aiocoap's UDP transport behind a strict parser: what is no CoAP message ends in a counter."""

    counters: Counters

    def datagram_msg_received(self, data: bytes, ancdata: Any, flags: int, address: Any) -> None:
        if flags & socket.MSG_TRUNC:
            self.counters.refused("datagram_too_large", str(address[0]), "longer than the receive buffer")
            return
        try:
            coap.decode(data)
            super().datagram_msg_received(data, ancdata, flags, address)
        except PeerError as problem:
            self.counters.refused("coap_malformed", str(address[0]), problem.reason)
        except UnicodeDecodeError as problem:  # aiocoap decodes string options without a net
            self.counters.refused("coap_not_utf8", str(address[0]), str(problem))


class CoapServer:
    """Listens on all `binds` and answers from one site."""

    def __init__(self, site: ProtectedSite, counters: Counters) -> None:
        self._site = site
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
        loop = asyncio.get_running_loop()
        self._context = Context(loop=loop, serversite=self._site, loggername="anju.aiocoap")
        for bind, sock in sockets:
            await self._serve(sock, loop)
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

    async def _serve(self, sock: socket.socket, loop: asyncio.AbstractEventLoop) -> None:
        transport: Any = type("Transport", (HubTransport,), {"counters": self._counters})
        assert self._context is not None
        await self._context._append_tokenmanaged_messagemanaged_transport(
            lambda manager: transport._create_transport_endpoint(sock, manager, log, loop)
        )
