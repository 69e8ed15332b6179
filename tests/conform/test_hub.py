"""Our hub, as a process of its own, under the kit; and hubs that are broken on purpose."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from anju_tools.conform import keys
from anju_tools.conform.hub.catalogue import CHECKS
from anju_tools.conform.hub.session import examine
from anju_tools.conform.verdict import Outcome, conforms
from anju_wire import coap, numbers
from anju_wire.errors import PeerError
from anju_wire.oscore import decode_option
from anju_wire.report import decode_report, encode_answer
from tests.conform.vendor import failed
from tests.hub.process import HubProcess, anju


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubProcess]:
    process = HubProcess(tmp_path / "data", "--log-level", "error")
    process.start()
    yield process
    process.kill()


def _enrol(hub: HubProcess, node: str) -> keys.NodeKeys:
    out = hub.data.parent / f"{node}.json"
    place = ["--home", "kit", "--room", "r", "--kind", "door"]
    anju("hub", "enrol", node, "--data", str(hub.data), *place, "--out", str(out))
    return keys.read(out)


def test_our_hub_conforms(hub: HubProcess) -> None:
    nodes = [_enrol(hub, "kit1"), _enrol(hub, "kit2")]

    def restart() -> None:
        hub.kill()
        hub.start()

    results = examine(("127.0.0.1", hub.port), nodes, 10.0, restart)
    assert failed(results) == {}
    assert [result.check.name for result in results if result.outcome is not Outcome.PASS] == []
    assert len(results) == len(CHECKS)
    assert conforms(results)


def test_a_hub_that_is_not_there_fails_everything(tmp_path: Path) -> None:
    node = keys.generate(tmp_path / "node.json", "127.0.0.1")
    results = examine(("127.0.0.1", 9), [node], 0.2, None, only=("accepted", "restart"))
    assert [result.outcome for result in results] == [Outcome.FAIL, Outcome.NOT_RUN]
    assert not conforms(results)


class TinyHub(asyncio.DatagramProtocol):
    """A hub of forty lines, good enough for the checks below until a subclass breaks it."""

    def __init__(self, node: keys.NodeKeys) -> None:
        self.context = node.hub_context()
        self.seen: set[int] = set()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        try:
            request = coap.decode(data)
        except PeerError:
            return
        if request.code == numbers.EMPTY:
            self.transport.sendto(coap.encode(coap.Message(numbers.RST, 0, request.mid)), addr)
        elif request.is_request():
            self.transport.sendto(coap.encode(self.answer(request)), addr)

    def plain(self, request: coap.Message, code: int) -> coap.Message:
        return coap.Message(numbers.ACK, code, request.mid, request.token)

    def answer(self, request: coap.Message) -> coap.Message:
        if request.option(numbers.OPTION_OSCORE) is None:
            return self.plain(request, self.unprotected(request))
        try:
            decode_option(request.option(numbers.OPTION_OSCORE) or b"")
            inner, binding = self.context.unprotect_request(request)
        except PeerError as error:
            return self.plain(request, error.code)
        if not self.is_fresh(binding.sequence):
            return self.plain(request, numbers.UNAUTHORIZED)
        self.seen.add(binding.sequence)
        response = self.plain(request, numbers.CHANGED)
        try:
            self.take(inner)
            response.payload = encode_answer({"time_ms": 1})
            response.options = [(numbers.OPTION_CONTENT_FORMAT, b"\x3c")]
        except PeerError as error:
            response.code = error.code
        return self.context.protect_response(response, binding)

    def unprotected(self, request: coap.Message) -> int:
        del request
        return numbers.UNAUTHORIZED

    def is_fresh(self, sequence: int) -> bool:
        return sequence not in self.seen and sequence > max(self.seen, default=-1) - 32

    def take(self, inner: coap.Message) -> None:
        decode_report(inner.payload)


class TakesUnprotected(TinyHub):
    def unprotected(self, request: coap.Message) -> int:
        del request
        return numbers.CHANGED


class TakesReplays(TinyHub):
    """Has no replay window."""

    def is_fresh(self, sequence: int) -> bool:
        del sequence
        return True


class TakesAnything(TinyHub):
    def take(self, inner: coap.Message) -> None:
        pass


class RefusesRepeats(TinyHub):
    def take(self, inner: coap.Message) -> None:
        report = decode_report(inner.payload)
        key = report.epoch, report.sequence
        known = self.__dict__.setdefault("known", set())
        if key in known:
            raise PeerError("known already")
        known.add(key)


class RefusesUnknownKinds(TinyHub):
    def take(self, inner: coap.Message) -> None:
        if any(record["kind"] > 5 for record in decode_report(inner.payload).records):
            raise PeerError("unknown kind")


class WindowMovesOnForgeries(TinyHub):
    """Strikes a sequence number out before it has decrypted."""

    def answer(self, request: coap.Message) -> coap.Message:
        option = request.option(numbers.OPTION_OSCORE)
        response = super().answer(request)
        if option is not None and response.code == numbers.BAD_REQUEST:
            piv, _, _ = decode_option(option)
            self.seen.add(int.from_bytes(piv or b"", "big"))
        return response


class ShortMessages(TinyHub):
    """Ends at a ping."""

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if data[1:2] != b"\x00":
            super().datagram_received(data, addr)


# Checks that the tiny hub can pass, and which of them each broken one fails.
TINY = (
    "ping",
    "accepted",
    "repeated",
    "reordered",
    "unknown-kind",
    "malformed-report",
    "too-large",
    "unprotected",
    "replayed",
    "replay-not-stored",
    "wrong-key",
    "forged-number",
    "unknown-node",
    "malformed-option",
)
BROKEN: dict[type[TinyHub], set[str]] = {
    TinyHub: set(),
    TakesUnprotected: {"unprotected"},
    TakesReplays: {"replay-not-stored"},
    TakesAnything: {"malformed-report", "too-large"},
    RefusesRepeats: {"repeated"},
    RefusesUnknownKinds: {"unknown-kind", "too-large"},
    WindowMovesOnForgeries: {"forged-number"},
    ShortMessages: {"ping"},
}


@pytest.mark.parametrize("broken", BROKEN, ids=lambda hub: hub.__name__)
async def test_a_broken_hub_fails_the_right_check(broken: Callable[..., TinyHub], tmp_path: Path) -> None:
    node = keys.generate(tmp_path / "node.json", "127.0.0.1")
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: broken(node), ("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    results = await asyncio.to_thread(examine, ("127.0.0.1", port), [node], 2.0, None, TINY)
    transport.close()
    assert failed(results).keys() == BROKEN[broken], failed(results)  # type: ignore[index]
