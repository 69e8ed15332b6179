"""Reports and answers, SPEC 5: the payloads of `POST /r` and of its 2.04."""

from . import cbor
from ._compat import TYPE_CHECKING
from .errors import LocalError, PeerError
from .numbers import MAX_ANSWER_BYTES, MAX_COUNT, MAX_RECORDS, MAX_REPORT_BYTES
from .record import check, pack, pack_table, unpack_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

EPOCH = (0, "epoch", 0, 0xFFFFFFFF, 0)
SEQUENCE = (1, "sequence", 0, MAX_COUNT, 0)
_ANSWER = ((0, "time_ms", 0, MAX_COUNT, 0),)
HEAD = 2  # elements before the records
_ARRAY = 4  # major type


class Report:
    """`records[i]` is the record `sequence + i` of boot `epoch` of the node that sent it."""

    def __init__(self, epoch: int, sequence: int, records: "list[dict[Any, Any]]") -> None:
        self.epoch = epoch
        self.sequence = sequence
        self.records = records


class ReportBuilder:
    """Fills one report record by record up to `limit` bytes of CBOR; each record is encoded once."""

    def __init__(self, epoch: int, sequence: int, limit: int = MAX_REPORT_BYTES) -> None:
        check(EPOCH, epoch, LocalError)
        check(SEQUENCE, sequence, LocalError)
        self.count = 0
        self._limit = limit
        self._body = bytearray()
        cbor.append(self._body, epoch)
        cbor.append(self._body, sequence)

    def add(self, record: "Mapping[Any, object]") -> bool:
        """Append `record` and say True, or leave the report as it is and say False when it would not fit."""
        if self.count == MAX_RECORDS:
            return False
        length = len(self._body)
        cbor.append(self._body, pack(record))
        array_head = 1 if self.count + 1 + HEAD < 24 else 2
        if array_head + len(self._body) > self._limit:
            self._body = self._body[:length]
            return False
        self.count += 1
        return True

    def finish(self) -> bytes:
        """The report; LocalError if it holds no record (SPEC 5.1)."""
        if self.count == 0:
            raise LocalError("a report needs a record")
        out = bytearray()
        cbor.append_head(out, _ARRAY, HEAD + self.count)
        out.extend(self._body)
        return bytes(out)


def encode_report(epoch: int, sequence: int, records: "Iterable[Mapping[Any, object]]") -> bytes:
    """A report of all `records`; LocalError if one is wrong or they do not fit (SPEC 8)."""
    builder = ReportBuilder(epoch, sequence)
    for record in records:
        if not builder.add(record):
            raise LocalError("too many records for one report")
    return builder.finish()


def decode_report(data: bytes) -> Report:
    """The report in `data`; PeerError if it breaks SPEC 4, 5 or 8."""
    from .report_decoder import decode_report  # a node has no use for this half: it loads when called

    return decode_report(data)


def encode_answer(answer: "Mapping[Any, object]") -> bytes:
    """The answer to a report, SPEC 5.3: `{"time_ms": UTC in ms since 1970}`, further keys as integers."""
    data = cbor.encode(pack_table(_ANSWER, answer))
    if len(data) > MAX_ANSWER_BYTES:
        raise LocalError("answer is too large")
    return data


def decode_answer(data: bytes) -> "dict[Any, Any]":
    """The named fields of an answer; keys that are not known stay integers."""
    if len(data) > MAX_ANSWER_BYTES:
        raise PeerError("answer is too large")
    return unpack_table(_ANSWER, cbor.decode(data), "answer")
