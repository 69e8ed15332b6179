"""POST /r over real sockets: what is stored, what is answered, who is refused."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiocoap
import pytest
from sqlalchemy import select

from anju_hub.store import registry
from anju_hub.store.schema import records
from anju_wire import cbor, coap
from anju_wire.errors import PeerError
from anju_wire.numbers import (
    BAD_REQUEST,
    CHANGED,
    CON,
    GET,
    MAX_COUNT,
    POST,
    PUT,
    UNAUTHORIZED,
)
from anju_wire.report import decode_answer, encode_report
from tests.hub.client import NodeClient, door, health, meter, pir
from tests.hub.conftest import START_MS, RunningHub, running

# RFC 7252 sections 12.1.2 and 12.2: what a node never needs a name for.
FORBIDDEN = 0x83
SERVICE_UNAVAILABLE = 0xA3
OPTION_MAX_AGE = 14


def stored(hub: RunningHub) -> list[Any]:
    with hub.store.read() as connection:
        return list(
            connection.execute(select(records).order_by(records.c.node_id, records.c.epoch, records.c.sequence))
        )


async def test_report_is_stored_and_answered_with_the_time(hub: RunningHub) -> None:
    node = hub.enrol("door1")
    answer = await asyncio.to_thread(node.report, 3, 7, [door(1500, True, 41), door(500, False, 42)])
    assert answer.code == CHANGED
    assert decode_answer(answer.payload) == {"time_ms": START_MS}
    first, second = stored(hub)
    assert (first.epoch, first.sequence, first.t_ms, first.level, first.total) == (3, 7, START_MS - 1500, 1, 41)
    assert (second.epoch, second.sequence, second.t_ms, second.level, second.total) == (3, 8, START_MS - 500, 0, 42)


async def test_answer_to_a_committed_report_uses_the_request_nonce(hub: RunningHub) -> None:
    """RFC 8613 section 5.2: no Partial IV in the response, five bytes less for a sleeping node's radio."""
    node = hub.enrol("door1")
    message, binding = node.protect(encode_report(0, 0, [door(0, True, 1)]))
    response = await asyncio.to_thread(node.exchange, message)
    assert response.option(9) == b""
    assert node.open(response, binding).code == CHANGED


async def test_records_of_every_kind(hub: RunningHub) -> None:
    node = hub.enrol("n1")
    await asyncio.to_thread(node.report, 0, 0, [door(1, True, 1), pir(2, True, 2, 30), meter(3, 3), health(4, 2950)])
    assert [(row.kind, row.level, row.total) for row in stored(hub)] == [
        (1, 1, 1),
        (2, 1, 2),
        (3, None, 3),
        (4, None, None),
    ]
    home = await hub.get("homes/anna")
    assert home["nodes"][0]["battery_mv"] == 2950
    assert home["nodes"][0]["last_seen_ms"] == START_MS


async def test_unknown_kind_is_kept_whole(hub: RunningHub) -> None:
    """SPEC 4: a newer node may say what this hub does not know."""
    node = hub.enrol("n1")
    payload = cbor.encode([0, 0, {0: 99, 1: 5, 4: b"\x01\x02", 7: [1, 2]}])
    assert (await asyncio.to_thread(node.send, payload)).code == CHANGED
    (row,) = stored(hub)
    assert row.kind == 99
    assert bytes.fromhex(json.loads(row.body)["unnamed_cbor"]) == cbor.encode({4: b"\x01\x02", 7: [1, 2]})


async def test_repeated_datagram_gets_the_same_answer_and_one_row(hub: RunningHub) -> None:
    """RFC 7252 section 4.5: the answer to a retransmission is the answer to the request."""
    node = hub.enrol("door1")
    message, _ = node.protect(encode_report(0, 0, [door(0, True, 1)]))
    first = await asyncio.to_thread(node.exchange, message)
    again = await asyncio.to_thread(node.exchange, message)
    assert first.payload == again.payload
    assert len(stored(hub)) == 1


async def test_replay_of_a_stored_report_changes_nothing_and_is_acknowledged(hub: RunningHub) -> None:
    """An honest retransmission after a restart looks like this; the answer must not use the request's nonce again."""
    node = hub.enrol("door1")
    message, binding = node.protect(encode_report(0, 0, [door(0, True, 1)]))
    await asyncio.to_thread(node.exchange, message)
    await hub.clock(START_MS + 600_000)
    message.mid = (message.mid + 77) & 0xFFFF
    response = await asyncio.to_thread(node.exchange, message)
    assert response.option(9) != b"", "a response of its own Partial IV"
    assert node.open(response, binding).code == CHANGED
    assert len(stored(hub)) == 1
    home = await hub.get("homes/anna")
    assert home["nodes"][0]["last_seen_ms"] == START_MS, "a replay must not make a dead node look alive"


