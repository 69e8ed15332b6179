"""`anju bench wire`: bytes of what a node says beside other forms of the same, and how fast the codec is.

Bytes are those of one UDP payload for ours and for SenML (CoAP and OSCORE included, the same for both); for MQTT they
are those of one PUBLISH in one TLS 1.3 record, without TCP, acknowledgements and keep-alive, which favours it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import platformdirs

import anju_wire
from anju_node import coap_link
from anju_tools import bench_wire_rate
from anju_wire import coap, numbers, senml_report
from anju_wire.numbers import DOOR, METER, PIR, WATER
from anju_wire.oscore import Context
from anju_wire.report import encode_report

Progress = Callable[[str], None]

NODE = b"d1"
EPOCH, SEQUENCE, PARTIAL_IV, COUNTER = 300, 100_000, 100_000, 45_000
_SENML_CBOR, _SENML_JSON = 112, 110
_TLS_RECORD = 22  # RFC 8446 section 5.2: header 5, content type 1, tag 16
_PURE = "cbor2==5.6.5"  # the last series with a form in Python alone

EVENTS: dict[str, dict[str, Any]] = {
    "door_event": {"kind": DOOR, "age_ms": 250, "open": True, "transitions": COUNTER},
    "pir_minute": {"kind": PIR, "age_ms": 250, "occupied": True, "pulses": COUNTER, "active_s": 58},
    "meter_reading": {"kind": METER, "age_ms": 250, "medium": WATER, "total": COUNTER * 1000},
}


def run(progress: Progress) -> dict[str, Any]:
    """Figures for us and the others; of MicroPython and of pure cbor2 only where they can be had."""
    progress("bytes of a door event, a PIR minute and a meter reading")
    results: dict[str, dict[str, float]] = {name: dict(sizes) for name, sizes in _sizes().items()}
    ratios = {
        f"door_bytes_vs_{name}": results["anju"]["door_event_bytes"] / sizes["door_event_bytes"]
        for name, sizes in results.items()
        if name != "anju"
    }
    progress("codec on CPython")
    results["anju"] |= _rates([sys.executable], {"anju": _package_root()}, "anju")
    progress("codec on MicroPython")
    micropython = Path(sys.executable).parent / "micropython"
    if micropython.exists():
        results["anju_micropython"] = _rates([str(micropython), "-X", "heapsize=1m"], {"anju": _package_root()}, "anju")
    else:
        progress("no micropython beside this Python: left out")
    _add_pure_cbor2(progress, results, ratios)
    return {"bench": "wire", "results": results, "ratios": ratios}


def _add_pure_cbor2(progress: Progress, results: dict[str, dict[str, float]], ratios: dict[str, float]) -> None:
    progress(f"codec of {_PURE}, the form in Python alone")
    folder = _pure_cbor2()
    if folder is None:
        progress("it cannot be installed: left out")
        return
    results["cbor2_pure"] = pure = _rates([sys.executable], {"cbor2": folder}, "cbor2")
    for figure in ("encode_per_s", "decode_per_s"):
        ratios[f"{figure}_vs_cbor2_pure"] = results["anju"][figure] / pure[figure]


def _package_root() -> Path:
    return Path(anju_wire.__file__ or "").resolve().parent.parent


# -- bytes ------------------------------------------------------------------------------------------------------------


def _sizes() -> dict[str, dict[str, int]]:
    forms = {"anju": _ours, "senml_cbor": _senml_cbor, "senml_json": _senml_json, "mqtt_json": _mqtt_json}
    return {name: {f"{event}_bytes": len(form(EVENTS[event])) for event in EVENTS} for name, form in forms.items()}


def _ours(record: dict[str, Any]) -> bytes:
    return _protected(encode_report(EPOCH, SEQUENCE, [record]), numbers.FORMAT_CBOR)


def _senml_cbor(record: dict[str, Any]) -> bytes:
    return _protected(senml_report.encode_report(NODE.decode(), EPOCH, SEQUENCE, [record]), _SENML_CBOR)


def _senml_json(record: dict[str, Any]) -> bytes:
    """The pack of `_senml_cbor` by the labels of RFC 8428 section 5."""
    base: dict[str, Any] = {"bn": f"{NODE.decode()}/{EPOCH}/{SEQUENCE}/"}
    pack = {
        DOOR: [{"n": "open", "vb": True, "t": -0.25}, {"n": "transitions", "u": "count", "v": COUNTER, "t": -0.25}],
        PIR: [
            {"n": "occupied", "vb": True, "t": -0.25},
            {"n": "pulses", "u": "count", "v": COUNTER, "t": -0.25},
            {"n": "active", "u": "s", "v": 58, "t": -0.25},
        ],
        METER: [{"n": "water", "u": "m3", "v": COUNTER / 1000, "t": -0.25}],
    }[record["kind"]]
    pack[0] = base | pack[0]
    return _protected(_compact(pack), _SENML_JSON)


def _protected(payload: bytes, content_format: int) -> bytes:
    """The datagram that our node sends: the firmware's own functions make it."""
    context = Context(bytes(16), b"", NODE, numbers.HUB_ID)
    request = coap_link.request(numbers.PATH_REPORT, payload, content_format)
    return coap.encode(coap_link.protect(context, request, PARTIAL_IV)[0])


def _mqtt_json(record: dict[str, Any]) -> bytes:
    """A PUBLISH with QoS 1 in the manner of home gateways: topic by home and device, names in JSON, ISO time."""
    fields = {name: value for name, value in record.items() if name not in ("kind", "age_ms")}
    body = {"device": NODE.decode(), "boot": EPOCH, "seq": SEQUENCE, "time": "2026-03-02T07:15:31.250Z", **fields}
    topic = f"home/{NODE.decode()}/state".encode()
    variable = len(topic).to_bytes(2, "big") + topic + b"\x00\x01"
    length = len(variable) + len(_compact(body))
    remaining = bytes((length,)) if length < 128 else bytes((length & 127 | 128, length >> 7))
    return b"\x32" + remaining + variable + _compact(body) + bytes(_TLS_RECORD)


def _compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


# -- rates ------------------------------------------------------------------------------------------------------------


def _rates(interpreter: list[str], paths: dict[str, Path], codec: str) -> dict[str, float]:
    """Run `bench_wire_rate` in an interpreter of its own, with the codec's folder on its path."""
    command = [*interpreter, bench_wire_rate.__file__, codec, str(paths[codec])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def _pure_cbor2() -> Path | None:
    """A folder with cbor2 in Python alone; installed there by pip when it is not yet."""
    folder = Path(platformdirs.user_cache_dir("anju", appauthor=False)) / "bench" / _PURE.replace("==", "-")
    if not (folder / "cbor2").is_dir():
        wheel = ["--no-deps", "--platform", "any", "--implementation", "py", "--only-binary=:all:"]
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), *wheel, _PURE]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            return None
    return folder
