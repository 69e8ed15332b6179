"""The UDP socket: read in bursts, parsed strictly, reports on the hot path, everything else to aiocoap."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from aiocoap.interfaces import MessageManager
from aiocoap.transports.udp6 import MessageInterfaceUDP6
from aiocoap.util import socknumbers
from aiocoap.util.asyncio.recvmsg import RecvmsgSelectorDatagramTransport

from anju_hub.counters import Counters
from anju_hub.hot_path import HotPath
from anju_wire import coap
from anju_wire.errors import PeerError
from anju_wire.numbers import POST

BURST = 64  # datagrams read before other work gets its turn


class BurstTransport(RecvmsgSelectorDatagramTransport):
    """aiocoap's transport, which costs three system calls a datagram, with one.

    It looks into the error queue (ICMP) only when the socket says that something is there.
    """

    def _read_ready(self) -> None:
        sock = self.get_extra_info("socket")
        for number in range(BURST):
            if self._protocol is None:  # closed by what was just received
                return
            try:
                data, ancdata, flags, address = sock.recvmsg(self.max_size, 1024)
            except (BlockingIOError, InterruptedError):
                if number == 0:  # woken for something that is no datagram
                    super()._read_ready()
                return
            except OSError:  # an ICMP error waits in the error queue
                super()._read_ready()
                return
            self._protocol.datagram_msg_received(data, ancdata, flags, address)


class HubTransport(MessageInterfaceUDP6):
    """aiocoap's message interface behind a strict parser: what is no CoAP message ends in a counter."""

    def __init__(
        self, manager: MessageManager, log: Any, loop: asyncio.AbstractEventLoop, hot_path: HotPath, counters: Counters
    ) -> None:
        super().__init__(manager, log, loop)
        self._hot_path = hot_path
        self._counters = counters

    @classmethod
    async def serve(
        cls,
        sock: socket.socket,
        manager: MessageManager,
        log: Any,
        hot_path: HotPath,
        counters: Counters,
    ) -> "HubTransport":
        """An interface on a bound IPv6 socket, as `_create_transport_endpoint` makes it."""
        loop = asyncio.get_running_loop()
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        if socknumbers.HAS_RECVERR:
            sock.setsockopt(socket.IPPROTO_IPV6, socknumbers.IPV6_RECVERR, 1)
            sock.setsockopt(socket.IPPROTO_IP, socknumbers.IP_RECVERR, 1)
        sock.setblocking(False)
        interface = cls(manager, log, loop, hot_path, counters)
        reading = loop.create_future()
        BurstTransport(loop, sock, interface, reading)
        await reading
        await interface.ready
        return interface

    def datagram_msg_received(self, data: bytes, ancdata: Any, flags: int, address: Any) -> None:
        if flags & socket.MSG_TRUNC:
            self._counters.refused("datagram_too_large", str(address[0]), "longer than the receive buffer")
            return
        try:
            message = coap.decode(data)
            if message.code == POST and self._hot_path.take(data, message, self._sender(ancdata, address), address[0]):
                return
            super().datagram_msg_received(data, ancdata, flags, address)
        except PeerError as problem:
            self._counters.refused("coap_malformed", str(address[0]), problem.reason)
        except UnicodeDecodeError as problem:  # aiocoap decodes string options without a net
            self._counters.refused("coap_not_utf8", str(address[0]), str(problem))

    def _sender(self, ancdata: Any, address: Any) -> Callable[[bytes], None]:
        """Sends back to where a datagram came from, from the address that it was sent to."""

        def send(data: bytes) -> None:
            if self._shutting_down is None:
                self.transport.sendmsg(data, ancdata, 0, address)

        return send
