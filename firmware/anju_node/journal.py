"""An append-only journal in segment files: the one place where a node keeps what must survive a power cut.

A frame is `kind (1) | length (2) | CRC-32 (4) | payload`. `append` returns after the file system has synced the
frame. A torn last frame (power lost while writing) fails its checksum and ends the segment; the next append
starts a new one. Segments are numbered files; the oldest are deleted when nothing in them is needed any more.
"""

import os
import struct
from binascii import crc32

from anju_wire._compat import TYPE_CHECKING
from anju_wire.errors import LocalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    Frame = tuple[int, bytes, int, int, int]

_HEADER = "<BHI"
_HEADER_BYTES = struct.calcsize(_HEADER)
MAX_PAYLOAD = 1024


def _checksum(kind: int, payload: bytes) -> int:
    return crc32(payload, kind)


class Journal:
    """Frames in segments `root/00000001` and on; a position is `(segment number, offset)`."""

    def __init__(self, root: str, segment_bytes: int) -> None:
        self._root = root
        self._segment_bytes = segment_bytes
        self._file: "BinaryIO | None" = None
        self.segment = 0
        self.offset = 0
        self.on_new_segment: "Callable[[], None] | None" = None

    def _path(self, number: int) -> str:
        return "%s/%08d" % (self._root, number)

    def segments(self) -> "list[int]":
        """Numbers of the segments on flash, oldest first."""
        try:
            return sorted(int(name) for name in os.listdir(self._root))
        except OSError:
            os.mkdir(self._root)
            return []

    def resume(self, segment: int, offset: int) -> None:
        """Continue after the frame that ended at `(segment, offset)`, as RTC memory remembers it."""
        self.segment, self.offset = segment, offset

    def start_segment(self) -> None:
        """Open the next segment; its first frames are the caller's snapshot (`on_new_segment`)."""
        self.close()
        self.segment += 1
        self.offset = 0
        if self.on_new_segment:
            self.on_new_segment()

    def append(self, kind: int, payload: bytes) -> "tuple[int, int]":
        """Write one frame durably; returns its position. Raises LocalError when the payload is too long."""
        if len(payload) > MAX_PAYLOAD:
            raise LocalError("journal frame of %d bytes is over %d" % (len(payload), MAX_PAYLOAD))
        if not self.segment or self.offset >= self._segment_bytes:
            self.start_segment()
        if self._file is None:
            self._file = open(self._path(self.segment), "ab")
        position = (self.segment, self.offset)
        self._file.write(struct.pack(_HEADER, kind, len(payload), _checksum(kind, payload)) + payload)
        self._file.flush()
        self.offset += _HEADER_BYTES + len(payload)
        return position

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def drop_before(self, segment: int) -> int:
        """Delete the segments older than `segment`; how many went."""
        old = [number for number in self.segments() if number < segment]
        for number in old:
            os.remove(self._path(number))
        return len(old)

    def frames(self, segment: int, offset: int) -> "Iterator[Frame]":
        """Every whole frame from a position on, as `(kind, payload, segment, offset, end offset)`."""
        for number in self.segments():
            if number < segment:
                continue
            start = offset if number == segment else 0
            try:
                file = open(self._path(number), "rb")
            except OSError:
                continue
            try:
                for frame in self._read(file, number, start):
                    yield frame
            finally:
                file.close()

    def _read(self, file: "BinaryIO", number: int, offset: int) -> "Iterator[Frame]":
        file.seek(offset)
        while True:
            header = file.read(_HEADER_BYTES)
            if len(header) < _HEADER_BYTES:
                return
            kind, length, checksum = struct.unpack(_HEADER, header)
            if length > MAX_PAYLOAD:
                return
            payload = file.read(length)
            if len(payload) < length or _checksum(kind, payload) != checksum:
                return
            end = offset + _HEADER_BYTES + length
            yield kind, payload, number, offset, end
            offset = end
