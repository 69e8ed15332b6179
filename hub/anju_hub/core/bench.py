"""`anju bench core`: the filter against hmmlearn's C kernel, and the replay of a log, on one core.

Input is simulated here: numbers about speed need the shape of real logs (bouts of activity, long silences), not
their meaning.  hmmlearn is a development dependency; without it the ratios are left out.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..event_csv import read_log
from ..replay import replay
from .activity import EMISSION, SILENT, TRANSITIONS
from .occupancy import forward_dense, forward_sparse, silent_powers
from .state import HomeStates
from .types import HomeSpec, SensorSpec, Settings

HOMES, MINUTES = 2000, 1440
LOG_HOMES, LOG_DAYS = 160, 3
REPEAT = 3
_START = np.array([0.4, 0.3, 0.2, 0.1])
_HOUR = 15

Result = dict[str, Any]


def run(progress: Callable[[str], None]) -> Result:
    """The benchmark's figures; `progress` is told what happens."""
    rng = np.random.default_rng(1)
    progress(f"simulating {HOMES} homes of {MINUTES} minutes")
    kinds = _minutes(rng)
    results: dict[str, dict[str, float]] = {"anju": {}}
    ratios: dict[str, float] = {}
    progress("filtering")
    dense_s, sparse_s = _best(_dense(kinds)), _best(_sparse(kinds))
    results["anju"]["dense_minutes_per_s"] = kinds.size / dense_s
    results["anju"]["sparse_minutes_per_s"] = kinds.size / sparse_s
    if (other := _hmmlearn(kinds)) is not None:
        other_s = _best(other)
        results["hmmlearn"] = {"minutes_per_s": kinds.size / other_s}
        ratios = {"dense_vs_hmmlearn_c": other_s / dense_s, "sparse_vs_hmmlearn_c": other_s / sparse_s}
    results["anju"] |= bytes_per_home()
    progress(f"replaying {LOG_HOMES} homes, {LOG_DAYS} days")
    results["anju"]["rows_per_s"] = _rows_per_s(rng)
    return {"bench": "core", "results": _rounded(results), "ratios": {k: round(v, 2) for k, v in ratios.items()}}


def _rounded(results: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    return {who: {name: round(value) for name, value in figures.items()} for who, figures in results.items()}


def _best(work: Callable[[], object]) -> float:
    """Shortest of a few runs [s]."""
    times = []
    for _ in range(REPEAT):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


def _minutes(rng: np.random.Generator) -> NDArray[np.int64]:
    """Kind of every minute, (MINUTES, HOMES): about 40 bouts a day of a few minutes each; minute 0 has an event."""
    begins = rng.random((MINUTES, HOMES)) < 40 / MINUTES
    length = rng.geometric(0.45, (MINUTES, HOMES)) * begins
    active = np.zeros((MINUTES, HOMES), bool)
    for back in range(6):
        active[back:] |= length[: MINUTES - back] > back
    active[0] = True
    return np.where(active, rng.integers(1, EMISSION.shape[1], active.shape), SILENT)


def _dense(kinds: NDArray[np.int64]) -> Callable[[], object]:
    emission = np.ascontiguousarray(EMISSION.T[kinds].transpose(0, 2, 1), dtype=np.float32)
    transition = TRANSITIONS[_HOUR].astype(np.float32)
    return lambda: forward_dense(_START, transition, emission)


def sparse_input(kinds: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.int64]]:
    """Runs (E, homes), emissions (E, K, homes) and the order of homes that `forward_sparse` wants."""
    active = kinds != SILENT
    count = active.sum(axis=0)
    order = np.argsort(-count, kind="stable")
    runs = np.full((int(count.max()), kinds.shape[1]), -1)
    emission: NDArray[np.float32] = np.ones((len(runs), len(EMISSION), kinds.shape[1]), np.float32)
    for column, home in enumerate(order):
        at = np.flatnonzero(active[:, home])
        runs[: len(at), column] = np.diff(at, prepend=-1) - 1
        emission[: len(at), :, column] = EMISSION.T[kinds[at, home]]
    return runs, emission, order


