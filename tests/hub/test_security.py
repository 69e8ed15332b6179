"""OSCORE on the hub: the fast half against its twin, both roads of a report, datagrams of the hostile kind."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from pathlib import Path

import aiocoap
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anju_hub.security.fast import Exchanges, FastContext
from anju_wire import coap
from anju_wire.errors import PeerError
from anju_wire.numbers import ACK, CHANGED, CON, OPTION_OSCORE, POST, UNAUTHORIZED
from anju_wire.oscore import Context, decode_option
from anju_wire.report import decode_answer, encode_report
from tests.hub.client import NodeClient, door
from tests.hub.conftest import START_MS, RunningHub

LIBCOAP = Path(__file__).parents[3] / "shared/suites/coap-libcoap/pdu_parse_vectors.json"
URI_HOST = 3

identities = st.binary(min_size=1, max_size=7).filter(lambda identity: identity != b"H")
options_inside = st.lists(st.tuples(st.sampled_from([4, 11, 12, 14, 15, 17]), st.binary(max_size=20)), max_size=4)


@given(
    identities,
    st.integers(0, 2**40 - 1),
    options_inside,
    st.binary(max_size=200),
    st.none() | st.integers(0, 2**40 - 1),
)
def test_fast_context_says_what_its_twin_says(
    identity: bytes, sequence: int, options: list[tuple[int, bytes]], payload: bytes, own: int | None
) -> None:
    """Byte for byte the answers of `anju_wire.oscore.Context`, RFC 8613 sections 8.2 and 8.3."""
    keys = b"k" * 16, b"s" * 8
    node, hub = Context(*keys, identity, b"H"), Context(*keys, b"H", identity)
    fast = FastContext(hub)
    protected, _ = node.protect_request(coap.Message(CON, POST, 7, b"tk", options, payload), sequence)
    inner, twin_binding = hub.unprotect_request(protected)
    piv, _, _ = decode_option(protected.option(OPTION_OSCORE) or b"")
    assert piv is not None
    code, found, body, binding = fast.unprotect(piv, protected.payload)
    assert (code, found, body) == (inner.code, inner.options, inner.payload)
    answer = coap.Message(ACK, CHANGED, 7, b"tk", options, payload)
    twin = hub.protect_response(answer, twin_binding, own)
    mine = fast.protect(coap.Message(ACK, CHANGED, 7, b"tk"), CHANGED, options, payload, binding, own)
    assert coap.encode(mine) == coap.encode(twin)


@given(st.integers(0, 2**40 - 1), st.integers(0, 10_000), st.binary(min_size=9, max_size=60))
def test_fast_context_refuses_what_was_tampered_with(sequence: int, bit: int, ciphertext: bytes) -> None:
    keys = b"k" * 16, b"s" * 8
    node, fast = Context(*keys, b"n1", b"H"), FastContext(Context(*keys, b"H", b"n1"))
    protected, _ = node.protect_request(coap.Message(CON, POST, 7, b"tk", [], b"payload"), sequence)
    piv, _, _ = decode_option(protected.option(OPTION_OSCORE) or b"")
    assert piv is not None
    changed = bytearray(protected.payload)
    changed[bit // 8 % len(changed)] ^= 1 << bit % 8
    for wrong in (bytes(changed), ciphertext, b""):
        with pytest.raises(PeerError):
            fast.unprotect(piv, wrong)


def test_exchanges_know_the_same_datagram_alone() -> None:
    exchanges = Exchanges()
    exchanges.begin(b"\1", b"request")
    assert exchanges.find(b"\1", b"request") == (True, None)
    assert exchanges.find(b"\1", b"another") == (False, None)
    exchanges.end(b"\1", b"response")
    assert exchanges.find(b"\1", b"request") == (True, b"response")
    for number in range(2, 20):
        exchanges.begin(bytes([number]), b"request")
    assert exchanges.find(b"\1", b"request") == (False, None), "bounded"


async def test_reports_through_aiocoap_end_like_those_on_the_hot_path(hub: RunningHub) -> None:
    """A Uri-Host outside is enough to leave the hot path; windows, answers and rows are the same."""
    node = hub.enrol("door1")
    for number, host in enumerate([b"", b"hub", b"", b"hub"]):
        node.outer = [(URI_HOST, host)] if host else []
        message, binding = node.protect(encode_report(0, number, [door(0, True, number)]))
        response = await asyncio.to_thread(node.exchange, message)
        assert response.option(OPTION_OSCORE) == b"", "committed: the request's nonce serves"
        assert node.open(response, binding).code == CHANGED
        message.mid = (message.mid + 1000) & 0xFFFF
        message.options = [option for option in message.options if option[0] != URI_HOST]
        if not host:
            message.options.append((URI_HOST, b"hub"))
        response = await asyncio.to_thread(node.exchange, message)  # replayed on the other road
        assert response.option(OPTION_OSCORE) != b""
        assert node.open(response, binding).code == CHANGED
    node.sequence = 200
    await asyncio.to_thread(node.report, 0, 4, [door(0, True, 4)])
    for host in (b"", b"hub"):
        node.outer = [(URI_HOST, host)] if host else []
        node.sequence = 50
        assert (await asyncio.to_thread(node.report, 0, 9, [door(0, True, 9)])).code == UNAUTHORIZED
        assert (await asyncio.to_thread(node.send, b"\xff")).code == 0x80
    home = await hub.get("homes/anna")
    assert (home["nodes"][0]["records"], home["nodes"][0]["missing"]) == ({"door": 5}, 0)


async def test_both_roads_are_taken(hub: RunningHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without this the test above could pass with one of them missing."""
    from anju_hub.resources.reports import ReportsResource

    rendered = []
    original = ReportsResource.render_post

    async def counting(self: ReportsResource, request: object) -> object:
        rendered.append(request)
        return await original(self, request)  # type: ignore[arg-type]

    monkeypatch.setattr(ReportsResource, "render_post", counting)
    node = hub.enrol("door1")
    await asyncio.to_thread(node.report, 0, 0, [door(0, True, 0)])
    assert len(rendered) == 0
    node.outer = [(URI_HOST, b"hub")]
    await asyncio.to_thread(node.report, 0, 1, [door(0, True, 1)])
    assert len(rendered) == 1


