"""Reading logs of every shape, the command, and the evaluator's verdict on a real home where one is at hand."""

import csv
import gzip
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from anju_hub.cli.replay import replay as command
from anju_hub.core import Kind
from anju_hub.event_csv import LogError, read_log

HEADER = "t,sensor,kind,room,value\n"
SHARED = Path(__file__).resolve().parents[3] / "shared"


def log_of(tmp_path, text, name="events.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return read_log(path)


def test_columns_are_read_and_homes_and_sensors_learned(tmp_path):
    log = log_of(
        tmp_path,
        "home,t,sensor,kind,room,value\n"
        "b,2026-01-05T00:00:10,door,heartbeat,entry,1\n"
        "a,2026-01-05T00:01:00.500,p,pir,kitchen,1\n"
        "b,2026-01-05T00:02:00,door,door,entry,0\n",
    )
    assert [home.home for home in log.homes] == ["b", "a"]
    assert (log.homes[0].sensors[0].kind, log.homes[1].sensors[0].room) == ("door", "kitchen")
    assert log.events.home.tolist() == [0, 1, 0]
    assert log.events.kind.tolist() == [Kind.HEARTBEAT, Kind.PIR, Kind.DOOR]
    assert np.diff(log.events.t).tolist() == [50.5, 59.5]


def test_the_careful_path_reads_what_the_fast_one_reads(tmp_path):
    rows = [f"2026-01-05T{i // 60:02d}:{i % 60:02d}:07.250,s{i % 3},pir,r,{i % 2}\n" for i in range(300)]
    fast = log_of(tmp_path, HEADER + "".join(rows))
    slow = log_of(tmp_path, HEADER + "".join(rows) + '2026-01-05T05:00:00,"s0",pir,r,1\n', "quoted.csv")
    for name in ("home", "t", "sensor", "kind", "value"):
        np.testing.assert_array_equal(getattr(fast.events, name), getattr(slow.events, name)[:-1])


def test_words_offsets_blank_lines_and_windows_line_ends(tmp_path):
    log = log_of(
        tmp_path,
        HEADER.replace("\n", "\r\n")
        + "2026-01-05T00:00:00+02:00,d,door,entry,OPEN\r\n\r\n2026-01-04T22:00:30Z,d,door,entry,CLOSED\r\n",
    )
    assert log.events.value.tolist() == [1.0, 0.0]
    assert np.diff(log.events.t).tolist() == [30.0]
    assert log.offset_min == 120


def test_a_packed_log_is_read(tmp_path):
    path = tmp_path / "events.csv.gz"
    path.write_bytes(gzip.compress((HEADER + "2026-01-05T00:00:00,d,door,entry,1\n").encode()))
    assert len(read_log(path).events) == 1


def test_unknown_kinds_are_kept_and_counted(tmp_path):
    log = log_of(tmp_path, HEADER + "2026-01-05T00:00:00,x,radon,cellar,7\n2026-01-05T00:00:01,x,radon,cellar,8\n")
    assert log.events.kind.tolist() == [Kind.IGNORED] * 2
    assert log.unknown_kinds == {"radon": 2}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("2026-01-05T00:00:00,d,door,entry", r":3: 4 fields, the header has 5"),
        ("yesterday,d,door,entry,1", r":3: 'yesterday' is no time: write ISO 8601"),
        ("2026-01-05T00:00:00,d,door,entry,ajar", r":3: 'ajar' is no value"),
        ("2026-01-05T00:00:00,,door,entry,1", r":3: no sensor named"),
        ("2026-01-05T00:00:00,d,door,entry,nan", r":3: 'nan' is no value"),
        ("2026-01-05T00:00:00,w,water,bath,inf", r":3: 'inf' is no value"),
        ("2026-01-05T00:00:00,w,water,bath,-1.5", r":3: '-1.5' is no amount used: write 0 or more"),
        ("2026-01-05T00:00:00,e,electricity,house,-2", r":3: '-2' is no amount used"),
        ("2026-01-05T00:00:00+01:00,d,door,entry,1", r":3: a time with offset in a log without"),
    ],
)
def test_a_malformed_row_names_file_and_line(tmp_path, row, message):
    good = "2026-01-05T00:00:00,d,door,entry,1\n"
    with pytest.raises(LogError, match=r"events\.csv" + message):
        log_of(tmp_path, HEADER + good + row + "\n" + good)


