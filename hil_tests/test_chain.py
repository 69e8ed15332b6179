"""The chain: a pin changes under the real firmware in real MicroPython, and an operator reads it over CoAP."""

from __future__ import annotations

import sqlite3

import pytest

from anju_tools.rig.board import BoardError


def _visits(bench, count: int, every_s: float = 60.0) -> float:
    """The door opens and closes `count` times; returns when that is over [s]."""
    for i in range(count):
        bench.pin(100 + i * every_s, "door", 1)
        bench.pin(104 + i * every_s, "door", 0)
    return 100 + count * every_s


def test_a_door_a_pir_and_a_meter_reach_the_operator(bench) -> None:
    rig = bench("door", "pir", "meter")
    end = _visits(rig, 3)
    for i in range(12):
        rig.pin(110 + i, "meter", i % 2 ^ 1)
    rig.pin(105, "pir", 1)
    rig.pin(109, "pir", 0)
    rig.run(end + 900)
    door, pir, meter = rig.stored("door"), rig.stored("pir"), rig.stored("meter")
    assert (door["records"]["door"], door["transitions"]) == (6, 6)
    assert pir["pulses"] == 1
    assert meter["total"] == 6000
    assert [node["missing"] for node in (door, pir, meter)] == [0, 0, 0]
    assert rig.reader.home("home")["state"] in ("away", "active", "still", "asleep", "bathroom")


def test_door_back_before_the_firmware_runs_is_two_transitions(bench) -> None:
    rig = bench("door")
    rig.pin(100, "door", 1)
    rig.pin(100.03, "door", 0)  # inside the boot
    rig.run(200)
    assert rig.stored("door")["records"]["door"] == 2


def test_a_change_while_the_chip_boots_on_its_timer_is_not_lost(bench) -> None:
    rig = bench("door")
    rig.run(100)
    board = rig.stage.cast["home", "door"].seat.board
    booting = (board.powered_at + board.asleep.until_ms + board.facts.boot_ms // 2) / 1000
    rig.pin(booting, "door", 1)
    rig.pin(booting + 5, "door", 0)
    rig.run(booting + 60)
    assert (rig.stored("door")["records"]["door"], rig.stored("door")["transitions"]) == (2, 2)


def test_every_transition_arrives_once_through_a_lossy_air(bench) -> None:
    rig = bench("door", loss=0.3)
    end = _visits(rig, 25)
    rig.run(end + 7200)
    door = rig.stored("door")
    assert (door["records"]["door"], door["missing"]) == (50, 0)
    air = rig.stage.cast["home", "door"].seat.air.counters
    assert air.lost > 10


def test_transitions_made_while_the_hub_is_dead_arrive_after_its_restart(bench) -> None:
    rig = bench("door")
    _visits(rig, 4)
    rig.rig.at(130_000, rig.hub.kill)
    rig.run(400)
    assert not rig.rig.hub_up
    rig.rig.start_hub()
    rig.run(7200)
    assert (rig.stored("door")["records"]["door"], rig.stored("door")["missing"]) == (8, 0)


def test_a_power_cut_loses_no_stored_transition_and_opens_an_epoch(bench) -> None:
    rig = bench("door")
    rig.run(50)
    rig.hub.kill()
    _visits(rig, 2)
    rig.run(300)
    name = rig.stage.cast["home", "door"].seat.board.name
    rig.rig.power_cut(name)
    rig.run(600)
    rig.rig.power_on(name)
    rig.rig.start_hub()
    rig.run(7200)
    door = rig.stored("door")
    assert (door["records"]["door"], door["transitions"], door["epoch"]) == (4, 4, 2)


def test_times_are_those_of_the_pins(bench) -> None:
    rig = bench("door")
    rig.pin(1000, "door", 1)
    rig.pin(1003, "door", 0)
    rig.run(1100)
    store = sqlite3.connect(rig.hub.data / "anju.sqlite")
    times = [t_ms / 1000 for (t_ms,) in store.execute("SELECT t_ms FROM records WHERE kind = 1 ORDER BY sequence")]
    store.close()
    assert [round(t - rig.stage.street.start, 1) for t in times] == [1000.0, 1003.0]


def test_the_firmware_without_its_file_says_what_to_do(bench) -> None:
    rig = bench("door")
    board = rig.stage.cast["home", "door"].seat.board
    board.flash.write_bytes(b"\xff" * board.facts.flash_bytes)
    with pytest.raises(BoardError, match="provision it first"):
        rig.run(60)
