"""What operators read: formats, credentials, discovery, observation, blocks."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

import aiocoap
import cbor2
import pytest
from aiocoap.numbers import ContentFormat

from anju_hub.store import timeline
from anju_hub.store.timeline import Span
from anju_wire import cbor, coap
from tests.hub.client import door, health
from tests.hub.conftest import MINUTE_MS, START_MS, RunningHub, running


async def test_home_tells_state_nodes_and_what_is_missing(hub: RunningHub) -> None:
    node = hub.enrol("door1", heartbeat_s=600)
    await asyncio.to_thread(node.report, 2, 0, [door(0, True, 1), door(0, False, 2)])
    await asyncio.to_thread(node.report, 2, 5, [door(0, True, 6), health(0, 2890)])
    home = await hub.get("homes/anna")
    assert (home["home"], home["zone"], home["alerts"]) == ("anna", "UTC", [])
    assert home["nodes"] == [
        {
            "node": "door1",
            "home": "anna",
            "room": "hall",
            "kind": "door",
            "heartbeat_s": 600,
            "last_seen_ms": START_MS,
            "epoch": 2,
            "battery_mv": 2890,
            "records": {"door": 3, "health": 1},
            "missing": 3,
            "gaps": [[2, 2, 4]],
            "latest": {},
            "transitions": 6,
        }
    ]
    assert await hub.get("nodes") == home["nodes"]


async def test_json_and_cbor_by_accept(hub: RunningHub) -> None:
    """RFC 7252 section 5.10.4: 50 and 60 are there, another format is 4.06."""
    hub.enrol("door1")
    as_cbor = await hub.request(aiocoap.GET, "homes")
    as_json = await hub.request(aiocoap.GET, "homes", accept=ContentFormat.JSON)
    assert (as_cbor.opt.content_format, as_json.opt.content_format) == (ContentFormat.CBOR, ContentFormat.JSON)
    assert cbor2.loads(as_cbor.payload) == json.loads(as_json.payload)
    assert (await hub.request(aiocoap.GET, "homes", accept=ContentFormat(40))).code == aiocoap.NOT_ACCEPTABLE


async def test_what_is_not_there(hub: RunningHub) -> None:
    hub.enrol("door1")
    for path in ("homes/nobody", "homes/nobody/trajectory", "homes/anna/diary", "home"):
        assert (await hub.request(aiocoap.GET, path)).code == aiocoap.NOT_FOUND, path
    for path in ("alerts?open=maybe", "alerts?shut=1", "homes/anna/trajectory?since=yesterday"):
        assert (await hub.request(aiocoap.GET, path)).code == aiocoap.BAD_REQUEST, path
    assert (await hub.request(aiocoap.DELETE, "homes")).code == aiocoap.METHOD_NOT_ALLOWED


async def test_discovery_lists_the_resources_and_no_home(hub: RunningHub) -> None:
    """RFC 6690; the names of homes are nobody's business who only asks what there is."""
    hub.enrol("door1", home="anna")
    links = (await hub.request(aiocoap.GET, ".well-known/core")).payload.decode()
    for path in ("/r", "/homes", "/alerts", "/nodes", "/health", "/clock"):
        assert f"<{path}>" in links
    assert "anna" not in links


async def test_operator_credentials_read_and_nodes_do_not(tmp_path: Path) -> None:
    async with running(tmp_path, require_oscore=True) as hub:
        hub.enrol("door1")
        assert (await hub.request(aiocoap.GET, "homes")).code == aiocoap.UNAUTHORIZED
        client = await hub.operator()
        for _ in range(2):
            response = await hub.request(aiocoap.GET, "homes", client)
            assert response.code == aiocoap.CONTENT
            assert cbor2.loads(response.payload)[0]["home"] == "anna"
        assert (await hub.request(aiocoap.POST, "r", client, payload=b"")).code == aiocoap.FORBIDDEN
        await client.shutdown()