def _sparse(kinds: NDArray[np.int64]) -> Callable[[], object]:
    runs, emission, _ = sparse_input(kinds)
    powers = silent_powers(TRANSITIONS[_HOUR], EMISSION[:, SILENT], int(runs.max()))
    return lambda: forward_sparse(_START, TRANSITIONS[_HOUR], powers, runs, emission)


def _hmmlearn(kinds: NDArray[np.int64]) -> Callable[[], object] | None:
    try:
        kernel = importlib.import_module("hmmlearn._hmmc").forward_scaling
    except ImportError:
        return None
    frames = [np.ascontiguousarray(EMISSION.T[kinds[:, home]]) for home in range(kinds.shape[1])]

    def work() -> None:
        for frame in frames:
            kernel(_START, TRANSITIONS[_HOUR], frame)

    return work


def bytes_per_home(sensors: int = 6) -> dict[str, float]:
    """Memory of one home in the running filter, and of what is learned of it, with `sensors` sensors [B]."""
    homes = [HomeSpec(str(i), sensors=[SensorSpec(str(j), "pir") for j in range(sensors)]) for i in range(100)]
    states = HomeStates(homes, sensors)
    running = sum(a.nbytes for a in vars(states).values() if isinstance(a, np.ndarray))
    clock = states.quiet_clock
    running += sum(a.nbytes for a in vars(clock).values() if isinstance(a, np.ndarray))
    learned = sum(
        a.nbytes
        for part in (states.profile, clock.records, clock.records_without)
        for a in vars(part).values()
        if isinstance(a, np.ndarray)
    )
    return {"bytes_per_home": running / 100, "learned_bytes_per_home": learned / 100}


def _rows_per_s(rng: np.random.Generator) -> float:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "events.csv"
        rows = _write_log(path, rng)
        begin = time.perf_counter()
        replay(read_log(path), Settings())
        return rows / (time.perf_counter() - begin)


def _write_log(path: Path, rng: np.random.Generator) -> int:
    """A log of PIR bouts, door passages and heartbeats, sorted by home and time; returns the number of rows."""
    rooms = ("bedroom", "bathroom", "kitchen", "livingroom", "entry")
    begin = np.datetime64("2026-01-05T00:00:00", "ms")
    rows = 0
    with path.open("w", encoding="ascii") as file:
        file.write("home,t,sensor,kind,room,value\n")
        for home in range(LOG_HOMES):
            lines = _home_lines(f"h{home:04d}", rooms, begin, rng)
            file.writelines(lines)
            rows += len(lines)
    return rows


def _home_lines(home: str, rooms: tuple[str, ...], begin: np.datetime64, rng: np.random.Generator) -> list[str]:
    seconds = LOG_DAYS * 86_400
    bouts = np.sort(rng.uniform(0, seconds, 60 * LOG_DAYS))
    starts = np.repeat(bouts, 15) + rng.exponential(8.0, 15 * len(bouts))
    pirs = rng.integers(0, len(rooms) - 1, len(starts))
    events = [(t, f"pir{r}", "pir", rooms[r], 1) for t, r in zip(starts, pirs, strict=True)]
    events += [(t + 2.0, name, kind, room, 0) for t, name, kind, room, _ in events]
    for door in np.sort(rng.uniform(0, seconds, 6 * LOG_DAYS)):
        events += [(door, "door", "door", "entry", 1), (door + 6.0, "door", "door", "entry", 0)]
    for r, room in enumerate(rooms):
        name = "door" if room == "entry" else f"pir{r}"
        beats = np.arange(700.0 * r, seconds, 3600.0)
        events += [(t, name, "heartbeat", room, 1) for t in beats]
    events.sort()
    stamps = np.datetime_as_string(begin + (np.array([e[0] for e in events]) * 1000).astype("timedelta64[ms]"))
    return [
        f"{home},{stamp},{name},{kind},{room},{value}\n"
        for stamp, (_, name, kind, room, value) in zip(stamps, events, strict=True)
    ]