@pytest.mark.parametrize(("text", "message"), [("a,b\n1,2\n", "header"), (HEADER, "no events"), ("", "header")])
def test_a_log_without_header_or_rows_says_so(tmp_path, text, message):
    with pytest.raises(LogError, match=message):
        log_of(tmp_path, text)


def test_the_command_writes_what_it_was_asked_for(tmp_path):
    rows = [f"2026-01-05T{h:02d}:{m:02d}:00,p{m % 2},pir,kitchen,1" for h in range(24) for m in range(0, 60, 7)]
    rows += [f"2026-01-06T{h:02d}:10:00,p0,heartbeat,kitchen,1" for h in range(20)]
    rows += ["2026-01-06T21:00:00,p9,radon,cellar,1"]
    (tmp_path / "e.csv").write_text(HEADER + "\n".join(reversed(rows)) + "\n", encoding="utf-8")
    names = {name: str(tmp_path / f"{name}.csv") for name in ("states", "alerts", "trajectory")}
    args = [str(tmp_path / "e.csv"), *(f"--{name}={path}" for name, path in names.items()), "--rules", "builtin"]
    result = CliRunner().invoke(command, args)
    assert result.exit_code == 0, result.output
    assert "warning: kind 'radon' is not known, 1 rows had no effect" in result.output
    tables = {name: list(csv.DictReader(Path(path).read_text().splitlines())) for name, path in names.items()}
    assert list(tables["states"][0]) == ["home", "start", "end", "state", "probability"]
    assert {row["home"] for row in tables["trajectory"]} == {"home"}
    assert "no_toilet" not in {row["kind"] for row in tables["alerts"]}
    assert "silence" in {row["kind"] for row in tables["alerts"]}
    assert all(row["class"] in ("care", "maintenance", "usage") for row in tables["alerts"])


def test_the_commands_mistakes_are_explained(tmp_path):
    (tmp_path / "e.csv").write_text(HEADER + "2026-01-05T00:00:00,d,door,entry,1\n", encoding="utf-8")
    log = str(tmp_path / "e.csv")
    assert "needs --rules" in CliRunner().invoke(command, [log, "--rules-only"]).output
    assert "cannot be read" in CliRunner().invoke(command, [log, "--rules", str(tmp_path / "no.toml")]).output


@pytest.mark.parametrize("year", ["0001", "2999"])
@pytest.mark.parametrize("offset", ["", "+01:00"])
def test_a_row_centuries_away_is_named(tmp_path, year, offset):
    rows = [f"2026-01-05T00:{m:02d}:00{offset},d,door,entry,{m % 2}\n" for m in range(30)]
    rows[20:20] = ["\n", f"{year}-06-01T00:00:00{offset},d,door,entry,1\n"]
    with pytest.raises(LogError, match=rf"events\.csv:23: {year}-\d\d-.* more than 20 years: correct or remove"):
        log_of(tmp_path, HEADER + "".join(rows))


@pytest.fixture
def small_log(tmp_path):
    path = tmp_path / "e.csv"
    path.write_text(HEADER + "".join(f"2026-01-05T{h:02d}:00:00,d,door,entry,{h % 2}\n" for h in range(9)))
    return path


