"""Reading an event log, `[home,]t,sensor,kind,room,value`, into arrays: a fast path by columns, a careful one by rows.

The fast path takes a chunk of well-formed lines apart with one split and lets numpy parse the columns.  Whatever it
cannot read (quotes, times with an offset, words for values, a malformed row) goes through `csv` row by row, which
also knows the line to name when something is wrong.
"""

from __future__ import annotations

import csv
import gzip
import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from .core import KIND_CODES, Events, HomeSpec, Kind, SensorSpec
from .errors import HubError

_CHUNK = 1 << 24
LONGEST_S = 20 * 365.25 * 86_400.0  # between first and last row; beyond, a clock was wrong
_REQUIRED = ("t", "sensor", "kind", "value")
_WORDS = {"on": 1.0, "off": 0.0, "open": 1.0, "opened": 1.0, "close": 0.0, "closed": 0.0, "true": 1.0, "false": 0.0}
_WORDS |= {"present": 1.0, "absent": 0.0, "": 1.0}
_AMOUNTS = (Kind.WATER, Kind.ELECTRICITY)
ONE_HOME = "home"


class LogError(HubError):
    """The log cannot be read as it is; the text names file and line and what to do."""


@dataclass(slots=True)
class Log:
    """A whole event log: homes with their sensors as the log shows them, and the events in file order."""

    homes: list[HomeSpec]
    events: Events
    offset_min: int | None  # the first row's UTC offset; None: naive local times
    one_offset: bool = True  # every row has it
    unknown_kinds: Counter[str] = field(default_factory=Counter)


