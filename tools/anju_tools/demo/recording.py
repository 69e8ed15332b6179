"""Reads an event log (`[home,]t,sensor,kind,room,value`) to be played through the firmware."""

from __future__ import annotations

import csv
import gzip
import math
import shlex
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO

from anju_tools.demo.street import LogRow

_COLUMNS = ("t", "sensor", "kind", "room", "value")
_NUMERIC = ("water", "electricity")


class RecordingError(Exception):
    """The log cannot be played; the message names file, line and remedy."""


def _open(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", newline="", encoding="utf-8-sig")
    return path.open(newline="", encoding="utf-8-sig")


def read(path: Path, home: str | None) -> tuple[str, list[LogRow]]:
    """The rows of one home: `home` where the log has several, else the log's only one.

    Returns the home's name (of the log's folder where neither the log nor the caller names it) and its rows.
    """
    try:
        with _open(path) as file:
            rows = list(_rows(path, csv.DictReader(file)))
    except (OSError, EOFError) as error:
        raise RecordingError(f"{path}: {error}; give the path of an events.csv or events.csv.gz") from error
    except UnicodeDecodeError as error:
        raise RecordingError(f"{path}: not UTF-8 text; give an events.csv or events.csv.gz") from error
    homes = sorted({name for name, _ in rows if name is not None})
    if not rows:
        raise RecordingError(f"{path}: no events")
    if not homes:
        return home or path.resolve().parent.name, [row for _, row in rows]
    if home is None and len(homes) > 1:
        example = shlex.quote(homes[0])
        raise RecordingError(f"{path}: {len(homes)} homes; choose one with --home, for example --home {example}")
    wanted = home or homes[0]
    if wanted not in homes:
        raise RecordingError(f"{path}: no home {wanted!r}; it has {', '.join(homes[:8])}")
    return wanted, [row for name, row in rows if name == wanted]


def _rows(path: Path, reader: csv.DictReader[str]) -> Iterator[tuple[str | None, LogRow]]:
    missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise RecordingError(f"{path}:1: column {missing[0]!r} is missing; the first line must be {','.join(_COLUMNS)}")
    for row in reader:
        try:
            yield row.get("home"), _row(row)
        except (ValueError, TypeError) as error:
            raise RecordingError(f"{path}:{reader.line_num}: {error}; mend or remove the line") from error


def _row(row: dict[str, str]) -> LogRow:
    if any(row[name] is None for name in _COLUMNS):
        raise ValueError("a column is missing")
    if row["kind"] in _NUMERIC and not 0 <= float(row["value"]) < math.inf:
        raise ValueError(f"{row['kind']} of {row['value']!r} cannot be")
    try:
        t = datetime.fromisoformat(row["t"])
    except ValueError:
        raise ValueError(f"{row['t']!r} is no time such as 2026-03-02T08:15:00") from None
    return LogRow(t, row["sensor"], row["kind"], row["room"], row["value"])
