"""libcoap, the third CoAP implementation, against our hub and our exchange; needs Debian's libcoap3-bin.

It has no OSCORE in that version, so it sees what a stranger sees: discovery, errors, and this machine's operator reads.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from anju_wire import block, coap, numbers
from anju_wire.exchange import Exchange
from tests.hub.process import HubProcess, anju

_NODES = 24
_WAIT_S = 20


def _tool(name: str) -> str:
    """The libcoap program, under the name of whatever flavour is installed."""
    for flavour in ("", "-notls", "-openssl", "-gnutls"):
        found = shutil.which(name + flavour)
        if found:
            return found
    reason = f"{name} is missing: make debian-packages (Debian's libcoap3-bin)"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    """A hub with so many nodes that its lists need blocks."""
    _tool("coap-client")
    folder = tmp_path_factory.mktemp("libcoap")
    plan = folder / "plan.csv"
    rows = [f"n{number},home{number},hall,door" for number in range(_NODES)]
    plan.write_text("\n".join(["node,home,room,kind", *rows]) + "\n")
    process = HubProcess(folder / "data", "--log-level", "error")
    process.start()
    anju("hub", "enrol", "--csv", str(plan), "--data", str(process.data), "--out-dir", str(folder / "nodes"))
    yield process
    process.kill()


def _client(port: int, path: str, *arguments: str) -> str:
    """What coap-client printed, errors included."""
    command = [_tool("coap-client"), "-B", "15", *arguments, f"coap://127.0.0.1:{port}/{path}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_WAIT_S + 10, check=False)
    return done.stdout + done.stderr


def _large(port: int, *arguments: str) -> Any:
    """`/nodes` in JSON, which takes several blocks.

    libcoap 4.3.1 cannot take blocks in a separate response ("large body receive internal issue"), and the hub sends
    one when it needs more than 100 ms (RFC 7252, 5.2.2), as it may on a busy machine. So ask again.
    """
    for _ in range(5):
        output = _client(port, "nodes", "-A", "50", "-B", "3", *arguments)
        if output:
            return json.loads(output)
    raise AssertionError("no answer in five attempts")


# -- coap-client against the hub --------------------------------------------------------------------------------------


def test_discovery(hub: HubProcess) -> None:
    links = _client(hub.port, ".well-known/core")
    assert "</r>" in links
    assert "anju.report" in links
    only = _client(hub.port, ".well-known/core?rt=anju.report")
    assert "</r>" in only
    assert "</homes>" not in only


def test_plain_exchange_confirmable_or_not(hub: HubProcess) -> None:
    for kind in ((), ("-N",)):
        assert "version" in json.loads(_client(hub.port, "health", "-A", "50", *kind))


@pytest.mark.parametrize("token", ["", "a", "12345678"])
def test_any_token_length(hub: HubProcess, token: str) -> None:
    assert "version" in json.loads(_client(hub.port, "health", "-A", "50", "-T", token))


def test_an_unprotected_report_is_refused(hub: HubProcess, tmp_path: Path) -> None:
    report = tmp_path / "report.cbor"
    report.write_bytes(bytes.fromhex("830100a3010004f50501"))
    before = json.loads(_client(hub.port, "homes/home3", "-A", "50"))
    assert "4.01" in _client(hub.port, "r", "-m", "post", "-t", "60", "-f", str(report))
    assert json.loads(_client(hub.port, "homes/home3", "-A", "50"))["nodes"] == before["nodes"]


def test_errors(hub: HubProcess) -> None:
    assert "4.04" in _client(hub.port, "nothing")
    assert "4.05" in _client(hub.port, "r")
    assert "4.05" in _client(hub.port, "health", "-m", "delete")


@pytest.mark.parametrize("size", [64, 256, 1024])
def test_block_wise_transfer_of_a_large_answer(hub: HubProcess, size: int) -> None:
    listed = _large(hub.port, "-b", str(size))
    assert len(listed) == _NODES
    assert len(json.dumps(listed)) > 2048


def test_observe(hub: HubProcess) -> None:
    output = _client(hub.port, "homes/home3", "-A", "50", "-s", "1")
    assert "home3" in output


def test_a_lost_request_is_repeated(hub: HubProcess) -> None:
    """coap-client loses its first datagram and sends it again after 2 to 3 s."""
    assert "version" in json.loads(_client(hub.port, "health", "-A", "50", "-l", "1"))


class LossyRelay(threading.Thread):
    """Relays datagrams and swallows the first answer of the hub; keeps what the hub said."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.answers: list[bytes] = []
        self.requests: list[bytes] = []
        self._client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._client.bind(("127.0.0.1", 0))
        self._hub = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._hub.connect(("127.0.0.1", port))
        self._hub.settimeout(5)
        self._client.settimeout(8)
        self.port = int(self._client.getsockname()[1])

    def run(self) -> None:
        while len(self.answers) < 2:
            data, client = self._client.recvfrom(2048)
            self.requests.append(data)
            self._hub.send(data)
            self.answers.append(self._hub.recv(2048))
            if len(self.answers) > 1:
                self._client.sendto(self.answers[-1], client)
        self._client.close()
        self._hub.close()


