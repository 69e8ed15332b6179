"""Downlink in the answer on both interpreters: SPEC 12, `vectors/downlink.json`."""

from anju_wire import downlink, report
from anju_wire.errors import LocalError, PeerError
from vectors import load, raised, unhex


def _show(found):
    shown = {}
    if found.config_version is not None:
        shown["config_version"] = found.config_version
    if found.config is not None:
        shown["config"] = {name: value for name, value in found.config.items() if isinstance(name, str)}
    if found.commands:
        shown["commands"] = [list(command) for command in found.commands]
    if found.firmware is not None:
        firmware = found.firmware
        shown["firmware"] = {"number": firmware.number, "size": firmware.size, "sha256": firmware.sha256.hex()}
    return shown


def test_12_vectors_read_and_write():
    count = 0
    for vector in load("downlink"):
        answer = report.decode_answer(unhex(vector["hex"]))  # 12.1: a node that heeds nothing takes every answer
        if "error" in vector:
            assert raised(PeerError, downlink.read, answer).reason == vector["reason"], vector["name"]
        else:
            found = downlink.read(answer)
            shown = _show(found)
            shown["time_ms"] = answer["time_ms"]
            assert shown == vector["decoded"], vector["name"]
            written = downlink.write(found)
            written["time_ms"] = answer["time_ms"]
            assert (report.encode_answer(written) == unhex(vector["hex"])) is vector["roundtrip"], vector["name"]
        count += 1
    assert count >= 28


def test_12_4_each_command_once():
    found = downlink.Downlink(commands=((9, downlink.IDENTIFY, 10), (10, downlink.RESTART, 0), (11, 77, 0)))
    assert found.due(9) == [(10, downlink.RESTART, 0), (11, 77, 0)]
    assert found.due(11) == [] and len(found.due(0)) == 3


def test_12_what_cannot_be_said_is_our_own_error():
    for wrong in (
        downlink.Downlink(config_version=-1),
        downlink.Downlink(config={"heartbeat_s": 1}),
        downlink.Downlink(config={"colour": 1}),
        downlink.Downlink(commands=((1, 256, 0),)),
        downlink.Downlink(firmware=downlink.Firmware(1, 2, b"short")),
        downlink.Downlink(firmware=downlink.Firmware(-1, 2, bytes(32))),
    ):
        raised(LocalError, downlink.write, wrong)
