"""SIGKILL at random moments under load: what was acknowledged is stored, and nothing is there twice."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path

from sqlalchemy import select

from anju_hub.store.check import check_store
from anju_hub.store.engine import open_store
from anju_hub.store.schema import nodes, records
from anju_wire.numbers import CHANGED
from anju_wire.report import encode_report
from tests.hub.client import NodeClient, Unanswered, door
from tests.hub.process import HubProcess, anju

KILLS = 4
NODES = 3


class Reporter(threading.Thread):
    """A node that reports again and again, as one does: what is not acknowledged is sent again, re-batched."""

    def __init__(self, client: NodeClient) -> None:
        super().__init__(daemon=True)
        self.client = client
        self.acknowledged = 0  # numbers below it
        self.refused: list[int] = []
        self.stopping = False

    def run(self) -> None:
        dice = random.Random(self.client.node)
        while not self.stopping:
            count = dice.randint(1, 5)
            numbers = range(self.acknowledged, self.acknowledged + count)
            report = encode_report(0, numbers[0], [door(0, number % 2 == 0, number) for number in numbers])
            message, binding = self.client.protect(report)
            try:
                # Quick retransmissions, so that many datagrams are in flight when the hub dies and meet it again.
                response = self.client.open(self.client.exchange(message, ack_timeout_ms=100), binding)
            except Unanswered:
                continue
            if response.code == CHANGED:
                self.acknowledged += count
            else:
                self.refused.append(response.code)


def test_sigkill_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    hub = HubProcess(tmp_path / "data")
    hub.start()
    names = [f"n{i}" for i in range(NODES)]
    for name in names:
        options = ["--home", "anna", "--room", "hall", "--kind", "door", "--data", str(hub.data)]
        anju("hub", "enrol", name, *options, "--out", str(tmp_path / f"{name}.json"))
    reporters = [Reporter(NodeClient(tmp_path / f"{name}.json", hub.port)) for name in names]
    for reporter in reporters:
        reporter.start()
    dice = random.Random(8613)
    for _ in range(KILLS):
        before = sum(reporter.acknowledged for reporter in reporters)
        _until(lambda before=before: sum(reporter.acknowledged for reporter in reporters) > before + 20)
        time.sleep(dice.uniform(0, 0.05))
        hub.kill()
        hub.start()
    for reporter in reporters:
        reporter.stopping = True
        reporter.join(30)
        reporter.client.close()
    assert hub.stop() == 0
    assert [reporter.refused for reporter in reporters] == [[]] * NODES, "an honest retransmission was refused"
    _check(hub.data, {reporter.client.node: reporter.acknowledged for reporter in reporters})
    assert "Traceback" not in hub.log.read_text()


def _check(data: Path, acknowledged: dict[str, int]) -> None:
    store = open_store(data)
    assert check_store(store) == []
    query = select(nodes.c.node, records.c.sequence, records.c.level).join(nodes, nodes.c.id == records.c.node_id)
    with store.read() as connection:
        rows = connection.execute(query.order_by(nodes.c.node, records.c.sequence)).all()
    store.close()
    for node, count in acknowledged.items():
        numbers = [row.sequence for row in rows if row.node == node]
        assert numbers == list(range(len(numbers))), "twice, or not in one piece"
        assert len(numbers) >= count, "acknowledged, but not stored"
        assert all(row.level == (row.sequence % 2 == 0) for row in rows if row.node == node)


def _until(condition: object) -> None:
    assert callable(condition)
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "nothing goes on"
        time.sleep(0.01)
