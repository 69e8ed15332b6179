"""The fuzz target itself: a short run finds nothing, and what it would find it reports."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests import fuzz

_FUZZ = Path(__file__).parent / "fuzz.py"


def test_a_short_run_of_all_targets() -> None:
    command = [sys.executable, str(_FUZZ), "--packets", "66000", "--seed", "3"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["packets"] == 66_000 and all(row["packets"] == 6_000 for row in found["targets"].values())
    assert found["targets"]["coap"]["taken"] > 500, "mutations that nothing takes find little"


def test_a_fault_is_reported_with_its_packet() -> None:
    def faulty(data: bytes) -> None:
        if 0xFF in data:
            raise KeyError("oops")

    with pytest.raises(fuzz.Fault, match=r"(?s)KeyError.*again: .*--target t --hex [0-9a-f]*ff"):
        fuzz.batch("t", faulty, [b"\xfe" * 8], 1, 10_000)


def test_a_hang_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(_data: bytes) -> None:
        while True:
            pass

    monkeypatch.setattr(fuzz, "HANG_S", 0.2)
    fuzz.signal.signal(fuzz.signal.SIGALRM, fuzz._alarm)
    with pytest.raises(fuzz.Fault, match="hangs"):
        fuzz.batch("t", endless, [b"x"], 1, 10)