def read_log(path: Path, progress: Callable[[int], None] = lambda _: None) -> Log:
    """Read `path` (.csv or .csv.gz); `progress` is called with bytes read.  Raises `LogError`."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            return _Reader(path).read(cast(BinaryIO, file), progress)
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or error
        raise LogError(f"{path}: cannot be read ({reason})") from error


class _Reader:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._line = 1
        self._columns: list[str] = []
        self._homes: dict[str, int] = {}
        self._sensors: list[dict[str, int]] = []
        self._about: list[list[list[str]]] = []  # per home and sensor: kind, room
        self._offset: int | None = None
        self._one_offset = True
        self._line_of: list[NDArray[np.int64]] = []  # per chunk: its events' lines
        self._rows = 0
        self._unknown: Counter[str] = Counter()
        self._cache: dict[tuple[str, str, str, str], tuple[int, int, int]] = {}

    def read(self, file: BinaryIO, progress: Callable[[int], None]) -> Log:
        self._header(file.readline())
        parts = [self._chunk(chunk) for chunk in _lines(file, progress)]
        parts = [part for part in parts if len(part)]
        if not parts:
            raise LogError(f"{self._path}: holds no events below its header")
        names = ("home", "t", "sensor", "kind", "value")
        events = Events(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
        self._check_span(events.t)
        return Log(self._specs(), events, self._offset, self._one_offset, self._unknown)

    def _check_span(self, t: NDArray[np.float64]) -> None:
        """One row with a wrong year would make a run of centuries; the row farthest from the middle is named."""
        if t.max() - t.min() <= LONGEST_S:
            return
        worst = int(np.abs(t - np.median(t)).argmax())
        at = datetime(1970, 1, 1) + timedelta(seconds=float(t[worst]))
        years = LONGEST_S / (365.25 * 86_400)
        line = int(np.concatenate(self._line_of)[worst])
        what = f"{at.isoformat()} lies so far from the other rows that the log spans more than {years:.0f} years"
        raise self._wrong(line, what, "correct or remove the row, or split the log")

    def _header(self, line: bytes) -> None:
        text = line.decode("utf-8-sig", "replace").strip().lower()
        self._columns = [name.strip() for name in text.split(",")]
        missing = [name for name in _REQUIRED if name not in self._columns]
        if missing:
            raise LogError(
                f"{self._path}:1: the header must name the columns t,sensor,kind,room,value (and home, where there "
                f"is more than one); missing: {', '.join(missing)}"
            )

    def _specs(self) -> list[HomeSpec]:
        return [
            HomeSpec(
                home, sensors=[SensorSpec(sensor, kind, room) for sensor, (kind, room) in zip(ids, abouts, strict=True)]
            )
            for home, ids, abouts in zip(self._homes, self._sensors, self._about, strict=True)
        ]

    # both paths

    def _chunk(self, chunk: bytes) -> Events:
        events = self._by_columns(chunk)
        if events is None:
            events, lines = self._by_rows(chunk)
        else:
            lines = self._line + 1 + np.arange(len(events), dtype=np.int64)
        self._line_of.append(lines)
        self._line += chunk.count(b"\n") + (not chunk.endswith(b"\n"))
        self._rows += len(events)
        return events

    def _code(self, home: str, sensor: str, kind: str, room: str) -> tuple[int, int, int]:
        """Home index, sensor index and kind code; new homes and sensors are entered."""
        key = home, sensor, kind, room
        if (known := self._cache.get(key)) is not None:
            return known
        h = self._homes.setdefault(home, len(self._homes))
        if h == len(self._sensors):
            self._sensors.append({})
            self._about.append([])
        s = self._sensors[h].setdefault(sensor, len(self._sensors[h]))
        if s == len(self._about[h]):
            self._about[h].append([kind, room])
        about = self._about[h][s]
        if about[0] in ("heartbeat", "battery") and kind not in ("heartbeat", "battery"):
            about[0] = kind
        about[1] = about[1] or room
        self._cache[key] = h, s, int(KIND_CODES.get(kind, Kind.IGNORED))
        return self._cache[key]

    # by columns

    def _by_columns(self, chunk: bytes) -> Events | None:
        """The chunk's events, or None where a row needs care."""
        width = len(self._columns)
        if b'"' in chunk or b"\n\n" in chunk or not _regular(chunk, width):
            return None
        fields = chunk.rstrip(b"\n").replace(b"\r", b"").replace(b"\n", b",").split(b",")
        column = {name: fields[i::width] for i, name in enumerate(self._columns)}
        t, value = _times(column["t"]), _numbers(column["value"])
        if t is None or value is None or self._offset is not None or b"" in column["sensor"]:
            return None
        n = len(t)
        home = column.get("home", [ONE_HOME.encode()] * n)
        keys = list(zip(home, column["sensor"], column["kind"], column.get("room", [b""] * n), strict=True))
        codes = {
            key: self._code(*(part.decode("utf-8", "replace").strip() for part in key)) for key in dict.fromkeys(keys)
        }
        table = np.array([codes[key] for key in keys], np.int32)
        if not np.isfinite(value).all() or (np.isin(table[:, 2], _AMOUNTS) & (value < 0)).any():
            return None
        self._count_unknown(column["kind"])
        return Events(table[:, 0].copy(), t, table[:, 1].copy(), table[:, 2].astype(np.int8), value)

    def _count_unknown(self, kinds: list[bytes]) -> None:
        unknown = {kind for kind in set(kinds) if kind.decode("utf-8", "replace").strip() not in KIND_CODES}
        for kind in unknown:
            self._unknown[kind.decode("utf-8", "replace")] += kinds.count(kind)

    # by rows

    def _by_rows(self, chunk: bytes) -> tuple[Events, NDArray[np.int64]]:
        """The chunk's events and the lines they stand in."""
        rows = csv.reader(chunk.decode("utf-8", "replace").splitlines())
        numbered = [(self._row(row, self._line + rows.line_num), self._line + rows.line_num) for row in rows if row]
        return Events.of([event for event, _ in numbered]), np.array([line for _, line in numbered], np.int64)

    def _row(self, row: list[str], line: int) -> tuple[int, float, int, int, float]:
        if len(row) != len(self._columns):
            raise self._wrong(line, f"{len(row)} fields, the header has {len(self._columns)}", "complete or remove it")
        cell = dict(zip(self._columns, (text.strip() for text in row), strict=True))
        if not cell["sensor"]:
            raise self._wrong(line, "no sensor named", "every row needs one")
        if cell["kind"] not in KIND_CODES:
            self._unknown[cell["kind"]] += 1
        home, sensor, kind = self._code(cell.get("home", ONE_HOME), cell["sensor"], cell["kind"], cell.get("room", ""))
        return home, self._time(cell["t"], line), sensor, kind, self._value(cell["value"], kind, line)

    def _time(self, text: str, line: int) -> float:
        try:
            at = datetime.fromisoformat(text)
        except ValueError as error:
            example = "2026-01-31T13:05:00, or with an offset 2026-01-31T13:05:00+01:00"
            raise self._wrong(line, f"'{text}' is no time", f"write ISO 8601 like {example}") from error
        offset = at.utcoffset()
        if offset is None and self._offset is not None:
            raise self._wrong(line, "a time without offset in a log with offsets", "use one or the other")
        if offset is not None and self._offset is None:
            if self._rows or line > 2:
                raise self._wrong(line, "a time with offset in a log without", "use one or the other")
            self._offset = int(offset.total_seconds() // 60)
        if offset is not None:
            self._one_offset &= offset.total_seconds() // 60 == self._offset
        return (at if offset is not None else at.replace(tzinfo=UTC)).timestamp()

    def _value(self, text: str, kind: int, line: int) -> float:
        try:
            value = float(text)
        except ValueError:
            if (word := _WORDS.get(text.lower())) is not None:
                return word
            if kind == Kind.IGNORED:
                return 0.0
            remedy = "write a number, or ON/OFF, OPEN/CLOSED"
            raise self._wrong(line, f"'{text}' is no value", remedy) from None
        if not math.isfinite(value):
            raise self._wrong(line, f"'{text}' is no value", "write a finite number, or remove the row")
        if value < 0 and kind in _AMOUNTS:
            raise self._wrong(line, f"'{text}' is no amount used", "write 0 or more, or remove the row")
        return value

    def _wrong(self, line: int, what: str, remedy: str) -> LogError:
        return LogError(f"{self._path}:{line}: {what}: {remedy}")


def _lines(file: BinaryIO, progress: Callable[[int], None]) -> Iterator[bytes]:
    """Chunks of whole lines."""
    rest = b""
    while chunk := file.read(_CHUNK):
        progress(len(chunk))
        whole, newline, tail = (rest + chunk).rpartition(b"\n")
        rest = tail
        if newline:
            yield whole + newline
    if rest:
        yield rest


def _regular(chunk: bytes, width: int) -> bool:
    """Has every line the same number of fields?"""
    marks = np.frombuffer(chunk, np.uint8)
    commas = np.cumsum(marks == ord(","))
    ends = np.flatnonzero(marks == ord("\n"))
    if not chunk.endswith(b"\n"):
        ends = np.append(ends, len(marks) - 1)
    return bool((np.diff(commas[ends], prepend=0) == width - 1).all())


def _times(column: list[bytes]) -> NDArray[np.float64] | None:
    """Naive ISO 8601 times as seconds, or None if any is something else."""
    text = np.array(column)
    letters = text.view(np.uint8).reshape(len(text), -1)
    if letters.shape[1] < 16 or not (letters[:, 4] == ord("-")).all():
        return None
    if np.isin(letters[:, 16:], np.frombuffer(b"+-Zz", np.uint8)).any():
        return None
    try:
        return text.astype("datetime64[us]").astype(np.int64) / 1e6
    except ValueError:
        return None


def _numbers(column: list[bytes]) -> NDArray[np.float64] | None:
    try:
        return np.array(column).astype(np.float64)
    except ValueError:
        return None
