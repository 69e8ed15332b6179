"""`anju demo` as a person runs it: a log through the real firmware, with the hub shot in the middle."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

_ANJU = [sys.executable, "-c", "from anju_hub.cli import main; main()"]
_OPENINGS = 14


def _log(path: Path) -> None:
    """A day: the door every hour from six on, a walk through the kitchen after it, a flush, ten litres."""
    rows = ["t,sensor,kind,room,value"]
    for hour in range(6, 6 + _OPENINGS):
        rows += [f"2026-03-02T{hour:02d}:10:{s:02d},front,door,entry,{v}" for s, v in ((0, 1), (4, 0))]
        rows += [f"2026-03-02T{hour:02d}:11:{s:02d},kitchen,pir,kitchen,{v}" for s, v in ((0, 1), (3, 0))]
        rows += [f"2026-03-02T{hour:02d}:20:{s:02d},flush,toilet,bathroom,{v}" for s, v in ((0, 1), (9, 0))]
        rows.append(f"2026-03-02T{hour:02d}:21:00,main,water,house,10")
    path.write_text("\n".join(rows) + "\n")


def test_a_log_through_the_firmware_loses_nothing_though_the_hub_dies(tmp_path: Path) -> None:
    log, out = tmp_path / "events.csv", tmp_path / "out"
    _log(log)
    done = subprocess.run(
        [*_ANJU, "demo", "--events", str(log), "--home", "12-304", "--kill-hub", "--loss", "0.1", "--out", str(out)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "lost = 0"
    assert "the hub died 1 time" in done.stdout
    assert (out / "12-304.png").read_bytes().startswith(b"\x89PNG")
    store = sqlite3.connect(out / "hub" / "anju.sqlite")
    counted = dict(
        store.execute(
            "SELECT n.kind, count(*) FROM records r JOIN nodes n ON n.id = r.node_id"
            " WHERE r.kind = 1 AND r.level = 1 GROUP BY n.kind"
        )
    )
    litres = store.execute("SELECT max(total) FROM records WHERE kind = 3").fetchone()[0] / 1000
    store.close()
    assert counted == {"door": _OPENINGS, "toilet": _OPENINGS}
    assert litres == 10 * _OPENINGS


def test_a_log_that_is_none_names_the_line(tmp_path: Path) -> None:
    log = tmp_path / "events.csv"
    log.write_text("t,sensor,kind,room,value\nnoon,front,door,entry,1\n")
    done = subprocess.run([*_ANJU, "demo", "--events", str(log)], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1
    assert "events.csv:2" in done.stderr
    assert "Traceback" not in done.stderr


def test_options_that_do_not_go_together_are_refused(tmp_path: Path) -> None:
    log = tmp_path / "events.csv"
    _log(log)
    for options, said in (
        (["--home", "x"], "--events"),
        (["--events", str(log), "--homes", "4"], "--homes"),
        (["--zone", "Foo/Bar"], "time zone"),
        (["--events", str(log), "--out", str(log / "x")], "--out"),
    ):
        done = subprocess.run([*_ANJU, "demo", *options], capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode in (1, 2), options
        assert said in done.stderr
        assert "Traceback" not in done.stderr
