"""The node of this project under the kit: real firmware in real MicroPython on the rig, in simulated time."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from click.testing import CliRunner

from anju_tools.conform.command import conform
from anju_tools.conform.node.catalogue import OBSERVATIONS, SCENARIOS
from anju_tools.conform.node.tester import Settings
from anju_tools.conform.node.virtual import examine
from anju_tools.conform.verdict import Outcome, conforms
from tests.conform.vendor import failed

# What the firmware does not do yet; empty it, do not add to it.
OPEN = {"unprotected-ends-nothing"}


def test_our_node_conforms() -> None:
    results = examine(SCENARIOS, OBSERVATIONS, lambda reset: replace(Settings(), reset=reset))
    assert failed(results).keys() <= OPEN, failed(results)
    assert not [result.check.name for result in results if result.outcome is Outcome.NOT_RUN]
    assert conforms(results)


def test_the_command_writes_its_report_and_says_yes_or_no(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    chosen = ["--only", "answered", "--only", "retransmits", "--only", "report-valid"]
    done = CliRunner().invoke(conform, ["node", "--virtual", "--json", str(file), *chosen])
    assert done.exit_code == 0, done.output
    report = json.loads(file.read_text())
    assert report["conforms"]
    assert [check["outcome"] for check in report["checks"]] == ["pass"] * 3


def test_what_could_not_run_counts_and_what_was_skipped_does_not(tmp_path: Path) -> None:
    del tmp_path
    chosen = ["--only", "answered", "--only", "age"]
    assert CliRunner().invoke(conform, ["node", "--virtual", *chosen]).exit_code == 1
    assert CliRunner().invoke(conform, ["node", "--virtual", *chosen, "--skip", "age"]).exit_code == 0


def test_a_check_that_does_not_exist_is_said_so() -> None:
    done = CliRunner().invoke(conform, ["node", "--only", "nonsense"])
    assert done.exit_code == 2
    assert "nonsense" in done.output
