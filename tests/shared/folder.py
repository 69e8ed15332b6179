"""A folder to write in, on both interpreters: littlefs in RAM under MicroPython, a temporary folder under CPython.

Under MicroPython the block device can lose power at its Nth write or erase (`Flash.cut_after`).
"""

import sys

_BLOCK = 512


class PowerCut(Exception):
    pass


class Flash:
    """RAM block device for littlefs; `cut_after` writes and erases from now, power fails and nothing more is kept."""

    def __init__(self, blocks=64):
        self.data = bytearray(b"\xff" * (_BLOCK * blocks))
        self.blocks = blocks
        self.cut_after = -1
        self.changes = 0
        self.dead = False

    def readblocks(self, block, buffer, offset=0):
        if self.dead:
            return -5
        start = block * _BLOCK + offset
        buffer[:] = self.data[start : start + len(buffer)]

    def writeblocks(self, block, buffer, offset=None):
        if offset is None:
            self.ioctl(6, block)
            offset = 0
        if self.dead:  # finalisers of files that were open write once more
            return -5
        self._change()
        start = block * _BLOCK + offset
        self.data[start : start + len(buffer)] = buffer

    def ioctl(self, operation, argument):
        if operation == 4:
            return self.blocks
        if operation == 5:
            return _BLOCK
        if operation == 6:
            if self.dead:
                return -5
            self._change()
            start = argument * _BLOCK
            self.data[start : start + _BLOCK] = b"\xff" * _BLOCK
        return 0

    def _change(self):
        if self.cut_after == 0:
            self.dead = True
            raise OSError(5)
        if self.cut_after > 0:
            self.cut_after -= 1
        self.changes += 1


def micropython():
    return sys.implementation.name == "micropython"


_mounted = []


def mount(flash, fresh=True):
    """Mount littlefs of `flash` (MicroPython only) and return its root; what was mounted before is let go."""
    import gc

    import vfs

    if _mounted:
        vfs.umount(_mounted.pop())
    gc.collect()
    if fresh:
        vfs.VfsLfs2.mkfs(flash)
    vfs.mount(vfs.VfsLfs2(flash), "/test")
    _mounted.append("/test")
    return "/test"


def make():
    """A new empty folder."""
    if micropython():
        return mount(Flash())
    import tempfile

    return tempfile.mkdtemp()
