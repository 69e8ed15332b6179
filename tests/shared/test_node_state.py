"""Configuration, RTC memory and the interrupt ring, on both interpreters."""

import json

import folder
from anju_node import config, rtc
from anju_node.ring import EdgeRing
from anju_wire.errors import LocalError

_GOOD = {"node": "n1", "kind": "door", "hub_host": "127.0.0.1", "master_secret": "00" * 16}


def _complaint(values):
    root = folder.make()
    with open(root + "/node.json", "w") as file:
        file.write(values if isinstance(values, str) else json.dumps(values))
    try:
        config.load(root)
    except LocalError as error:
        return str(error)
    return None


def _with(**changes):
    values = dict(_GOOD)
    values.update(changes)
    return values


def test_defaults_need_nothing_written():
    settings = config.Config(_GOOD)
    assert (settings.debounce_ms, settings.heartbeat_s, settings.sensing) == (20, 3600, "door")


def test_kinds_choose_the_filter():
    senses = {kind: config.Config(_with(kind=kind)).sensing for kind in ("pir", "meter", "toilet")}
    assert senses == {"pir": "pir", "meter": "meter", "toilet": "door"}


def test_a_wrong_file_says_what_is_wrong():
    assert "heartbeat_s=5" in _complaint(_with(heartbeat_s=5))
    assert "not hexadecimal" in _complaint(_with(master_secret="xyz"))
    assert "node is missing" in _complaint({"kind": "door"})
    assert "not JSON" in _complaint("{")
    try:
        config.load(folder.make())
        raise AssertionError("a missing file was accepted")
    except LocalError as error:
        assert "provision it first" in str(error)


def test_rtc_memory_comes_back():
    values = [[1, 2, 3], [], 77, [[0], -5]]
    assert rtc.unpack(rtc.pack(values)) == values


def test_damaged_or_empty_rtc_memory_is_a_cold_boot():
    memory = bytearray(rtc.pack([[1, 2], 3]))
    assert rtc.unpack(b"") is None
    for i in range(len(memory)):
        memory[i] ^= 0x10
        assert rtc.unpack(bytes(memory)) is None
        memory[i] ^= 0x10


def test_ring_keeps_order_and_counts_what_did_not_fit():
    ring = EdgeRing(4)
    for n in range(5):
        ring.push(0, n & 1, n)
    assert ring.overruns == 2
    assert [ring.pop() for _ in range(4)] == [(0, 0, 0), (0, 1, 1), (0, 0, 2), None]
    assert ring.empty()


def test_ring_push_allocates_nothing():
    if not folder.micropython():
        return  # CPython has no heap to lock
    import micropython

    ring = EdgeRing(4)
    push = ring.push
    micropython.heap_lock()
    try:
        push(0, 1, 123456)
    finally:
        micropython.heap_unlock()
    assert ring.pop() == (0, 1, 123456)
