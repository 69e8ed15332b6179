"""Presence and activity operators against loops, and what they are for."""

import numpy as np
import pytest

from anju_hub.core import activity, presence
from anju_hub.core.grid import STRONG, WEAK
from tests import naive

RNG = np.random.default_rng(5)
N = 40


def some(low, high):
    return np.exp(RNG.uniform(np.log(low), np.log(high), N))


def test_silent_equals_the_loop():
    args = some(1e-3, 1), some(1e-4, 0.1), RNG.integers(0, 6, N).astype(float), some(1e-7, 1e-2), some(1e-6, 1e-2)
    operator = presence.silent(*args)
    for i in range(N):
        np.testing.assert_allclose(operator[i], naive.presence_silent(*(a[i] for a in args)), rtol=1e-9, atol=1e-15)


def test_moved_equals_the_loop():
    args = RNG.choice([WEAK, STRONG], N), some(1e-3, 1), some(0.05, 0.9), some(1e-4, 1e-2), some(1e-6, 1e-2)
    operator = presence.moved(*args)
    for i in range(N):
        np.testing.assert_allclose(operator[i], naive.presence_moved(*(a[i] for a in args)), rtol=1e-9)


def test_passed_equals_the_loop():
    args = some(0.1, 0.9), some(0.1, 100), RNG.random(N) < 0.5
    operator = presence.passed(*args)
    for i in range(N):
        np.testing.assert_allclose(operator[i], naive.presence_passed(*(a[i] for a in args)), rtol=1e-9)


@pytest.mark.parametrize("states", [3, 4])
def test_advance_equals_the_loop(states):
    belief, operator = RNG.dirichlet(np.ones(states), N), RNG.random((N, states, states))
    kernel = presence.advance if states == 3 else activity.advance
    after = kernel(belief, operator)
    for i in range(N):
        np.testing.assert_allclose(after[i], naive.advance(belief[i], operator[i]), atol=1e-9)


def test_silent_minutes_of_activity_are_powers_of_one():
    hour = np.array([3, 15])
    one = activity.silent(hour, np.array([1, 1]))
    five = activity.silent(hour, np.array([5, 5]))
    start = activity.begin(2)
    stepwise = start
    for _ in range(5):
        stepwise = activity.advance(stepwise, one)
    np.testing.assert_allclose(activity.advance(start, five), stepwise, atol=1e-6)


def test_silence_at_home_does_not_become_absence_where_exits_are_seen():
    """A day of silence after movement: motionless, not gone."""
    belief = np.array([[0.001, 0.999, 0.0]])
    hour = np.array([60.0])
    for _ in range(24):
        step = presence.silent(np.array([0.014]), np.array([0.004]), hour, np.array([5e-7]), np.array([1e-5]))
        belief = presence.advance(belief, step)
    assert belief[0, presence.AWAY] < 0.5
    assert belief[0, presence.STUCK] > 0.3