async def test_each_export_is_an_identity_of_its_own(hub: RunningHub) -> None:
    """Two programs with one context would use the same nonces, and be replays to the hub."""
    hub.enrol("door1")
    first, second = await hub.operator("one"), await hub.operator("two")
    for client in (first, second, first):
        assert (await hub.request(aiocoap.GET, "homes", client)).code == aiocoap.CONTENT
    settings = [json.loads((hub.folder / f"{name}.oscore/settings.json").read_text()) for name in ("one", "two")]
    assert [context["sender-id_ascii"] for context in settings] == ["O1", "O2"]
    await first.shutdown()
    await second.shutdown()


async def test_operator_goes_on_after_a_restart_of_the_hub(tmp_path: Path) -> None:
    """RFC 8613 Appendix B.1.2: the hub asks with Echo, and the client needs to do nothing."""
    async with running(tmp_path) as hub:
        hub.enrol("door1")
        client = await hub.operator()
        assert (await hub.request(aiocoap.GET, "homes", client)).code == aiocoap.CONTENT
    async with running(tmp_path) as hub:
        assert (await hub.request(aiocoap.GET, "homes", client)).code == aiocoap.CONTENT
    await client.shutdown()


async def test_replayed_operator_request_is_refused(hub: RunningHub) -> None:
    hub.enrol("door1")
    client = await hub.operator()
    caught: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as tap:
        tap.bind(("127.0.0.1", 0))
        tap.settimeout(10)
        port = tap.getsockname()[1]
        assert (await hub.request(aiocoap.GET, "homes", client)).code == aiocoap.CONTENT  # Echo is behind us
        message = aiocoap.Message(code=aiocoap.GET, uri=f"coap://127.0.0.1:{port}/homes")
        pending = client.request(message).response
        caught.append(await asyncio.to_thread(tap.recv, 2048))
        pending.cancel()
        answers = []
        for mid in (1, 2):
            copy = coap.decode(caught[0])
            copy.mid = mid
            tap.sendto(coap.encode(copy), ("127.0.0.1", hub.port))
            answers.append(coap.decode(await asyncio.to_thread(_answer_to, tap, mid)))
    assert answers[0].code == 0x44
    assert (answers[1].code, answers[1].payload) == (0x81, b"Replay detected")
    await client.shutdown()


def _answer_to(tap: socket.socket, mid: int) -> bytes:
    while True:
        data = tap.recv(2048)
        if coap.decode(data).mid == mid and coap.decode(data).mtype == 2:
            return data


@pytest.mark.parametrize("protected", [False, True])
async def test_observers_hear_of_changes_of_their_home_alone(hub: RunningHub, protected: bool) -> None:
    """RFC 7641, also through OSCORE (RFC 8613 section 4.1.3.5)."""
    hub.enrol("door1", home="anna")
    hub.enrol("door2", home="bert")
    client = await hub.operator() if protected else await hub.coap()
    seen: dict[str, list[Any]] = {"anna": [], "bert": []}
    requests = []
    for home, heard in seen.items():
        message = aiocoap.Message(code=aiocoap.GET, uri=f"coap://127.0.0.1:{hub.port}/homes/{home}", observe=0)
        request = client.request(message)
        first = await asyncio.wait_for(request.response, 10)
        assert first.opt.observe is not None
        requests.append(asyncio.create_task(_listen(request, heard)))
    for minute, state in enumerate(("active", "still")):
        start = START_MS + minute * MINUTE_MS
        with hub.store.write() as connection:
            span = Span("anna", start, start + MINUTE_MS, state, 0.9)
            changed = timeline.append_spans(connection, [span])
        hub.hub._home.changed(changed)
        await _until(lambda state=state: seen["anna"] and seen["anna"][-1]["state"] == state)
    assert {home: [document["state"] for document in heard] for home, heard in seen.items()} == {
        "anna": ["active", "still"],
        "bert": [],
    }
    for listening in requests:
        listening.cancel()
    if protected:
        await client.shutdown()


