"""Mutated packets against every decoder: `python tests/fuzz.py [--packets 10000000] [--seed 1] [--target NAME]`.

Ends with 1 at the first fault (an exception that is no PeerError, or a packet that takes longer than a few seconds) and
says how to see it again.  Progress goes to standard error, one JSON object with what was done to standard output.
"""

import argparse
import json
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / "shared"))

from fuzz_targets import TARGETS, Mutator, attack, seeds

BATCH = 2_000
HANG_S = 5  # for one batch, which takes a fraction of a second


class Fault(Exception):
    """A target did what it must never do with this packet."""

    def __init__(self, target: str, data: bytes, why: str) -> None:
        super().__init__(f"target={target} {why}\n  again: python tests/fuzz.py --target {target} --hex {data.hex()}")


class Hang(Exception):
    """The alarm that ends a batch that does not end."""


def _alarm(_number: int, _frame: FrameType | None) -> None:
    raise Hang


def batch(name: str, target: Any, pool: list[bytes], number: int, packets: int) -> int:
    """How many of the packets of one batch were taken; Fault for the first that is neither taken nor refused."""
    mutator, taken, data = Mutator(number), 0, b""
    signal.setitimer(signal.ITIMER_REAL, HANG_S * max(1, packets // BATCH))
    try:
        for _ in range(packets):
            data = mutator.mutate(pool)
            taken += attack(target, data)
    except Hang as error:
        raise Fault(name, data, f"hangs (or the batch took more than {HANG_S} s)") from error
    except Exception as error:  # whatever it is, it is the finding
        raise Fault(name, data, repr(error)) from error
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return taken


def run(packets: int, seed: int, only: str | None = None) -> dict[str, dict[str, int]]:
    """`{target: {"packets": …, "taken": …}}`; Fault at the first one."""
    signal.signal(signal.SIGALRM, _alarm)
    pools = seeds()
    targets = [
        (name, target, [data for file in files for data in pools[file]])
        for name, target, files in TARGETS
        if only in (None, name)
    ]
    found = {name: {"packets": 0, "taken": 0} for name, _, _ in targets}
    started, number, done = time.monotonic(), seed << 32, 0
    while done < packets:
        name, target, pool = targets[number % len(targets)]
        size = min(BATCH, packets - done)
        found[name]["taken"] += batch(name, target, pool, number, size)
        found[name]["packets"] += size
        done, number = done + size, number + 1
        if number % 25 == 0 or done == packets:
            rate = done / (time.monotonic() - started)
            left = (packets - done) / rate
            print(f"\r{done:,} of {packets:,}  {rate:,.0f}/s  {left:,.0f} s left ", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--packets", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--target", choices=[name for name, _, _ in TARGETS])
    parser.add_argument("--hex", help="one packet again, with its traceback")
    options = parser.parse_args()
    if options.hex is not None:
        for name, target, _ in TARGETS:
            if options.target in (None, name):
                print(name, "taken" if attack(target, bytes.fromhex(options.hex)) else "refused")
        return 0
    try:
        found = run(options.packets, options.seed, options.target)
    except Fault as fault:
        print(f"\nFAULT {fault}", file=sys.stderr)
        return 1
    print(
        json.dumps({"packets": sum(row["packets"] for row in found.values()), "seed": options.seed, "targets": found})
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
