"""What vendors may send instead of our own records: SenML (SPEC 14) and kinds declared in a profile (SPEC 17)."""

import asyncio
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiocoap
import pytest
from sqlalchemy import select

from anju_hub.app import Hub, Options
from anju_hub.errors import HubError
from anju_hub.store.engine import open_store
from anju_hub.store.schema import records
from anju_wire import cbor, coap
from anju_wire.numbers import BAD_REQUEST, CHANGED, CON, FORMAT_CBOR, OPTION_CONTENT_FORMAT, POST
from anju_wire.numbers_more import FORMAT_SENML_CBOR, UNSUPPORTED_CONTENT_FORMAT
from anju_wire.report import decode_answer, encode_report
from anju_wire.senml_report import encode_report as encode_senml
from tests.hub.client import NodeClient, door, health
from tests.hub.conftest import START_MS, RunningHub, running

_EXAMPLE = Path(__file__).parents[2] / "protocol" / "profiles" / "spirometer.toml"
_JSON = 110
_RESULT = {"kind": 160, "age_ms": 2000, 4: 3200, 5: 4100, 6: 0.75}


async def _post(node: NodeClient, payload: bytes, content_format: int = FORMAT_CBOR) -> coap.Message:
    options = [*coap.path_options("r"), (OPTION_CONTENT_FORMAT, coap.encode_uint(content_format))]
    node.sequence += 1
    message = coap.Message(CON, POST, 100 + node.sequence, b"v", options, payload)
    protected, binding = node.context.protect_request(message, node.sequence)
    return node.open(await asyncio.to_thread(node.exchange, protected), binding)


def _rows(hub: RunningHub) -> Sequence[Any]:
    with hub.store.read() as connection:
        return connection.execute(select(records).order_by(records.c.arrival)).all()


async def test_14_1_senml_is_stored_as_the_same_records_would_be(hub: RunningHub) -> None:
    plain, senml = hub.enrol("door1"), hub.enrol("door2")
    sent = [door(5000, True, 7), door(250, False, 8), health(0, 2890)]
    assert (await _post(plain, encode_report(1, 0, sent))).code == CHANGED
    answer = await _post(senml, encode_senml("door2", 1, 0, sent), FORMAT_SENML_CBOR)
    assert answer.code == CHANGED and decode_answer(answer.payload) == {"time_ms": START_MS}
    stored = [row._asdict() for row in _rows(hub)]
    for row in stored:
        del row["arrival"], row["node_id"]
    assert len(stored) == 6 and stored[:3] == stored[3:]


async def test_14_1_senml_is_idempotent_like_any_report(hub: RunningHub) -> None:
    node = hub.enrol("door1")
    for _ in range(2):
        assert (await _post(node, encode_senml("door1", 1, 0, [door(5, True, 1)]), FORMAT_SENML_CBOR)).code == CHANGED
    assert len(_rows(hub)) == 1


async def test_14_1_the_json_form_is_4_15(hub: RunningHub) -> None:
    node = hub.enrol("door1")
    assert (await _post(node, b"[]", _JSON)).code == UNSUPPORTED_CONTENT_FORMAT
    assert _rows(hub) == []


async def test_14_2_another_nodes_pack_is_refused(hub: RunningHub) -> None:
    node = hub.enrol("door1")
    refused = await _post(node, encode_senml("door2", 1, 0, [door(5, True, 1)]), FORMAT_SENML_CBOR)
    assert refused.code == BAD_REQUEST and _rows(hub) == []


async def test_14_5_unknown_quantities_are_kept_and_shown(hub: RunningHub) -> None:
    node = hub.enrol("t1", kind="other")
    pack = [{-2: "t1/1/0/", -3: -2, 0: "temperature", 1: "Cel", 2: 21.5}, {0: "raw", 8: b"\x01\x02"}]
    assert (await _post(node, cbor.encode(pack), FORMAT_SENML_CBOR)).code == CHANGED
    shown = (await hub.get("nodes"))[0]
    assert shown["records"] == {"readings": 1}
    readings = [["temperature", "Cel", 21.5], ["raw", None, "0102"]]
    assert shown["latest"] == {"readings": {"t_ms": START_MS - 2000, "readings": readings}}


