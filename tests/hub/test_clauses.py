"""Clauses of SPEC that are about the hub as a whole and that no other test names."""

import asyncio
import time
from pathlib import Path

import aiocoap

from anju_wire.numbers import CHANGED, OPTION_OSCORE, UNAUTHORIZED
from anju_wire.numbers_more import OPTION_MAX_AGE, SERVICE_UNAVAILABLE
from anju_wire.report import encode_report
from tests.hub.client import door
from tests.hub.conftest import RunningHub, running

_REPORT = encode_report(1, 0, [door(5, True, 1)])


async def test_11_8_a_hub_without_a_clock_answers_5_03(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        response = await asyncio.to_thread(hub.enrol("door1").send, _REPORT)
        assert response.code == SERVICE_UNAVAILABLE and response.option(OPTION_MAX_AGE)


async def test_7_8_a_replaced_secret_is_an_unknown_context(hub: RunningHub) -> None:
    old = hub.enrol("door1")
    assert (await asyncio.to_thread(old.send, _REPORT)).code == CHANGED
    new = hub.enrol("door1")
    deadline = time.monotonic() + 10
    while True:  # old keys die within a second
        message, binding = old.protect(_REPORT)
        raw = await asyncio.to_thread(old.exchange, message)
        if raw.option(OPTION_OSCORE) is None:
            break
        assert old.open(raw, binding).code in (CHANGED, UNAUTHORIZED) and time.monotonic() < deadline
        await asyncio.sleep(0.1)
    assert raw.code >> 5 == 4
    assert (await asyncio.to_thread(new.send, _REPORT)).code == CHANGED


async def test_18_6_reads_without_credentials_can_be_switched_off(tmp_path: Path) -> None:
    async with running(tmp_path, require_oscore=True) as hub:
        for path in ("homes", "alerts", "nodes", "health"):
            assert (await hub.request(aiocoap.GET, path)).code == UNAUTHORIZED, path
        assert (await hub.request(aiocoap.GET, ".well-known/core")).code == aiocoap.CONTENT
