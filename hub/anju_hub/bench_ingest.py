"""`anju bench ingest`: durable protected reports a second, beside aiocoap's OSCORE server that does nothing.

The hub is the real `anju hub serve` as a process, with its store on disk; the load comes from a second process.  The
peer answers the same datagrams of the same nodes and stores nothing.
"""

import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from anju_hub import enrolment
from anju_hub.enrolment import HubAddress, Wanted
from anju_hub.store import views
from anju_hub.store.engine import open_store
from anju_hub.store.registry import NodeSpec, all_nodes
from anju_wire.numbers import HUB_ID

NODES = 8  # as many as the peer finds quickly: it searches its contexts one by one
WINDOW = 64  # reports in flight
REPORTS = 20_000
PEER_REPORTS = 8_000
_PATIENCE_S = 120
Progress = Callable[[str], None]


def run(progress: Progress) -> dict[str, Any]:
    """Figures of the hub and of the peer; raises RuntimeError if a report was acknowledged and is not stored."""
    with tempfile.TemporaryDirectory(prefix="anju-bench-") as name:
        folder = Path(name)
        progress("disk: 200 writes with fsync")
        fsync_ms = _fsync_p99_ms(folder)
        progress(f"hub: {REPORTS} reports of {NODES} nodes, {WINDOW} in flight")
        anju = _hub(folder)
        progress(f"aiocoap, doing nothing: {PEER_REPORTS} requests")
        peer = _peer(folder)
    anju["fsync_p99_ms"] = fsync_ms
    ratio = anju["reports_per_s"] / peer["reports_per_s"]
    results = {"anju": anju, "aiocoap_noop": peer}
    return {"bench": "ingest", "results": results, "ratios": {"vs_aiocoap_noop": ratio}}


def _hub(folder: Path) -> dict[str, float]:
    data = folder / "data"
    keys = _enrol(folder, data)
    command = ["-c", "from anju_hub.cli import main; main()", "hub", "serve", "--log-level", "warning"]
    with _process([*command, "--data", str(data), "--bind", "127.0.0.1:0"]) as (port, pid):
        figures = _load(keys, port, REPORTS, pid)
        figures["rss_mb"] = _rss_mb(pid)
    _check_stored(data, figures["acknowledged"])
    return figures


def _peer(folder: Path) -> dict[str, float]:
    contexts = folder / "contexts"
    keys = []
    for number in range(NODES):
        node, secret, salt = f"n{number}", secrets.token_hex(16), secrets.token_hex(8)
        context = contexts / node
        context.mkdir(parents=True)
        settings = {"sender-id_ascii": HUB_ID.decode(), "recipient-id_ascii": node, "secret_hex": secret}
        (context / "settings.json").write_text(json.dumps(settings | {"salt_hex": salt}))
        keys.append([node, secret, salt])
    with _process(["-m", "anju_hub.bench_peer", str(contexts)]) as (port, pid):
        return _load(_write(folder / "peer.json", keys), port, PEER_REPORTS, pid)


def _enrol(folder: Path, data: Path) -> Path:
    specs = [NodeSpec(f"n{number}", f"home{number}", "hall", "door", 3600) for number in range(NODES)]
    files = [folder / f"{spec.node}.json" for spec in specs]
    store = open_store(data)
    wanted = [(Wanted(spec, "UTC"), file) for spec, file in zip(specs, files, strict=True)]
    enrolment.enrol(store, wanted, HubAddress("127.0.0.1", 5683))
    store.close()
    fields = [json.loads(file.read_text()) for file in files]
    return _write(folder / "nodes.json", [[f["node"], f["master_secret"], f["master_salt"]] for f in fields])


def _load(keys: Path, port: int, reports: int, pid: int) -> dict[str, float]:
    """What the generator measured of the server `pid`; `cpu_us` is the server's processor time for one report."""
    arguments = [str(keys), str(port), str(reports), str(WINDOW)]
    begun_s = _cpu_s(pid)
    done = subprocess.run(
        [sys.executable, "-m", "anju_hub.bench_load", *arguments],
        stdout=subprocess.PIPE,
        check=True,
        timeout=_PATIENCE_S,
    )
    figures: dict[str, float] = json.loads(done.stdout)
    if figures["acknowledged"] != reports:
        raise RuntimeError(f"{reports - figures['acknowledged']:.0f} of {reports} reports were not acknowledged")
    cpu_us = 1e6 * (_cpu_s(pid) - begun_s) / reports
    return {"reports_per_s": reports / figures.pop("took_s"), "cpu_us": cpu_us} | figures


def _check_stored(data: Path, acknowledged: float) -> None:
    store = open_store(data)
    with store.read() as connection:
        delivered = [views.delivered(connection, node.id) for node in all_nodes(connection)]
    store.close()
    stored = sum(sum(one.records.values()) for one in delivered)
    if stored != acknowledged or any(one.missing for one in delivered):
        raise RuntimeError(f"{acknowledged:.0f} reports were acknowledged, {stored} are stored")


@contextmanager
def _process(arguments: list[str]) -> Iterator[tuple[int, int]]:
    """A server as a process: (port, process id); its first line that ends in a number tells the port."""
    with subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                last = line.strip().rpartition(":")[2]
                if last.isdigit():
                    yield int(last), process.pid
                    return
            raise RuntimeError(f"{arguments} did not start")
        finally:
            process.terminate()


def _fsync_p99_ms(folder: Path) -> float:
    """What the disk alone costs: 4 KiB appended and synced."""
    took = []
    with (folder / "fsync").open("wb") as file:
        for _ in range(200):
            begun = time.perf_counter()
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
            took.append(time.perf_counter() - begun)
    return 1000 * sorted(took)[197]


def _cpu_s(pid: int) -> float:
    """Processor time that a process has used, user and system, from /proc."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _rss_mb(pid: int) -> float:
    """Resident memory of a process, from /proc."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _write(path: Path, keys: list[list[str]]) -> Path:
    path.write_text(json.dumps(keys))
    path.chmod(0o600)
    return path
