"""The commands: what they print, what they leave behind, and what they say when it does not work."""

from __future__ import annotations

import json
import socket
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from anju_hub.cli import main
from anju_hub.store.engine import STORE_FILE, open_store
from tests.hub.process import HubProcess, anju


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


DOOR = ("--home", "anna", "--room", "hall", "--kind", "door")


def test_enrol_writes_a_private_file_and_prints_no_secret(tmp_path: Path) -> None:
    out = tmp_path / "door1.json"
    result = run("hub", "enrol", "door1", *DOOR, "--heartbeat", 900, "--data", tmp_path / "data", "--out", out)
    assert result.exit_code == 0, result.output
    fields = json.loads(out.read_text())
    secret, salt = fields.pop("master_secret"), fields.pop("master_salt")
    assert fields == {
        "node": "door1",
        "home": "anna",
        "room": "hall",
        "kind": "door",
        "hub_host": "127.0.0.1",
        "hub_port": 5683,
        "heartbeat_s": 900,
    }
    assert (len(secret), len(salt)) == (32, 16)
    assert secret not in result.output
    assert mode(out) == 0o600
    assert (mode(tmp_path / "data"), mode(tmp_path / "data" / STORE_FILE)) == (0o700, 0o600)


def test_enrol_a_plan(tmp_path: Path) -> None:
    plan = tmp_path / "plan.csv"
    plan.write_text(
        "node,home,room,kind,heartbeat,medium,pulse_ml,zone\n"
        "d1,安,hall,door,,,,Asia/Shanghai\n"
        "w1,安,bath,meter,600,water,1000,Asia/Shanghai\n"
    )
    result = run("hub", "enrol", "--csv", plan, "--out-dir", tmp_path / "out", "--data", tmp_path / "data")
    assert result.exit_code == 0, result.output
    water = json.loads((tmp_path / "out/w1.json").read_text())
    assert (water["medium"], water["heartbeat_s"]) == ("water", 600)
    assert (water["pulse_ml"], water["pulse_weight"]) == (1000.0, 1000)
    assert json.loads((tmp_path / "out/d1.json").read_text())["heartbeat_s"] == 3600


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("node,home,kind\n", "room"),
        ("node,home,room,kind,colour\n", "colour"),
        ("node,home,room,kind\nd1,anna,hall,door\nD2,anna,hall,door\n", "line 3: node name 'D2'"),
        ("node,home,room,kind\nd1,anna,hall,lamp\n", "line 2: kind 'lamp'"),
        ("node,home,room,kind,heartbeat\nd1,anna,hall,door,soon\n", "line 2"),
        ("node,home,room,kind,zone\nd1,anna,hall,door,Mars/Base\n", "line 2: there is no time zone"),
        ("node,home,room,kind\nd1,anna,hall,door\nd1,anna,hall,door\n", "d1 is enrolled"),
    ],
)
def test_a_wrong_plan_enrols_nobody_and_leaves_no_file(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "plan.csv").write_text(text)
    options = ("--csv", tmp_path / "plan.csv", "--out-dir", tmp_path / "out", "--data", tmp_path / "data")
    result = run("hub", "enrol", *options)
    assert result.exit_code == 1
    assert said in result.output
    assert not list(tmp_path.glob("out/*"))
    again = run("hub", "enrol", "d1", *DOOR, "--data", tmp_path / "data", "--out", tmp_path / "d1.json")
    assert again.exit_code == 0, "the plan must not have enrolled a part"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("enrol", "door1"), "are needed"),
        (("enrol", "door-one", *DOOR), "node name"),
        (("enrol", "m1", "--home", "a", "--room", "b", "--kind", "meter"), "--medium"),
        (("enrol", "d1", *DOOR, "--heartbeat", "0"), "heartbeat"),
        (("enrol", "d1", *DOOR, "--zone", "Mars/Base"), "time zone"),
        (("serve", "--bind", "10.0.0.1:1", "--clock", "simulated"), "this machine only"),
        (("serve", "--bind", "nonsense:port"), "cannot listen"),
        (("serve", "--bind", "192.0.2.1:5683"), "cannot listen"),
        (("check",), "there is no store"),
    ],
)
def test_wrong_use_says_what_to_do(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    out = ("--out", tmp_path / "x.json") if arguments[0] == "enrol" else ()
    result = run("hub", *arguments, "--data", tmp_path / "data", *out)
    assert result.exit_code == 1
    assert said in result.output
    assert "Traceback" not in result.output


def test_enrolling_a_known_node_needs_a_word(tmp_path: Path) -> None:
    first = ("hub", "enrol", "d1", *DOOR, "--data", tmp_path / "data", "--out")
    assert run(*first, tmp_path / "a.json").exit_code == 0
    assert "--replace" in run(*first, tmp_path / "b.json").output
    assert "exists" in run(*first, tmp_path / "a.json", "--replace").output
    assert run(*first, tmp_path / "b.json", "--replace").exit_code == 0


def test_check_finds_what_is_wrong(tmp_path: Path) -> None:
    run("hub", "enrol", "d1", *DOOR, "--data", tmp_path, "--out", tmp_path / "d1.json")
    assert run("hub", "check", "--data", tmp_path).exit_code == 0
    with sqlite3.connect(tmp_path / STORE_FILE) as store:
        store.execute("DELETE FROM oscore_contexts")
        store.execute("INSERT INTO node_status VALUES (99, 0, 0, NULL, NULL)")
    result = run("hub", "check", "--data", tmp_path)
    assert result.exit_code == 1
    assert "node d1 has no usable key" in result.output
    assert "node_status refers to nothing in nodes" in result.output


def test_a_store_of_the_future_is_left_alone(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    with sqlite3.connect(tmp_path / STORE_FILE) as store:
        store.execute("UPDATE alembic_version SET version_num = '9999'")
    result = run("hub", "serve", "--data", tmp_path)
    assert result.exit_code == 1
    assert "update anju" in result.output


def test_what_is_no_store_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / STORE_FILE).write_bytes(b"This is not a database, but a letter to my aunt." * 100)
    result = run("hub", "serve", "--data", tmp_path)
    assert result.exit_code == 1
    assert "cannot be opened" in result.output


def test_migrated_schema_is_the_schema_of_the_code(tmp_path: Path) -> None:
    """`check` compares the file with the tables that the code uses, column by column."""
    open_store(tmp_path).close()
    assert run("hub", "check", "--data", tmp_path).exit_code == 0
    with sqlite3.connect(tmp_path / STORE_FILE) as store:
        store.execute("ALTER TABLE homes ADD COLUMN colour TEXT")
    assert "colour" in run("hub", "check", "--data", tmp_path).output


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = run("hub", "enrol", "d1", *DOOR, "--data", tmp_path / "file" / "data", "--out", tmp_path / "d1.json")
    assert result.exit_code == 1
    assert "--data" in result.output


def test_port_in_use(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        result = run("hub", "serve", "--data", tmp_path, "--bind", f"127.0.0.1:{taken.getsockname()[1]}")
    assert result.exit_code == 1
    assert "is in use" in result.output


def test_serve_says_where_it_is_and_ends_cleanly(tmp_path: Path) -> None:
    hub = HubProcess(tmp_path / "data")
    hub.start()
    try:
        other = anju("hub", "serve", "--data", str(hub.data), "--bind", "127.0.0.1:0", code=1)
        assert "another hub works on" in other
    finally:
        assert hub.stop() == 0
    assert "hub=stopped" in hub.log.read_text()


def test_overview_names_every_command_without_importing_them() -> None:
    program = "import sys; from anju_hub.cli import main; main(['--help'], standalone_mode=False); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "Run the hub, enrol nodes, look after the store." in done.stdout
    assert "anju_hub.cli" in done.stdout
    assert not {"numpy", "aiocoap", "sqlalchemy", "anju_hub.cli.hub"} & set(done.stdout.split())


def test_unknown_command_suggests_the_near_one() -> None:
    assert "did you mean 'anju hub'?" in run("hbu").output
    assert "'anju --help' lists the commands" in run("xylophone").output
