"""Virtual board: the HAL on MicroPython's Unix port, with pins, RTC memory, flash and deep sleep from a rig.

The rig (`anju_tools.rig`) owns time. File descriptor 3 is a line protocol to it; each answer carries the simulated
time, which stands still while the node computes. Flash is littlefs in a file that the rig names. Deep sleep ends
the process; the rig starts it again, with the RTC memory it was given.

    H                          -> <now> <woke> <reset reason> <wake pin> <wake level> <rtc hex|->
    W <until|->                -> <now> T | <now> E <pin> <level> | <now> D      wait: time, edge, datagram
    L <pin>                    -> <now> <level>
    B                          -> <now> <battery mV>
    S <until> <pin> <level|-> <rtc hex>        deep sleep (no answer)
"""

import gc
import os
import socket
import sys
from binascii import hexlify, unhexlify

import micropython
import vfs

_CONTROL_FD = 3
_BLOCK = 4096
_GC_THRESHOLD = 8192  # collect early: garbage that lives long breaks the free heap into pieces
_ERASED = b"\xff" * 256
_TICKS_MASK = 0x3FFFFFFF  # MicroPython's ticks wrap like this on every port


class FileFlash:
    """NOR flash in a file: erase sets ones, a write takes whole or partial blocks (littlefs block protocol)."""

    def __init__(self, path):
        self._file = open(path, "r+b")
        self._blocks = self._file.seek(0, 2) // _BLOCK

    def readblocks(self, block, buffer, offset=0):
        self._file.seek(block * _BLOCK + offset)
        self._file.readinto(buffer)

    def writeblocks(self, block, buffer, offset=None):
        if offset is None:
            self.ioctl(6, block)
            offset = 0
        self._file.seek(block * _BLOCK + offset)
        self._file.write(buffer)

    def ioctl(self, operation, argument):
        if operation == 4:
            return self._blocks
        if operation == 5:
            return _BLOCK
        if operation == 6:
            self._file.seek(argument * _BLOCK)
            for _ in range(_BLOCK // len(_ERASED)):
                self._file.write(_ERASED)
        return 0


def mount(path, root="/flash"):
    """Mount the flash file at `root`; format it when it holds no file system yet."""
    flash = FileFlash(path)
    try:
        vfs.mount(vfs.VfsLfs2(flash), root)
    except OSError:
        vfs.VfsLfs2.mkfs(flash)
        vfs.mount(vfs.VfsLfs2(flash), root)
    return root


class VirtualHal:
    """The board as the node sees it; `hal/esp32.py` has the same methods."""

    def __init__(self, flash_path):
        gc.threshold(_GC_THRESHOLD)
        self._control = open(_CONTROL_FD, "r+b")
        self._ring = None
        self._pin = None
        self._link = None
        fields = self._ask("H")
        self._now = int(fields[0])
        self.woke_ms = int(fields[1])
        self.reset_reason = int(fields[2])
        self.wake_pin = int(fields[3])
        self.wake_level = int(fields[4])
        self._rtc = b"" if fields[5] == "-" else unhexlify(fields[5])
        self.root = mount(flash_path)

    def _ask(self, line):
        self._control.write(line.encode() + b"\n")
        answer = self._control.readline()
        if not answer:
            sys.exit(1)  # the rig cut the power
        return answer.decode().split()

    def _reply(self, line):
        fields = self._ask(line)
        self._now = int(fields[0])
        return fields[1:]

    def now_ms(self):
        """Milliseconds since the cold boot, deep sleep included."""
        return self._now

    def ticks_since(self, ticks):
        return (self._now - ticks) & _TICKS_MASK

    def on_edge(self, pin, ring):
        """Edges of `pin` go to `ring` from interrupt context."""
        self._pin = pin
        self._ring = ring

    def level(self, pin):
        return int(self._reply("L %d" % pin)[0])

    def battery_mv(self):
        return int(self._reply("B")[0])

    def wait(self, until_ms):
        """Light sleep until a time, an edge or a datagram; what happened: "T", "E" or "D"."""
        event = self._reply("W %s" % ("-" if until_ms is None else until_ms))
        if event[0] == "E" and int(event[1]) == self._pin:
            ticks = self._now & _TICKS_MASK
            level = int(event[2])
            push = self._ring.push
            micropython.heap_lock()  # an interrupt handler that allocates fails here as it does on the chip
            try:
                push(0, level, ticks)
            finally:
                micropython.heap_unlock()
        return event[0]

    def udp(self, host, port):
        return UdpLink(self, host, port)

    def rtc_memory(self):
        return self._rtc

    def random_byte(self):
        return os.urandom(1)[0]

    def log(self, text):
        sys.stderr.write(text + "\n")

    def deep_sleep(self, until_ms, pin, wake_level, rtc):
        """End this run; the rig wakes the board at a time, or when `pin` has `wake_level` (None: timer only)."""
        level = "-" if wake_level is None else wake_level
        self._control.write(("S %d %d %s %s\n" % (until_ms, pin, level, hexlify(rtc).decode())).encode())
        sys.exit(0)


class UdpLink:
    """A connected UDP socket. A refused port (hub down) is silence, as it is behind a real access point."""

    def __init__(self, hal, host, port):
        self._hal = hal
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect(socket.getaddrinfo(host, port)[0][-1])
        self._socket.setblocking(False)

    def send(self, data):
        try:
            self._socket.send(data)
        except OSError as error:
            self._hal.log("send: %s" % error)

    def receive(self, until_ms):
        """The next datagram, or None when `until_ms` passed. Edges meanwhile go to the ring."""
        while True:
            try:
                data = self._socket.recv(1280)
                if data:
                    return data
            except OSError:
                data = None
            event = self._hal.wait(until_ms)
            if event == "T":
                return None

    def close(self):
        self._socket.close()
