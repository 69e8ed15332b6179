"""How often a second a codec encodes and decodes a report of one door record: python bench_wire_rate.py CODEC FOLDER

Runs under CPython and MicroPython as a script of its own; prints JSON. CODEC is `anju` or `cbor2`, FOLDER holds it.
"""

import json
import sys
import time

TYPE_CHECKING = False  # MicroPython has no typing
if TYPE_CHECKING:
    from collections.abc import Callable

REPORT = [300, 100000, {1: 250, 4: True, 5: 45000}]
_SECONDS = 0.4
_CHUNK = 200


def codec(name: str, folder: str) -> "dict[str, Callable[[], object]]":
    """(encode, decode) of plain values, and of checked reports where the codec knows them."""
    sys.path.insert(0, folder)
    if name == "cbor2":
        import cbor2

        if "_cbor2" in getattr(cbor2.loads, "__module__", ""):
            raise SystemExit("this cbor2 is not the one in Python alone")
        return {"encode": lambda: cbor2.dumps(REPORT), "decode": lambda: cbor2.loads(DATA)}
    from anju_wire import cbor, report

    record = {"kind": 1, "age_ms": 250, "open": True, "transitions": 45000}
    return {
        "encode": lambda: cbor.encode(REPORT),
        "decode": lambda: cbor.decode(DATA),
        "report_encode": lambda: report.encode_report(300, 100000, [record]),
        "report_decode": lambda: report.decode_report(DATA),
    }


DATA = b"\x83\x19\x01\x2c\x1a\x00\x01\x86\xa0\xa3\x01\x18\xfa\x04\xf5\x05\x19\xaf\xc8"


def rate(action: "Callable[[], object]") -> float:
    """Calls a second."""
    action()
    count = 0
    start = time.time()
    while True:
        for _ in range(_CHUNK):
            action()
        count += _CHUNK
        elapsed = time.time() - start
        if elapsed >= _SECONDS:
            return count / elapsed


def main() -> None:
    actions = codec(sys.argv[1], sys.argv[2])
    print(json.dumps({name + "_per_s": rate(actions[name]) for name in sorted(actions)}))


if __name__ == "__main__":
    main()
