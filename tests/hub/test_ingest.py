"""Late, repeated and reordered reports end in the same store as in-order ones."""

from __future__ import annotations

import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from anju_hub.ingest import Arrival, battery_of, rows_of
from anju_hub.security import window
from anju_hub.store import registry, reports
from anju_hub.store.engine import STORE_FILE, open_store
from anju_hub.store.registry import NodeSpec
from anju_hub.store.schema import node_status, records
from anju_wire.report import decode_report, encode_report
from tests.hub.client import door, health, meter, pir

T0 = 1_772_409_600_000
NODE_ID = 1
Piece = tuple[int, int, int]  # epoch, first, length
ages = st.integers(0, 10**9)
a_record = st.one_of(
    st.builds(door, ages, st.booleans(), st.integers(0, 2**40)),
    st.builds(pir, ages, st.booleans(), st.integers(0, 2**40), st.integers(0, 3600)),
    st.builds(meter, ages, st.integers(0, 2**50)),
    st.builds(health, ages, st.integers(0, 65535)),
)


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Any], list[Piece]]:
    """What two boots of a node recorded, and pieces of it (epoch, first, length) that cover everything, in any
    order, overlapping and repeated."""
    boots = [draw(st.lists(a_record, min_size=1, max_size=12)) for _ in range(2)]
    pieces = []
    for epoch, boot in enumerate(boots):
        cuts = sorted({0, len(boot), *draw(st.lists(st.integers(0, len(boot)), max_size=4))})
        pieces += [(epoch, a, b - a) for a, b in pairwise(cuts)]
        for _ in range(draw(st.integers(0, 3))):
            first = draw(st.integers(0, len(boot) - 1))
            pieces.append((epoch, first, draw(st.integers(1, len(boot) - first))))
    return boots, draw(st.permutations(pieces))


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a store with one node: copying it is cheaper than migrating for every example."""
    folder = tmp_path_factory.mktemp("template")
    store = open_store(folder)
    with store.write() as connection:
        spec = NodeSpec("n1", "anna", "hall", "door")
        assert registry.enrol(connection, spec, "UTC", b"k" * 16, b"s" * 8, T0) == NODE_ID
    with store.write() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    store.close()
    return folder / STORE_FILE


def _deliver(
    template: Path, folder: Path, boots: list[Any], pieces: list[tuple[int, int, int]], batch: int
) -> tuple[Any, Any]:
    """The rows and the status that a fresh store has after these pieces arrived, all at T0, `batch` to a commit."""
    folder.mkdir()
    shutil.copy(template, folder / STORE_FILE)
    store = open_store(folder)
    arrivals = [_arrival(NODE_ID, number, boots, piece) for number, piece in enumerate(pieces)]
    for at in range(0, len(arrivals), batch):
        with store.write() as connection:
            assert all(reports.commit(connection, arrivals[at : at + batch], {NODE_ID: window.EMPTY}))
    content = [column for column in records.c if column.name != "arrival"]
    with store.read() as connection:
        rows = connection.execute(select(*content).order_by(records.c.epoch, records.c.sequence)).all()
        status = connection.execute(select(node_status)).all()
    store.close()
    return rows, status


def _arrival(node: int, number: int, boots: list[Any], piece: Piece) -> Arrival:
    epoch, first, length = piece
    rows = rows_of(decode_report(encode_report(epoch, first, boots[epoch][first : first + length])), T0)
    return Arrival(node, b"n1", number, T0, epoch, rows, battery_of(rows), replayed=False)


@settings(max_examples=25, deadline=None)
@given(deliveries(), st.integers(1, 5))
def test_any_delivery_ends_in_the_same_store(
    template: Path,
    tmp_path_factory: pytest.TempPathFactory,
    delivery: tuple[list[Any], list[Piece]],
    batch: int,
) -> None:
    boots, pieces = delivery
    folder = tmp_path_factory.mktemp("store")
    in_order = [(epoch, 0, len(boot)) for epoch, boot in enumerate(boots)]
    expected = _deliver(template, folder / "a", boots, in_order, 1)
    assert len(expected[0]) == sum(map(len, boots))
    assert _deliver(template, folder / "b", boots, pieces, batch) == expected


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 100), max_size=60))
def test_replay_window_takes_each_number_once(numbers: list[int]) -> None:
    """RFC 8613 section 7.4, against the plain set of what was received."""
    value, seen = window.EMPTY, set()
    for number in numbers:
        behind = bool(seen) and number <= max(seen) - window.SIZE
        assert window.is_fresh(value, number) == (number not in seen and not behind)
        if window.is_fresh(value, number):
            seen.add(number)
        value = window.strike(value, number)
        assert value[1] < 2**window.SIZE


def test_replay_window_after_recovery_takes_only_what_follows() -> None:
    """RFC 8613 Appendix B.1.2."""
    value = window.only_after(40)
    assert not window.is_fresh(value, 40)
    assert not window.is_fresh(value, 12)
    assert window.is_fresh(value, 41)