async def test_replay_of_what_is_not_stored_is_refused(hub: RunningHub) -> None:
    node = hub.enrol("door1")
    node.sequence = 100
    await asyncio.to_thread(node.report, 0, 0, [door(0, True, 1)])
    node.sequence = 10  # far behind the window, never seen
    answer = await asyncio.to_thread(node.report, 0, 1, [door(0, False, 2)])
    assert answer.code == UNAUTHORIZED
    assert len(stored(hub)) == 1


async def test_unprotected_report_is_refused(hub: RunningHub) -> None:
    response = await hub.request(aiocoap.POST, "r", payload=encode_report(0, 0, [door(0, True, 1)]))
    assert response.code == aiocoap.UNAUTHORIZED
    assert (await hub.get("health"))["counters"]["report_unprotected"] == 1
    assert stored(hub) == []


async def test_unknown_node_is_refused_until_it_is_enrolled(hub: RunningHub, tmp_path: Any) -> None:
    node = hub.enrol("door1")
    stranger = NodeClient(tmp_path / "door1-0.json", hub.port)
    stranger.context.sender_id = b"door9"
    stranger.context.__init__(b"k" * 16, b"s" * 8, b"door9", b"H")  # type: ignore[misc]
    answer = await asyncio.to_thread(stranger.report, 0, 0, [door(0, True, 1)])
    stranger.close()
    assert answer.code == UNAUTHORIZED
    assert (await asyncio.to_thread(node.report, 0, 0, [door(0, True, 1)])).code == CHANGED
    later = hub.enrol("door9")
    assert (await asyncio.to_thread(later.report, 0, 0, [door(0, True, 1)])).code == CHANGED


async def test_wrong_key_is_refused(hub: RunningHub) -> None:
    node = hub.enrol("door1")
    node.context.__init__(b"k" * 16, b"s" * 8, b"door1", b"H")  # type: ignore[misc]
    assert (await asyncio.to_thread(node.report, 0, 0, [door(0, True, 1)])).code == BAD_REQUEST
    assert (await hub.get("health"))["counters"]["oscore_invalid"] == 1


@pytest.mark.parametrize(
    "payload",
    [
        b"\xff",
        b"",
        cbor.encode([1, 2]),
        cbor.encode({0: 1, 1: 2, 2: []}),
        cbor.encode([1, 2, {0: 1, 1: 0, 4: 7, 5: 1}]),
        cbor.encode([1, MAX_COUNT, *[{0: 1, 1: 0, 4: True, 5: 1}] * 2]),
        cbor.encode([1, 0, {0: 1, 1: MAX_COUNT, 4: True, 5: 1}]),
        cbor.encode([2**63, 0, {0: 1, 1: 0, 4: True, 5: 1}]),
        cbor.encode([1, 0, {0: 99, 1: 0, 2: 2**40}]),
    ],
)
async def test_what_is_no_report_is_answered_with_a_reason(hub: RunningHub, payload: bytes) -> None:
    node = hub.enrol("door1")
    answer = await asyncio.to_thread(node.send, payload)
    assert answer.code == BAD_REQUEST
    assert answer.payload, "a diagnostic payload, RFC 7252 section 5.5.2"
    assert stored(hub) == []
    assert (await hub.get("health"))["counters"]["report_refused"] == 1


async def test_a_node_may_not_read(hub: RunningHub) -> None:
    node = hub.enrol("door1")
    for path in ("homes", "homes/anna", "alerts", "nodes", "health", "homes/anna/trajectory", "clock"):
        code = PUT if path == "clock" else GET
        assert (await asyncio.to_thread(node.send, cbor.encode(0), path, code)).code == FORBIDDEN, path


async def test_new_keys_end_the_old_ones_and_keep_the_records(hub: RunningHub) -> None:
    """A node made anew starts its epochs and numbers again: they must not meet those of before."""
    old = hub.enrol("door1")
    await asyncio.to_thread(old.report, 0, 0, [door(0, True, 1)])
    new = hub.enrol("door1")
    await asyncio.sleep(1.5)  # contexts are looked at once a second
    assert (await asyncio.to_thread(old.report, 0, 1, [door(0, True, 2)])).code == BAD_REQUEST
    assert (await asyncio.to_thread(new.report, 0, 0, [door(0, False, 1)])).code == CHANGED
    assert [row.level for row in stored(hub)] == [1, 0]


