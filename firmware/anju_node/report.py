"""From the outbox to one report: which records go together, and how old they are by now."""

from anju_wire._compat import TYPE_CHECKING
from anju_wire.report import ReportBuilder

if TYPE_CHECKING:
    from anju_node.outbox import Outbox

# An age that nothing is known of (power was lost before the first contact): half a year either way.
UNKNOWN_AGE_ERROR_MS = 15768000000


class Batch:
    """One report: records `sequence` to `last` of `epoch`. `for_time`: sent ahead of its turn, to learn the time."""

    def __init__(self, epoch: int, sequence: int, limit_bytes: int, for_time: bool) -> None:
        self.epoch = epoch
        self.sequence = sequence
        self.last = sequence - 1
        self.for_time = for_time
        self.builder = ReportBuilder(epoch, sequence, limit_bytes)


def next_batch(outbox: "Outbox", limit_bytes: int, now_ms: int, most: int) -> Batch:
    """The oldest unacknowledged records of one epoch, as many as fit.

    Records of an earlier epoch whose age can be told once the hub has given us the time let the first record of this
    epoch go ahead; it is sent again in its turn, which changes nothing at the hub.
    """
    first = next(outbox.peek())[0]
    for_time = first != outbox.epoch and first in outbox.clocks and outbox.epoch not in outbox.clocks
    return _collect(outbox, limit_bytes, now_ms, outbox.epoch if for_time else first, most, for_time)


def _collect(outbox: "Outbox", limit_bytes: int, now_ms: int, of_epoch: int, most: int, for_time: bool) -> Batch:
    batch = None
    for epoch, sequence, t_ms, fields in outbox.peek():
        if epoch != of_epoch:
            if batch is not None:
                break
            continue
        if batch is None:
            batch = Batch(epoch, sequence, limit_bytes, for_time)
        fields["age_ms"], fields["age_error_ms"] = _age(outbox, epoch, t_ms, now_ms)
        if sequence != batch.last + 1 or batch.builder.count >= most or not batch.builder.add(fields):
            break
        batch.last = sequence
    assert batch is not None, "an epoch's cold boot always leaves a record"
    return batch


def _age(outbox: "Outbox", epoch: int, t_ms: int, now_ms: int) -> "tuple[int, int]":
    """(age, uncertainty) [ms]. Within the epoch it is exact; over a power cut both epochs must have met the hub."""
    if epoch == outbox.epoch:
        return max(0, now_ms - t_ms), 0
    clocks = outbox.clocks
    if epoch in clocks and outbox.epoch in clocks:
        return max(0, now_ms + clocks[outbox.epoch] - t_ms - clocks[epoch]), 0
    return now_ms, UNKNOWN_AGE_ERROR_MS