async def _listen(request: Any, heard: list[Any]) -> None:
    async for notification in request.observation:
        document = cbor2.loads(notification.payload)
        heard.append(document)


async def _until(condition: Any) -> None:
    """Wait for something that another task of this loop will do."""
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never happened")


async def test_large_answers_come_in_blocks_observed_or_not(hub: RunningHub) -> None:
    """RFC 7959; notifications too, which aiocoap alone would send in one datagram."""
    for i in range(12):
        hub.enrol(f"n{i}")
    home = await hub.get("homes/anna")
    assert len(cbor2.dumps(home)) > 1024
    message = aiocoap.Message(code=aiocoap.GET, uri=f"coap://127.0.0.1:{hub.port}/homes/anna", observe=0)
    request = (await hub.coap()).request(message)
    first = await asyncio.wait_for(request.response, 10)
    assert cbor2.loads(first.payload) == home
    heard: list[Any] = []
    listening = asyncio.create_task(_listen(request, heard))
    await asyncio.sleep(0)
    hub.hub._home.changed(["anna"])
    await _until(lambda: heard)
    assert heard == [home]
    listening.cancel()


async def test_trajectory_between_two_times(hub: RunningHub) -> None:
    hub.enrol("door1")
    starts = [START_MS + i * MINUTE_MS for i in range(3)]
    spans = [Span("anna", t, t + MINUTE_MS, state, 0.5) for t, state in zip(starts, "abc", strict=True)]
    with hub.store.write() as connection:
        timeline.append_spans(connection, spans)
    whole = await hub.get("homes/anna/trajectory")
    assert [span["state"] for span in whole] == ["a", "b", "c"]
    since, until = START_MS + MINUTE_MS, START_MS + 2 * MINUTE_MS
    part = await hub.get(f"homes/anna/trajectory?since={since}&until={until}")
    assert part == [{"start_ms": since, "end_ms": until, "state": "b", "probability": 0.5}]


async def test_alerts_open_and_all(hub: RunningHub) -> None:
    hub.enrol("door1")
    with hub.store.write() as connection:
        assert timeline.raise_case(connection, "anna", "silence", "", "care", START_MS, {"hours": 9})
        assert not timeline.raise_case(connection, "anna", "silence", "", "care", START_MS + 1, {}), "one open case"
        assert timeline.raise_case(connection, "anna", "sensor_dead", "door1", "maintenance", START_MS, {})
        assert timeline.clear_case(connection, "anna", "silence", "", START_MS + 5)
    both = await hub.get("alerts")
    assert {(a["kind"], a["class"], a["sensor"], a["cleared_ms"]) for a in both} == {
        ("silence", "care", None, START_MS + 5),
        ("sensor_dead", "maintenance", "door1", None),
    }
    assert [a["kind"] for a in await hub.get("alerts?open=1")] == ["sensor_dead"]
    assert [a["kind"] for a in (await hub.get("homes/anna"))["alerts"]] == ["sensor_dead"]
    assert (await hub.get("homes"))[0]["open_alerts"] == 1


async def test_clock_does_not_run_backwards(hub: RunningHub) -> None:
    for payload in (cbor.encode(START_MS - 1), cbor.encode(-1), cbor.encode("noon"), b"\xff", b""):
        assert (await hub.request(aiocoap.PUT, "clock", payload=payload)).code == aiocoap.BAD_REQUEST
    await hub.clock(START_MS)
    assert (await hub.get("health"))["time_ms"] == START_MS


async def test_there_is_no_clock_to_set_on_a_real_hub(tmp_path: Path) -> None:
    async with running(tmp_path, simulated=False) as hub:
        assert (await hub.request(aiocoap.PUT, "clock", payload=cbor.encode(1))).code == aiocoap.NOT_FOUND
        assert (await hub.get("health"))["time_ms"] > START_MS