async def test_before_the_first_time_reports_are_put_off(tmp_path: Any) -> None:
    async with running(tmp_path) as hub:
        node = hub.enrol("door1")
        answer = await asyncio.to_thread(node.report, 0, 0, [door(0, True, 1)])
        assert answer.code == SERVICE_UNAVAILABLE
        assert answer.option(OPTION_MAX_AGE) == b"\x01"
        await hub.clock(START_MS)
        assert (await asyncio.to_thread(node.report, 0, 0, [door(0, True, 1)])).code == CHANGED


async def test_full_disk_puts_reports_off_and_loses_nothing(hub: RunningHub) -> None:
    """SQLite's own limit stands for a full disk: SQLITE_FULL in the middle of a commit."""
    node = hub.enrol("door1")
    records_of = [pir(0, True, i, 1) for i in range(40)]
    assert (await asyncio.to_thread(node.report, 0, 0, records_of)).code == CHANGED
    with hub.store.write() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    codes = []
    for i in range(1, 40):
        answer = await asyncio.to_thread(node.report, 0, 40 * i, records_of)
        codes.append(answer.code)
        if answer.code == SERVICE_UNAVAILABLE:
            assert int.from_bytes(answer.option(OPTION_MAX_AGE) or b"", "big") > 0
            break
    assert codes[-1] == SERVICE_UNAVAILABLE
    acknowledged = 40 * len(codes)
    assert len(stored(hub)) == acknowledged
    with hub.store.write() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=1000000")
    assert (await asyncio.to_thread(node.report, 0, 40 * len(codes), records_of)).code == CHANGED
    assert len(stored(hub)) == acknowledged + 40
    assert (await hub.get("health"))["counters"]["reports_refused_store"] == 1


async def test_replay_window_survives_a_restart(tmp_path: Any) -> None:
    async with running(tmp_path) as hub:
        await hub.clock(START_MS)
        node = hub.enrol("door1")
        message, binding = node.protect(encode_report(0, 0, [door(0, True, 1)]))
        await asyncio.to_thread(node.exchange, message)
        with hub.store.read() as connection:
            key = registry.find_key(connection, b"door1")
        assert key is not None
        assert key.window == (0, 1)
    async with running(tmp_path) as hub:
        await hub.clock(START_MS)
        again = NodeClient(tmp_path / "door1-0.json", hub.port)
        response = await asyncio.to_thread(again.exchange, message)
        again.close()
        assert node.open(response, binding).code == CHANGED
        assert response.option(9) != b"", "known as a replay, so answered with a Partial IV of its own"
        assert len(stored(hub)) == 1


async def test_hub_never_repeats_a_partial_iv_over_restarts(tmp_path: Any) -> None:
    """RFC 8613 section 7.5.2: after a crash the hub goes on behind what it may have used."""
    seen = set()
    for _ in range(3):
        async with running(tmp_path) as hub:
            node = hub.enrol("door1") if not seen else NodeClient(tmp_path / "door1-0.json", hub.port)
            node.sequence = len(seen) + 5
            for _ in range(3):
                message, _ = node.protect(b"\xff")
                response = await asyncio.to_thread(node.exchange, message)
                option = response.option(9)
                assert option
                assert option not in seen
                seen.add(option)
            node.close()


async def test_malformed_datagrams_are_counted_and_the_hub_lives(hub: RunningHub) -> None:
    node = hub.enrol("door1")
    not_utf8 = coap.encode(coap.Message(CON, GET, 1, b"", [(11, b"\xff\xfe")]))
    for data in (b"", b"\x00", b"\x49\x02\x00\x01", b"\x40\x01\x00\x01\xff", b"\x40\x00\x00\x01\x00", not_utf8):
        node._socket.send(data)
    node._socket.send(coap.encode(coap.Message(CON, POST, 2, b"a", [(9, b"\x19\x00\x05")], b"12345678901")))
    assert (await asyncio.to_thread(node.report, 0, 0, [door(0, True, 1)])).code == CHANGED
    counters = (await hub.get("health"))["counters"]
    assert counters["coap_malformed"] >= 4
    assert counters["coap_not_utf8"] == 1
    assert counters["oscore_malformed"] == 1


async def test_inner_options_that_are_not_utf8_are_a_peers_error(
    hub: RunningHub, caplog: pytest.LogCaptureFixture
) -> None:
    node = hub.enrol("door1")
    message = coap.Message(CON, POST, 9, b"t", [(11, b"\xff\xfe")], b"")
    protected, binding = node.context.protect_request(message, 0)
    response = await asyncio.to_thread(node.exchange, protected)
    with pytest.raises(PeerError):
        node.context.unprotect_response(response, binding)  # an unprotected 4.02
    assert response.code == 0x82
    assert not [record for record in caplog.records if record.exc_info], "no traceback for a peer's error"