async def test_aiocoap_as_a_node_is_understood(hub: RunningHub) -> None:
    """Somebody else's OSCORE client, on the hot path: what it protects we read, what we protect it reads."""
    hub.enrol("door1")
    keys = json.loads((hub.folder / "door1-0.json").read_text())
    folder = hub.folder / "context"
    folder.mkdir()
    settings = {"sender-id_ascii": "door1", "recipient-id_ascii": "H", "secret_hex": keys["master_secret"]}
    (folder / "settings.json").write_text(json.dumps(settings | {"salt_hex": keys["master_salt"]}))
    client = await aiocoap.Context.create_client_context()
    client.client_credentials.load_from_dict({"coap://*": {"oscore": {"basedir": str(folder)}}})
    for number in range(3):
        payload = encode_report(0, number, [door(0, True, number)])
        response = await hub.request(aiocoap.POST, "r", client, payload=payload, content_format=60)
        assert (response.code, response.opt.content_format) == (aiocoap.CHANGED, 60)
        assert decode_answer(response.payload) == {"time_ms": START_MS}
    wrong = await hub.request(aiocoap.POST, "r", client, payload=b"\xff", content_format=60)
    assert wrong.code == aiocoap.BAD_REQUEST
    await client.shutdown()
    assert (await hub.get("homes/anna"))["nodes"][0]["records"] == {"door": 3}


async def test_unconfirmable_reports_are_stored_too(hub: RunningHub) -> None:
    node = hub.enrol("door1")
    message, _ = node.protect(encode_report(0, 0, [door(0, True, 1)]))
    message.mtype = 1
    node._socket.send(coap.encode(message))
    await asyncio.to_thread(node.report, 0, 1, [door(0, False, 2)])
    for _ in range(200):
        stored = (await hub.get("homes/anna"))["nodes"][0]["records"]
        if stored == {"door": 2}:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(stored)


async def test_hostile_datagrams_cost_a_count_and_no_traceback(
    hub: RunningHub, caplog: pytest.LogCaptureFixture
) -> None:
    """Noise, and honest messages with a few bytes changed; then an honest report must pass."""
    caplog.set_level(logging.WARNING)
    dice = random.Random(7252)
    node = hub.enrol("door1")
    honest = [coap.encode(node.protect(encode_report(0, 0, [door(0, True, 1)]))[0]) for _ in range(3)]
    honest += [coap.encode(coap.Message(CON, 1, 1, b"t", [(11, b"homes"), (11, b"anna"), (6, b"")]))]
    honest += [coap.encode(coap.Message(CON, 1, 1, b"t", [(11, b"nodes"), (17, b"\x32"), (23, b"\x06")]))]
    for number in range(1500):
        data = bytearray(dice.choice(honest)) if number % 3 else bytearray(dice.randbytes(dice.randint(0, 60)))
        for _ in range(dice.randint(1, 4) if data else 0):
            data[dice.randrange(len(data))] = dice.randrange(256)
        node._socket.send(data)
        if number % 50 == 0:
            await asyncio.sleep(0)
    await asyncio.sleep(0.1)
    fresh = NodeClient(hub.folder / "door1-0.json", hub.port)
    fresh.sequence = 100
    assert (await asyncio.to_thread(fresh.report, 0, 0, [door(0, True, 1)])).code == CHANGED
    fresh.close()
    assert not [record.getMessage() for record in caplog.records if record.exc_info or record.levelno >= logging.ERROR]
    assert (await hub.get("health"))["counters"]["coap_malformed"] > 100


@pytest.mark.skipif(not LIBCOAP.exists(), reason="libcoap's parse vectors are not beside the repository")
async def test_messages_that_libcoap_refuses_are_refused(hub: RunningHub) -> None:
    """aiocoap alone accepts seven of the ten bad ones."""
    bad = [v for v in json.loads(LIBCOAP.read_text())["vectors"] if v["proto"] == "udp" and not v["parse_ok"]]
    assert bad
    node = hub.enrol("door1")
    for vector in bad:
        node._socket.send(bytes.fromhex(vector["hex"]))
    await asyncio.to_thread(node.report, 0, 0, [door(0, True, 1)])
    counters = (await hub.get("health"))["counters"]
    assert counters["coap_malformed"] == len(bad)
    assert counters["reports_committed"] == 1
    assert (await hub.get("health"))["time_ms"] == START_MS
