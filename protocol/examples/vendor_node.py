"""A door node in plain Python, written from SPEC.md with aiocoap and cbor2: python vendor_node.py NODE.json

NODE.json is what `anju hub enrol` (or `anju conform node --keys`) writes. Everything that must outlive a power cut is
in the folder --state. The door is played: it moves every --every seconds; put a real contact in place of `play_door`.
"""

import argparse
import asyncio
import json
import os
import random
from pathlib import Path

import aiocoap
import cbor2

DOOR, HEALTH = 1, 4  # kinds, SPEC 4.2
CBOR = 60  # Content-Format, SPEC 3.2
LIMIT = 16  # records in a report, SPEC 8.1 allows 64
REFUSED = (aiocoap.BAD_REQUEST, aiocoap.REQUEST_ENTITY_TOO_LARGE)  # SPEC 6.5
POWER_ON = 1  # reset_reason, SPEC 4.6
UNKNOWN_AGE_ERROR_MS = 15_768_000_000  # half a year either way: the machine was restarted, nobody knows


class State:
    """What survives: epoch, numbers, totals, and the records that no hub has answered for yet."""

    def __init__(self, folder):
        self.path = folder / "state.json"
        self.data = {"epoch": 0, "next": 0, "transitions": 0, "starts": 0, "dropped": 0, "waiting": []}
        if self.path.exists():
            self.data = json.loads(self.path.read_text())
        self.data["epoch"] += 1  # SPEC 2.3: a cold boot, an epoch
        self.data["next"] = 0
        self.data["starts"] += 1
        self.save()

    def save(self):
        fresh = self.path.with_suffix(".new")
        with fresh.open("w") as file:
            json.dump(self.data, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)

    def append(self, now, kind, fields):
        """Number a record when it is made (SPEC 2.4), and keep it until it is answered (SPEC 6.1)."""
        self.data["waiting"].append([self.data["epoch"], self.data["next"], now, kind, fields])
        self.data["next"] += 1
        self.save()

    def batch(self, limit):
        """The oldest waiting records of one epoch."""
        waiting = self.data["waiting"]
        return [entry for entry in waiting[:limit] if entry[0] == waiting[0][0]]

    def forget(self, batch, dropped=0):
        self.data["dropped"] += dropped
        self.data["waiting"] = [entry for entry in self.data["waiting"] if entry not in batch]
        self.save()


class Node:
    """One node; times are seconds of the event loop's steady clock."""

    def __init__(self, file, folder, every_s):
        self.file, self.folder, self.every_s = file, folder, every_s
        self.state = State(folder)
        self.work = asyncio.Event()
        self.coap = None

    def now(self):
        return asyncio.get_running_loop().time()

    def record(self, kind, fields):
        self.state.append(self.now(), kind, fields)
        self.work.set()

    def beat(self):
        """A health record, SPEC 4.6."""
        starts, dropped = self.state.data["starts"], self.state.data["dropped"]
        self.record(HEALTH, {4: 3300, 5: starts, 6: starts, 7: dropped, 8: POWER_ON, 11: self.file["heartbeat_s"]})

    def move_door(self):
        """A transition, SPEC 4.3."""
        self.state.data["transitions"] += 1
        count = self.state.data["transitions"]
        self.record(DOOR, {4: count % 2 == 1, 5: count})

    async def play_door(self):
        while True:
            await asyncio.sleep(self.every_s)
            self.move_door()

    async def heartbeat(self):
        while True:
            self.beat()
            await asyncio.sleep(self.file["heartbeat_s"] * 0.8)

    def encode(self, batch):
        """A report, SPEC 5.1: ages are those of this moment (SPEC 4.8), so it is made anew for every attempt."""
        return cbor2.dumps([*batch[0][:2], *(self.encode_record(*entry) for entry in batch)])

    def encode_record(self, _epoch, _number, happened, kind, fields):
        age_s = self.now() - happened
        head = {} if kind == DOOR else {0: kind}
        head |= {1: round(age_s * 1000)} if age_s >= 0 else {1: 0, 3: UNKNOWN_AGE_ERROR_MS}
        return head | {int(key): value for key, value in fields.items()}

    async def post(self, payload):
        """The answer to a protected report, or None. aiocoap retransmits (6.3), protects, and answers Echo (7.3)."""
        uri = f"coap://{self.file['hub_host']}:{self.file['hub_port']}/r"
        request = aiocoap.Message(code=aiocoap.POST, uri=uri, payload=payload, content_format=CBOR)
        try:
            return await asyncio.wait_for(self.coap.request(request).response, 120)
        except (aiocoap.error.Error, ValueError, TimeoutError) as problem:  # also: not protected, not authentic (7.5)
            print(f"no answer: {problem!r}", flush=True)
            return None

    async def deliver(self):
        """Report what waits, oldest first, one request at a time; after a failure with a growing pause (SPEC 6.6)."""
        failures = 0
        single = 0  # so many records still go one by one, because a report with them was refused
        while True:
            if not self.state.data["waiting"]:
                self.work.clear()
                await self.work.wait()
            batch = self.state.batch(1 if single else LIMIT)
            answer = await self.post(self.encode(batch))
            if answer is not None and answer.code == aiocoap.CHANGED:
                self.state.forget(batch)  # SPEC 6.1: only now
                failures, single = 0, max(0, single - 1)
            elif answer is not None and answer.code in REFUSED and len(batch) == 1:
                self.state.forget(batch, dropped=1)  # SPEC 6.5: it will never be taken
                single = max(0, single - 1)
            elif answer is not None and answer.code in REFUSED:
                single = len(batch)
            else:
                await asyncio.sleep(self.pause(failures, answer))
                failures += 1

    def pause(self, failures, answer):
        """Seconds to wait after a failed attempt."""
        pause = min(3600, 15 * 2**failures) * random.uniform(1.0, 1.2)
        if answer is not None and answer.opt.max_age is not None:  # SPEC 6.4
            pause = max(pause, answer.opt.max_age + 1)
        return pause

    def security(self):
        """aiocoap keeps the OSCORE context of SPEC 7.1 in a folder and never repeats a number (SPEC 7.2)."""
        folder = self.folder / "oscore"
        if not folder.exists():
            folder.mkdir(mode=0o700)
            settings = {"sender-id_ascii": self.file["node"], "recipient-id_ascii": "H"}
            settings |= {"secret_hex": self.file["master_secret"], "salt_hex": self.file["master_salt"]}
            (folder / "settings.json").write_text(json.dumps(settings))
        return {f"coap://{self.file['hub_host']}:{self.file['hub_port']}/*": {"oscore": {"basedir": str(folder)}}}

    async def run(self):
        self.coap = await aiocoap.Context.create_client_context()
        self.coap.client_credentials.load_from_dict(self.security())
        try:
            await asyncio.gather(self.heartbeat(), self.play_door(), self.deliver())
        finally:
            await self.coap.shutdown()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, help="the node file")
    parser.add_argument("--state", type=Path, default=Path("node-state"), help="folder of what must survive")
    parser.add_argument("--every", type=float, default=20.0, help="seconds between two movements of the door")
    arguments = parser.parse_args()
    arguments.state.mkdir(parents=True, exist_ok=True)
    asyncio.run(Node(json.loads(arguments.file.read_text()), arguments.state, arguments.every).run())


if __name__ == "__main__":
    main()
