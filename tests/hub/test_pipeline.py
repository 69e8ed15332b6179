"""From stored records to states and alerts, with the real core and the real store."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path
from typing import Any

from anju_hub import alerts
from anju_hub.core import Alert, Cleared, HomeSpec, Kind, SensorSpec
from anju_hub.events import EventMapper, core_kind, home_specs
from anju_hub.ingest import rows_of
from anju_hub.pipeline import LAG_S
from anju_hub.store import numbers, timeline
from anju_hub.store.engine import open_store
from anju_hub.store.registry import NodeRow, NodeSpec
from anju_hub.store.timeline import Span
from anju_wire.report import Report
from tests.hub.client import NodeClient, door, health, meter, pir
from tests.hub.conftest import MINUTE_MS, START_MS, RunningHub, running

HOUR_MS = 60 * MINUTE_MS
S0 = START_MS / 1000


class Rows:
    """Rows as the store gives them, from records."""

    def __init__(self, node_id: int = 1) -> None:
        self.node_id = node_id
        self.sequence = 0

    def of(self, *records: dict[Any, Any], received_ms: int = START_MS, epoch: int = 0) -> list[Any]:
        found = rows_of(Report(epoch, self.sequence, list(records)), received_ms)
        self.sequence += len(records)
        return [type("Row", (), {"node_id": self.node_id, **row}) for row in found]


def mapper(kind: str, **more: Any) -> EventMapper:
    node = NodeRow(1, NodeSpec("n1", "anna", "hall", kind, 3600, **more))
    return EventMapper(home_specs({"anna": "UTC"}, [node]), [node])


def moments(events: list[Any], kind: int) -> list[tuple[float, float]]:
    return [(t - S0, value) for _, t, _, k, value in events if k == kind]


def test_door_levels_become_events_of_the_nodes_kind() -> None:
    for kind, code in (("door", Kind.DOOR), ("toilet", Kind.TOILET), ("bed", Kind.OTHER), ("power", Kind.POWER)):
        events = mapper(kind).take(Rows().of(door(1500, True, 1), door(500, False, 2)))
        assert moments(events, code) == [(-1.5, 1.0), (-0.5, 0.0)]
        assert moments(events, Kind.HEARTBEAT) == [(0.0, 0.0)], "the report itself proves the node alive now"


def test_pir_record_is_movement_over_its_active_span() -> None:
    rows, pirs = Rows(), mapper("pir")
    begun = pirs.take(rows.of(pir(0, True, 1)))
    assert moments(begun, Kind.PIR) == [(0.0, 1.0)]
    ended = pirs.take(rows.of(pir(180_000, False, 9, active_s=150), received_ms=START_MS + 330_000))
    assert moments(ended, Kind.PIR) == [(60.0, 1.0), (120.0, 1.0), (150.0, 1.0), (150.0, 0.0)]


def test_movement_goes_on_until_its_end_is_reported() -> None:
    """A summary rides with the next report: until then the open episode itself says that somebody moves."""
    rows, pirs = Rows(), mapper("pir")
    pirs.take(rows.of(pir(0, True, 1)))
    assert [t for t, _ in moments(pirs.going_on(S0 + 200), Kind.PIR)] == [60.0, 120.0, 180.0]
    assert [t for t, _ in moments(pirs.going_on(S0 + 260), Kind.PIR)] == [240.0]
    pirs.take(rows.of(pir(180_000, False, 9, active_s=260), received_ms=START_MS + 440_000))
    assert pirs.going_on(S0 + 600) == []


def test_movement_without_a_word_is_not_believed_for_ever() -> None:
    pirs = mapper("pir")
    pirs.take(Rows().of(pir(0, True, 1)))
    assert len(pirs.going_on(S0 + 86_400)) == 30


def test_meter_use_is_the_difference_and_late_readings_change_nothing() -> None:
    """SPEC 4.5: totals are cumulative, so a lost or late reading costs no use."""
    rows, meters = Rows(), mapper("meter", medium="water", pulse_ml=1000.0)
    first, second, third, fourth = (rows.of(meter(0, total)) for total in (5000, 6500, 8000, 200))
    assert moments(meters.take(first), Kind.WATER) == [(0.0, 0.0)]
    assert moments(meters.take(third), Kind.WATER) == [(0.0, 3.0)]
    assert moments(meters.take(second), Kind.WATER) == []
    assert moments(meters.take(fourth), Kind.WATER) == [(0.0, 0.0)], "a changed meter counts from where it is"


def test_what_happened_nobody_knows_when_is_life_but_no_event() -> None:
    """SPEC 4.1: age_error_ms; a node that lost power before it knew the time cannot date what it kept."""
    events = mapper("door").take(Rows().of({**door(5000, True, 1), "age_error_ms": 86_400_000}))
    assert moments(events, Kind.DOOR) == []
    assert moments(events, Kind.HEARTBEAT) == [(0.0, 0.0)]
    rows, meters = Rows(), mapper("meter", medium="water", pulse_ml=1000.0)
    meters.take(rows.of(meter(0, 5000)))
    assert moments(meters.take(rows.of({**meter(0, 9000), "age_error_ms": 86_400_000})), Kind.WATER) == []
    assert moments(meters.take(rows.of(meter(0, 9500))), Kind.WATER) == [(0.0, 0.5)], "its total counts all the same"


def test_health_gives_battery_and_promise() -> None:
    events = mapper("door").take(Rows().of(health(0, 2350)))
    assert moments(events, Kind.BATTERY) == [(0.0, 2350.0)]
    assert moments(events, Kind.CHECK_IN) == [(0.0, 3600.0)]


def test_rows_of_a_node_that_left_the_home_are_no_events() -> None:
    kept, gone = NodeRow(1, NodeSpec("n1", "anna", "hall", "door")), NodeRow(2, NodeSpec("n2", "anna", "hall", "door"))
    anew = NodeRow(3, NodeSpec("n1", "anna", "hall", "door"))
    events = EventMapper(home_specs({"anna": "UTC"}, [anew]), [kept, gone, anew])
    assert moments(events.take(Rows(2).of(door(0, True, 1))), Kind.DOOR) == []
    assert moments(events.take(Rows(1).of(door(0, True, 1))), Kind.DOOR) == [(0.0, 1.0)], "same name, same sensor"


def test_specs_for_the_core() -> None:
    node = NodeRow(1, NodeSpec("w1", "anna", "bath", "meter", 600, "water", 1000.0))
    assert home_specs({"anna": "Asia/Shanghai", "bert": "UTC"}, [node]) == [
        HomeSpec("anna", "Asia/Shanghai", [SensorSpec("w1", "water", "bath", 600)]),
        HomeSpec("bert", "UTC", []),
    ]
    assert core_kind(NodeSpec("s1", "anna", "", "seat")) == "other"


def test_spans_that_go_on_are_joined_and_the_past_stays(tmp_path: Path) -> None:
    store = _with_home(tmp_path)
    with store.write() as connection:
        assert timeline.append_spans(connection, [Span("anna", 0, 60, "away", 0.9)]) == {"anna"}
        assert timeline.append_spans(connection, [Span("anna", 60, 90, "away", 0.9)]) == set()
        assert timeline.append_spans(connection, [Span("anna", 90, 120, "away", 0.8)]) == set()
        assert timeline.state_since(connection, "anna", "away") == 0
        assert timeline.append_spans(connection, [Span("anna", 100, 180, "active", 0.7)]) == {"anna"}
        assert timeline.append_spans(connection, [Span("anna", 0, 50, "still", 0.7)]) == set()
        spans = timeline.spans_between(connection, "anna", 0, 1000)
        assert timeline.state_since(connection, "anna", "active") == 120
    assert spans == [
        Span("anna", 0, 90, "away", 0.9),
        Span("anna", 90, 120, "away", 0.8),
        Span("anna", 120, 180, "active", 0.7),
    ]
    store.close()


def test_after_a_rebuild_the_open_cases_are_those_of_the_core(tmp_path: Path) -> None:
    store = _with_home(tmp_path)
    seen, new = (Alert("anna", 10.0, kind, "care") for kind in ("silence", "no_exit"))
    with store.write() as connection:
        alerts.apply(connection, [seen, Alert("anna", 11.0, "gone", "care", None)])
        still_open = {alerts.cause(alert): Alert("anna", 12.0, alert.kind, "care") for alert in (seen, new)}
        assert alerts.reconcile(connection, still_open, 20_000) == {"anna"}
        cases = timeline.cases(connection)
        assert {(case.kind, case.raised_ms, case.cleared_ms) for case in cases} == {
            ("silence", 10_000, None),
            ("gone", 11_000, 20_000),
            ("no_exit", 12_000, None),
        }
        assert alerts.apply(connection, [Cleared("anna", 30.0, "silence")]) == {"anna"}
        assert alerts.apply(connection, [Cleared("anna", 30.0, "silence")]) == set()
    store.close()


def _with_home(folder: Path) -> Any:
    from anju_hub.store import registry

    store = open_store(folder)
    with store.write() as connection:
        registry.enrol(connection, NodeSpec("n1", "anna", "hall", "door"), "UTC", b"k" * 16, b"s" * 8, 0)
    return store


async def _live(hub: RunningHub, nodes: dict[str, NodeClient], from_h: int, to_h: int, move: bool = True) -> None:
    """Hours of a home: every 15 minutes movement in the hall, each node checks in every hour."""
    for quarter in range(from_h * 4, to_h * 4):
        await hub.clock(START_MS + quarter * 15 * MINUTE_MS)
        if move and "pir" in nodes:
            await asyncio.to_thread(nodes["pir"].report, 0, quarter, [pir(60_000, False, quarter, 30)])
        if quarter % 4 == 0:
            for node in nodes.values():
                await asyncio.to_thread(node.report, 1, quarter, [health(0)])


def _nodes(hub: RunningHub) -> dict[str, NodeClient]:
    return {"pir": hub.enrol("pir", kind="pir"), "door": hub.enrol("door", kind="door")}


async def test_a_day_becomes_states_that_reach_to_the_lag(hub: RunningHub) -> None:
    await _live(hub, _nodes(hub), 0, 8)
    await hub.clock(START_MS + 8 * HOUR_MS)
    (home,) = await hub.get("homes")
    assert home["updated_ms"] == START_MS + 8 * HOUR_MS - LAG_S * 1000
    trajectory = await hub.get("homes/anna/trajectory")
    assert all(a["end_ms"] == b["start_ms"] for a, b in pairwise(trajectory))
    assert home["state"] not in ("away", "unobserved"), "somebody moves every quarter of an hour"


async def test_a_dead_node_is_maintenance_and_clears_when_it_is_back(hub: RunningHub) -> None:
    nodes = _nodes(hub)
    await _live(hub, nodes, 0, 4)
    await _live(hub, {"pir": nodes["pir"]}, 4, 8)
    open_now = await hub.get("alerts?open=1")
    assert [(a["class"], a["sensor"]) for a in open_now] == [("maintenance", "door")]
    await _live(hub, nodes, 8, 10)
    assert await hub.get("alerts?open=1") == []
    (case,) = await hub.get("alerts")
    assert case["cleared_ms"] > case["raised_ms"]


async def test_low_battery_is_maintenance(hub: RunningHub) -> None:
    nodes = _nodes(hub)
    await _live(hub, nodes, 0, 2)
    await asyncio.to_thread(nodes["door"].report, 2, 0, [health(0, 2100)])
    await _live(hub, {"pir": nodes["pir"]}, 2, 3)
    (found,) = await hub.get("alerts")
    assert (found["class"], found["sensor"]) == ("maintenance", "door")
    assert "battery" in found["kind"]


async def test_a_restart_changes_no_state_and_raises_nothing_again(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        nodes = _nodes(hub)
        await _live(hub, nodes, 0, 4)
        await _live(hub, {"pir": nodes["pir"]}, 4, 8)
        before = await hub.get("alerts"), await hub.get("homes/anna/trajectory")
        assert [a["kind"] for a in before[0]] == ["sensor_dead"]
        sequence = nodes["pir"].sequence
    async with running(tmp_path) as hub:
        await hub.clock(START_MS + 7 * HOUR_MS + 45 * MINUTE_MS)
        assert (await hub.get("alerts"), await hub.get("homes/anna/trajectory")) == before
        pir_node = NodeClient(tmp_path / "pir-0.json", hub.port)
        pir_node.sequence = sequence
        await _live(hub, {"pir": pir_node}, 8, 12)
        pir_node.close()
        assert await hub.get("alerts") == before[0], "the dead node is known"
        (home,) = await hub.get("homes")
        assert home["updated_ms"] > before[1][-1]["end_ms"]


async def test_nodes_enrolled_while_running_are_taken_in(hub: RunningHub) -> None:
    nodes = _nodes(hub)
    await _live(hub, nodes, 0, 3)
    other = {"pir": hub.enrol("pir2", home="bert", kind="pir")}
    await _live(hub, nodes | {"other": other["pir"]}, 3, 4)
    await _live(hub, other, 4, 8)
    homes = {home["home"]: home for home in await hub.get("homes")}
    for home in homes.values():  # a silent home takes a step every few minutes
        assert home["updated_ms"] > START_MS + 8 * HOUR_MS - 30 * MINUTE_MS
    trajectory = await hub.get("homes/anna/trajectory")
    assert all(a["end_ms"] == b["start_ms"] for a, b in pairwise(trajectory))


async def test_an_outage_of_the_hub_is_waited_out(tmp_path: Path) -> None:
    """Nodes come back within the time they were shut out: until then nobody is taken for silent."""
    async with running(tmp_path) as hub:
        nodes = _nodes(hub)
        await _live(hub, nodes, 0, 4)
        until = (await hub.get("homes"))[0]["updated_ms"]
        sequences = {name: node.sequence for name, node in nodes.items()}
    back = START_MS + 6 * HOUR_MS
    async with running(tmp_path) as hub:
        await hub.clock(back)
        assert (await hub.get("homes"))[0]["updated_ms"] == until, "the pipeline stands still"
        for name in ("pir", "door"):
            node = NodeClient(tmp_path / f"{name}-{0 if name == 'pir' else 1}.json", hub.port)
            node.sequence = sequences[name]
            kept = [health(back - START_MS - h * HOUR_MS) for h in (4, 5)] + [health(0)]
            await asyncio.to_thread(node.report, 3, 0, kept)
            node.close()
        await hub.clock(back + HOUR_MS + 2 * MINUTE_MS)
        assert (await hub.get("homes"))[0]["updated_ms"] > back
        assert await hub.get("alerts") == [], "the hub was deaf, not the homes silent"
        with hub.store.read() as connection:
            assert timeline.outages_since(connection, 0)
            assert numbers.get(connection, numbers.ALIVE_MS) == back + HOUR_MS + 2 * MINUTE_MS