async def test_13_1_what_a_report_may_be_stands_in_the_links(hub: RunningHub) -> None:
    links = (await hub.request(aiocoap.GET, ".well-known/core?rt=anju.report")).payload.decode()
    assert "</r>" in links and 'ct="60 112"' in links and "/homes" not in links


async def test_17_a_declared_kind_is_checked_named_stored_and_shown(tmp_path: Path) -> None:
    (tmp_path / "profiles").mkdir()
    shutil.copy(_EXAMPLE, tmp_path / "profiles")
    async with running(tmp_path) as hub:
        await hub.clock(START_MS)
        node = hub.enrol("s1", kind="other")
        assert (await _post(node, encode_report(1, 0, [_RESULT]))).code == CHANGED
        row = _rows(hub)[0]
        fields = {"fev1_ml": 3200, "fvc_ml": 4100, "quality": 0.75}
        assert (row.kind, row.t_ms, json.loads(row.body)) == (
            160,
            START_MS - 2000,
            {**fields, "kind_name": "spirometer"},
        )
        for home_or_nodes in (await hub.get("nodes"), (await hub.get("homes/anna"))["nodes"]):
            assert home_or_nodes[0]["records"] == {"spirometer": 1}
            assert home_or_nodes[0]["latest"] == {"spirometer": {"t_ms": START_MS - 2000, **fields}}


async def test_17_3_what_breaks_a_profile_is_refused(tmp_path: Path) -> None:
    async with running(tmp_path, profiles=_EXAMPLE.parent) as hub:
        await hub.clock(START_MS)
        node = hub.enrol("s1", kind="other")
        for wrong in ({4: 12001}, {4: -1}, {4: "3200"}, {6: 1.5}, {7: "x" * 41}):
            refused = await _post(node, encode_report(1, 0, [{**_RESULT, **wrong}]))
            assert refused.code == BAD_REQUEST, wrong
        short = {key: value for key, value in _RESULT.items() if key != 5}
        assert (await _post(node, encode_report(1, 0, [short]))).payload == b"fvc_ml is missing"
        assert _rows(hub) == []


async def test_17_5_a_declared_kind_as_senml(tmp_path: Path) -> None:
    async with running(tmp_path, profiles=_EXAMPLE.parent) as hub:
        await hub.clock(START_MS)
        node = hub.enrol("s1", kind="other")
        pack = [{-2: "s1/1/0/", 0: "fev1_ml", 1: "mL", 2: 3200}, {0: "fvc_ml", 1: "mL", 2: 4100}]
        assert (await _post(node, cbor.encode(pack), FORMAT_SENML_CBOR)).code == CHANGED
        assert (await hub.get("nodes"))[0]["latest"]["spirometer"]["fvc_ml"] == 4100


async def test_9_3_without_a_profile_the_kind_is_kept_all_the_same(hub: RunningHub) -> None:
    node = hub.enrol("s1", kind="other")
    assert (await _post(node, encode_report(1, 0, [_RESULT]))).code == CHANGED
    kept = (await hub.get("nodes"))[0]["latest"]["160"]
    assert cbor.decode(bytes.fromhex(kept["unnamed_cbor"])) == {4: 3200, 5: 4100, 6: 0.75}


def test_17_4_a_hub_does_not_start_with_a_broken_profile(tmp_path: Path) -> None:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "broken.toml").write_text("profile = 1\n")
    store = open_store(tmp_path)
    try:
        with pytest.raises(HubError, match=r"broken\.toml"):
            Hub(store, Options(tmp_path))
        with pytest.raises(HubError, match="no folder"):
            Hub(store, Options(tmp_path, profiles=tmp_path / "nowhere"))
    finally:
        store.close()