def test_outputs_never_overwrite_the_input_or_each_other(tmp_path, small_log):
    before = small_log.read_text()
    (tmp_path / "link.csv").hardlink_to(small_log)
    aliases = [str(small_log), str(tmp_path / "." / "x" / ".." / "e.csv"), str(tmp_path / "link.csv")]
    (tmp_path / "x").mkdir()
    for alias in aliases:
        result = CliRunner().invoke(command, [str(small_log), "--states", alias])
        assert result.exit_code == 1 and "is the input file too; name another file" in result.output
    both = ["--states", str(tmp_path / "o.csv"), "--alerts", str(tmp_path / "x" / ".." / "o.csv")]
    result = CliRunner().invoke(command, [str(small_log), *both])
    assert result.exit_code == 1 and "is the file of --states too" in result.output
    assert small_log.read_text() == before and not (tmp_path / "o.csv").exists()


def test_a_missing_folder_is_said_before_the_run(tmp_path, small_log):
    good = str(tmp_path / "s.csv")
    result = CliRunner().invoke(command, [str(small_log), "--states", good, "--alerts", str(tmp_path / "no" / "a.csv")])
    assert result.exit_code == 1 and "there is no folder" in result.output and "create it" in result.output
    assert isinstance(result.exception, SystemExit) and not Path(good).exists()


def test_outputs_named_gz_are_packed(tmp_path, small_log):
    plain, packed = tmp_path / "s.csv", tmp_path / "s.csv.gz"
    for path in (plain, packed):
        assert CliRunner().invoke(command, [str(small_log), "--states", str(path)]).exit_code == 0
    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()


@pytest.mark.parametrize("budget", ["nan", "inf", "0", "-1"])
def test_a_budget_is_a_finite_number(small_log, budget):
    result = CliRunner().invoke(command, [str(small_log), "--budget", budget])
    assert result.exit_code == 2 and "--budget" in result.output


@pytest.mark.parametrize(
    ("offsets", "first", "note"),
    [(("", ""), "2026-01-05T00:00:00.000", False), (("-07:00", "-07:00"), "2026-01-05T00:00:00.000", False),
     (("+01:00", "+02:00"), "2026-01-04T23:00:00.000", True)],
)  # fmt: skip
def test_times_written_are_naive(tmp_path, offsets, first, note):
    rows = [f"2026-01-05T{h:02d}:00:00{offsets[h > 4]},d,door,entry,{h % 2}\n" for h in range(9)]
    (tmp_path / "e.csv").write_text(HEADER + "".join(rows))
    result = CliRunner().invoke(command, [str(tmp_path / "e.csv"), "--states", str(tmp_path / "s.csv")])
    assert result.exit_code == 0 and ("times written are UTC" in result.output) == note
    assert next(csv.DictReader((tmp_path / "s.csv").read_text().splitlines()))["start"] == first


@pytest.mark.skipif(not (SHARED / "data" / "ordonez_a").exists(), reason="no real home at hand (../shared/data)")
def test_a_real_home_with_known_collapses(tmp_path):
    """Few scenarios, wide bounds: a check that nothing is badly broken; docs/model.md has the figures."""
    tool, data = SHARED / "eval" / "scenarios.py", SHARED / "data" / "ordonez_a"
    sizes = ["--count", "6", "--faults", "3", "--twins", "3"]
    subprocess.run([sys.executable, tool, "make", data, tmp_path, *sizes], check=True, capture_output=True)
    out = {name: str(tmp_path / f"{name}.csv") for name in ("states", "alerts", "trajectory")}
    options = [f"--{name}={path}" for name, path in out.items()]
    result = CliRunner().invoke(command, [str(tmp_path / "events.csv"), *options])
    assert result.exit_code == 0, result.output
    score = subprocess.run(
        [sys.executable, tool, "score", tmp_path, *options], check=True, capture_output=True, text=True
    )
    figures = json.loads(score.stdout)
    assert figures["causal"] is True and figures["hindsight_minutes"] == 0
    assert figures["occupancy"]["mcc"] > 0.975 and figures["trajectory"]["mcc"] > 0.98
    assert figures["collapse"]["missed_24h"] == 0 and figures["collapse"]["mean_h"] < 8
    assert figures["dead"]["extra_care"] == 0 and figures["dark"]["care"] == 0
    assert figures["dead"]["maintenance_p90_h"] < 2.5 and figures["dark"]["maintenance_p90_h"] < 2.5
