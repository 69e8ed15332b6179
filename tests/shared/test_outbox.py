"""Journal and outbox, on both interpreters; power cuts under MicroPython's littlefs."""

import folder
from anju_node.outbox import Outbox

_SEGMENT = 1024


def _outbox(root, segments=8):
    return Outbox(root + "/journal", _SEGMENT, segments)


def _fresh(root=None, segments=8):
    box = _outbox(root or folder.make(), segments)
    box.recover()
    return box


def _waiting(box):
    return [(epoch, sequence, fields["n"]) for epoch, sequence, _, fields in box.peek()]


def test_records_come_out_in_order_until_acknowledged():
    box = _fresh()
    for n in range(5):
        box.append(n, {"n": n})
    assert _waiting(box) == [(1, n, n) for n in range(5)]
    box.acknowledge(1, 2)
    assert _waiting(box) == [(1, 3, 3), (1, 4, 4)]
    assert box.waiting == 2


def test_a_power_cut_keeps_what_waits_and_opens_an_epoch():
    root = folder.make()
    box = _fresh(root)
    for n in range(4):
        box.append(n, {"n": n})
    box.acknowledge(1, 0)
    box.keep_counters((7,))
    box.reserve(64)
    box.keep_clock(1000)
    box.close()
    box = _fresh(root)
    assert (box.epoch, box.sequence, box.resets) == (2, 0, 2)
    assert (box.counters, box.reserved, box.clocks) == ((7,), 64, {1: 1000})
    box.append(0, {"n": 100})
    assert _waiting(box) == [(1, 1, 1), (1, 2, 2), (1, 3, 3), (2, 0, 100)]


def test_deep_sleep_goes_on_from_rtc_memory():
    root = folder.make()
    box = _fresh(root)
    box.append(0, {"n": 0})
    box.append(1, {"n": 1})
    box.acknowledge(1, 0)
    box.close()
    woken = _outbox(root)
    woken.load(box.save())
    woken.append(2, {"n": 2})
    assert _waiting(woken) == [(1, 1, 1), (1, 2, 2)]
    woken.acknowledge(1, 2)
    assert _waiting(woken) == []


def test_segments_are_deleted_when_everything_in_them_is_acknowledged():
    root = folder.make()
    box = _fresh(root)
    for n in range(120):
        box.append(n, {"n": n})
        box.acknowledge(1, n)
    assert len(box._journal.segments()) <= 2
    box.close()
    assert _waiting(_fresh(root)) == []


def test_a_full_outbox_drops_the_oldest_and_counts_them():
    box = _fresh(segments=3)
    for n in range(200):
        box.append(n, {"n": n})
    left = _waiting(box)
    assert left[-1] == (1, 199, 199)
    assert len(left) == box.waiting
    assert box.dropped == 200 - len(left) > 0
    assert [n for _, _, n in left] == list(range(200 - len(left), 200))


def test_a_torn_frame_ends_its_segment_and_costs_one_record():
    root = folder.make()
    box = _fresh(root)
    box.append(0, {"n": 0})
    box.append(1, {"n": 1})
    box.close()
    path = root + "/journal/%08d" % box._journal.segment
    with open(path, "rb") as file:
        data = file.read()
    with open(path, "wb") as file:
        file.write(data[:-3])
    box = _fresh(root)
    assert _waiting(box) == [(1, 0, 0)]
    box.append(0, {"n": 9})
    assert _waiting(box) == [(1, 0, 0), (2, 0, 9)]


def _work(root, done):
    """What a node does, told step by step in `done`: (last durable record, last acknowledged, reserved)."""
    box = _fresh(root)
    for n in range(30):
        box.append(n, {"n": n})
        done[0] = n
        if n % 7 == 6:
            done[1] = n - 2  # the hub has it from here on, whatever becomes of our note
            box.acknowledge(box.epoch, n - 2)
        if n % 5 == 0:
            done[2] = 16 * (n + 1)
            box.reserve(16 * (n + 1))
            done[3] = done[2]
    box.close()


def test_a_cut_at_any_write_loses_at_most_the_record_being_written():
    if not folder.micropython():
        return  # the block device that fails is littlefs's
    flash = folder.Flash()
    root = folder.mount(flash)
    before = flash.changes
    _work(root, [-1, -1, 0, 0])
    total = flash.changes - before
    assert total > 60
    for cut in range(0, total, 3):
        flash = folder.Flash()
        root = folder.mount(flash)
        done = [-1, -1, 0, 0]
        flash.cut_after = cut
        try:
            _work(root, done)
            raise AssertionError("the power was not cut")
        except OSError:
            pass
        dead = flash.data
        flash = folder.Flash()
        flash.data = dead
        box = _fresh(folder.mount(flash, False))
        waiting = [n for _, _, n in _waiting(box)]
        assert waiting == sorted(waiting)
        if waiting:
            assert waiting[-1] in (done[0], done[0] + 1)
            assert waiting[0] <= done[1] + 1
            assert waiting == list(range(waiting[0], waiting[-1] + 1))
        else:
            assert done[1] >= done[0] or done[0] == -1
        assert box.reserved >= done[3], "a sequence number that may have been used is used again"


def test_a_record_that_the_hub_refuses_is_counted_and_out_of_the_way():
    box = _fresh()
    for n in range(3):
        box.append(n, {"n": n})
    box.give_up(1, 0)
    assert (box.dropped, _waiting(box)) == (1, [(1, 1, 1), (1, 2, 2)])
