"""From the outbox to one report: which records go together, and how old they are by now."""

from anju_wire._compat import TYPE_CHECKING
from anju_wire.report import ReportBuilder

if TYPE_CHECKING:
    from anju_node.outbox import Outbox

# An age that nothing is known of (power was lost before the first contact): half a year either way.
UNKNOWN_AGE_ERROR_MS = 15768000000


class Batch:
    """One encoded report: records `sequence` to `last` of `epoch`."""

    def __init__(self, epoch: int, sequence: int, limit_bytes: int) -> None:
        self.epoch = epoch
        self.sequence = sequence
        self.last = sequence - 1
        self.builder = ReportBuilder(epoch, sequence, limit_bytes)


def collect(outbox: "Outbox", limit_bytes: int, now_ms: int, epoch: "int | None" = None) -> "Batch | None":
    """The oldest unacknowledged records of one epoch (`epoch`, or the first waiting) that fit; None if none waits."""
    batch = None
    for of_epoch, sequence, t_ms, fields in outbox.peek():
        if epoch is not None and of_epoch != epoch:
            continue
        if batch is None:
            batch = Batch(of_epoch, sequence, limit_bytes)
        elif of_epoch != batch.epoch or sequence != batch.last + 1:
            break
        fields["age_ms"], fields["age_error_ms"] = _age(outbox, of_epoch, t_ms, now_ms)
        if not batch.builder.add(fields):
            break
        batch.last = sequence
    return batch


def needs_clock(outbox: "Outbox", epoch: int) -> bool:
    """Whether records of an earlier epoch wait whose age can be told once the hub has given us the time."""
    return epoch != outbox.epoch and epoch in outbox.clocks and outbox.epoch not in outbox.clocks


def _age(outbox: "Outbox", epoch: int, t_ms: int, now_ms: int) -> "tuple[int, int]":
    """(age, uncertainty) [ms]. Within the epoch it is exact; over a power cut both epochs must have met the hub."""
    if epoch == outbox.epoch:
        return max(0, now_ms - t_ms), 0
    clocks = outbox.clocks
    if epoch in clocks and outbox.epoch in clocks:
        return max(0, now_ms + clocks[outbox.epoch] - t_ms - clocks[epoch]), 0
    return now_ms, UNKNOWN_AGE_ERROR_MS
