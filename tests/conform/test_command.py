"""The kit as people run it: `anju conform node` in one process, the example node in another, real time and sockets."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import pytest

from anju_tools.conform import keys
from anju_tools.rig.hub_process import free_port
from tests.hub.process import ANJU

_EXAMPLE = Path(__file__).parents[2] / "protocol/examples/vendor_node.py"


@pytest.fixture
def node_file(tmp_path: Path) -> Path:
    path = tmp_path / "node.json"
    keys.generate(path, "127.0.0.1", free_port())
    return path


def test_the_example_reports_to_the_kit(node_file: Path, tmp_path: Path) -> None:
    port = json.loads(node_file.read_text())["hub_port"]
    report = tmp_path / "report.json"
    kit = [*ANJU, "conform", "node", "--listen", f"127.0.0.1:{port}", "--keys", str(node_file), "--json", str(report)]
    chosen = ["answered", "unknown-fields", "echo", "request-form", "report-valid", "partial-iv-unique"]
    only = [word for name in chosen for word in ("--only", name)]
    node = [sys.executable, str(_EXAMPLE), str(node_file), "--state", str(tmp_path / "state"), "--every", "0.3"]
    with subprocess.Popen([*kit, *only, "--timeout", "40"], stdout=PIPE, stderr=PIPE, text=True) as testing:
        assert testing.stderr is not None
        assert "waiting for node test1" in testing.stderr.readline()  # now it listens
        with subprocess.Popen(node, stdout=subprocess.DEVNULL) as running:
            output, errors = testing.communicate(timeout=100)
            running.kill()
    assert testing.returncode == 0, output + errors
    assert "conforms" in output
    outcomes = {check["name"]: check["outcome"] for check in json.loads(report.read_text())["checks"]}
    assert outcomes == dict.fromkeys(chosen, "pass")


def test_no_node_is_no_pass(node_file: Path) -> None:
    kit = [*ANJU, "conform", "node", "--listen", "127.0.0.1:0", "--keys", str(node_file), "--timeout", "1"]
    done = subprocess.run(kit, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "does not conform" in done.stdout


def test_keys_are_generated_for_nobody_else(tmp_path: Path) -> None:
    file = tmp_path / "new.json"
    kit = [*ANJU, "conform", "node", "--listen", "127.0.0.1:0", "--keys", str(file), "--timeout", "1"]
    subprocess.run(kit, capture_output=True, text=True, timeout=60)
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(keys.read(file).master_secret) == 16


def test_a_file_that_is_no_node_file_is_said_so(tmp_path: Path) -> None:
    file = tmp_path / "wrong.json"
    file.write_text("{}")
    done = subprocess.run([*ANJU, "conform", "node", "--keys", str(file)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "is no node file" in done.stderr


def test_the_checks_are_listed() -> None:
    done = subprocess.run([*ANJU, "conform", "node", "--list"], capture_output=True, text=True, timeout=60)
    assert len(done.stdout.splitlines()) > 40
    assert "partial-iv-unique" in done.stdout