def test_a_repeated_request_gets_the_same_answer(hub: HubProcess) -> None:
    """The first answer is lost; libcoap repeats the message ID, and the hub its bytes (RFC 7252, 4.5)."""
    relay = LossyRelay(hub.port)
    relay.start()
    assert "version" in json.loads(_client(relay.port, "health", "-A", "50"))
    relay.join(10)
    assert relay.requests[0] == relay.requests[1]
    assert relay.answers[0] == relay.answers[1]


# -- our exchange against coap-server ---------------------------------------------------------------------------------


class Server:
    """coap-server on a port of its own; `ask` drives the node's exchange towards it."""

    def __init__(self, *arguments: str) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        command = [_tool("coap-server"), "-A", "127.0.0.1", "-p", str(port), *arguments]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._socket.connect(("127.0.0.1", port))
        self._mid = 100
        self.sent = 0
        self.received: list[coap.Message] = []

    def request(self, code: int, path: str, payload: bytes = b"", **query: str) -> coap.Message:
        self._mid += 1
        options = coap.path_options(path) + [(15, value.encode()) for value in query.values()]
        return coap.Message(numbers.CON, code, self._mid, bytes((self._mid & 255,)), options, payload)

    def ask(self, message: coap.Message) -> coap.Message:
        """The response; a server that is still starting looks like loss, so the first timeout is short."""
        machine = Exchange(message, ack_timeout_ms=300, max_retransmit=6)
        event: tuple[object, ...] = ("start",)
        while True:
            deadline = 0
            for action, value in machine.step(event, self._now_ms()):
                if action == "send":
                    self._send(value)
                elif action == "wait":
                    deadline = value
                elif action == "done":
                    return value  # type: ignore[no-any-return]
                else:
                    raise AssertionError(value)
            event = self._next(deadline)

    def _send(self, data: bytes) -> None:
        self.sent += 1
        try:
            self._socket.send(data)
        except ConnectionRefusedError:  # not listening yet
            self._socket.send(data)

    def _next(self, deadline: int) -> tuple[object, ...]:
        while (left := deadline - self._now_ms()) > 0:
            self._socket.settimeout(left / 1000)
            try:
                data = self._socket.recv(2048)
                self.received.append(coap.decode(data))
                return ("datagram", data)
            except ConnectionRefusedError:
                time.sleep(0.02)
            except TimeoutError:
                break
        return ("timeout",)

    @staticmethod
    def _now_ms() -> int:
        return time.monotonic_ns() // 1_000_000

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(10)
        self._socket.close()


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


def test_our_exchange_with_coap_server(server: Server) -> None:
    answer = server.ask(server.request(numbers.GET, ""))
    assert answer.code == numbers.CONTENT
    assert b"libcoap" in answer.payload
    assert server.ask(server.request(numbers.GET, "nothing")).code == 0x84


def test_our_exchange_takes_a_separate_response(server: Server) -> None:
    """`/async?1` is acknowledged at once and answered a second later."""
    answer = server.ask(server.request(numbers.GET, "async", delay="1"))
    assert (answer.code, answer.mtype) == (numbers.CONTENT, numbers.CON)
    assert [message.code for message in server.received] == [numbers.EMPTY, numbers.CONTENT]


def test_our_exchange_repeats_what_coap_server_lost() -> None:
    """The server does not send its first two datagrams."""
    lossy = Server("-l", "1,2")
    try:
        assert lossy.ask(lossy.request(numbers.GET, "")).code == numbers.CONTENT
        assert lossy.sent >= 3
    finally:
        lossy.close()


def test_our_block_wise_client_with_coap_server(server: Server) -> None:
    """A payload of 700 bytes goes there in Block1 and comes back in Block2 blocks of 64."""
    payload = bytes(range(33, 103)) * 10
    sender = block.BlockSender(server.request(numbers.PUT, "example_data", payload), exponent=2)
    while True:
        request = sender.request()
        request.mid = server.request(numbers.PUT, "").mid
        if sender.receive(server.ask(request)):
            break
    fetcher = block.BlockFetcher(limit=2048, exponent=2)
    whole = None
    while whole is None:
        request = server.request(numbers.GET, "example_data")
        request.options.append(fetcher.option())
        whole = fetcher.receive(server.ask(request))
    assert whole == payload
    assert len(server.received) > 20


def test_the_version_is_one_that_was_tried() -> None:
    done = subprocess.run([_tool("coap-client")], capture_output=True, text=True, check=False)
    assert re.search(r"v4\.[3-9]\.", done.stdout + done.stderr)
