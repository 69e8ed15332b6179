"""Addresses to listen on, and sockets bound to them."""

import ipaddress
import socket
from dataclasses import dataclass

from aiocoap.util import hostportjoin, hostportsplit

from anju_hub.errors import HubError
from anju_wire.numbers import COAP_PORT


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
