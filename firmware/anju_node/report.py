"""From the outbox to one report: which records go together, and how old they are by now."""

from anju_wire.report import encode_report

# An age that nothing is known of (power was lost before the first contact): half a year either way.
UNKNOWN_AGE_ERROR_MS = 15768000000


def collect(outbox, limit_bytes, now_ms):
    """The oldest unacknowledged records of one epoch that fit, as `(epoch, sequence, records)`, or None."""
    batch = None
    size = 8
    for epoch, sequence, t_ms, fields in outbox.peek():
        if batch and (epoch != batch[0] or sequence != batch[1] + len(batch[2])):
            break
        age = _age(outbox, epoch, t_ms, now_ms)
        record = dict(fields)
        record["age_ms"] = age[0]
        if age[1]:
            record["age_error_ms"] = age[1]
        size += 12 + 6 * len(record)
        if batch and size > limit_bytes:
            break
        if not batch:
            batch = (epoch, sequence, [])
        batch[2].append(record)
    return batch


def needs_clock(outbox, epoch):
    """Whether records of an earlier epoch wait whose age can be told once the hub has given us the time."""
    return epoch != outbox.epoch and epoch in outbox.clocks and outbox.epoch not in outbox.clocks


def _age(outbox, epoch, t_ms, now_ms):
    """(age, uncertainty) [ms]. Within the epoch it is exact; over a power cut both epochs must have met the hub."""
    if epoch == outbox.epoch:
        return max(0, now_ms - t_ms), 0
    clocks = outbox.clocks
    if epoch in clocks and outbox.epoch in clocks:
        return max(0, now_ms + clocks[outbox.epoch] - t_ms - clocks[epoch]), 0
    return now_ms, UNKNOWN_AGE_ERROR_MS


def payload(batch):
    return encode_report(batch[0], batch[1], batch[2])
