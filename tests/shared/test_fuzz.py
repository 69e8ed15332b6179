"""A short attack on every decoder, on both interpreters; `make fuzz` is the long one."""

from fuzz_targets import TARGETS, Mutator, attack, seeds

_PACKETS = 150  # for each target


def test_mutated_vectors_are_taken_or_refused():
    pools = seeds()
    for name, target, files in TARGETS:
        pool = [data for file in files for data in pools[file]]
        mutator, taken = Mutator(7), 0
        for _ in range(_PACKETS):
            data = mutator.mutate(pool)
            try:
                taken += 1 if attack(target, data) else 0
            except Exception:
                print(name, data.hex())
                raise
        assert taken < _PACKETS or name in ("chunks", "exchange", "blocks"), name


def test_the_same_number_gives_the_same_packets():
    pool = [bytes(range(40)), b"abc"]
    first, second = Mutator(3), Mutator(3)
    packets = [first.mutate(pool) for _ in range(50)]
    assert packets == [second.mutate(pool) for _ in range(50)] and len(set(packets)) > 40
