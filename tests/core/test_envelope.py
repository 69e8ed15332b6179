"""Records of silence, the envelope and the alarming age against loops; what budget and days do to them."""

import numpy as np
import pytest

from anju_hub.core import envelope as module
from anju_hub.core.envelope import Envelope, alarming, envelope
from tests import naive


def some_silences(n=60, contexts=3, seed=2):
    rng = np.random.default_rng(seed)
    return [
        (int(rng.integers(contexts)), int(rng.integers(5000, 9000)), int(np.exp(rng.uniform(3.1, 6.8))))
        for _ in range(n)
    ]


def test_records_equal_the_loop():
    silences = some_silences()
    records = Envelope(1, 3)
    for context, end, age in silences:
        one = np.array([0]), np.array([context]), np.array([end // 60 % 24]), np.array([end % 60]), np.array([age])
        records.ended(*one)
    np.testing.assert_array_equal(records.reached[0], naive.records(silences, 3))


def test_envelope_equals_the_loop():
    reached = naive.records(some_silences(), 3)
    got = envelope(reached[None], np.array([7.0]))[0]
    args = module._PRIOR_MIN, module._NEAR, module._NEAR_OTHER, module._OTHER
    np.testing.assert_allclose(got, naive.envelope(reached, 7.0, *args), rtol=1e-6)


@pytest.mark.parametrize(("days", "budget"), [(0.0, 1.0), (7.0, 1.0), (30.0, 0.3), (90.0, 3.0)])
def test_alarming_age_equals_the_loop(days, budget):
    ages = np.array([[[35.0, 90.0, 240.0, 700.0]]])
    got = alarming(ages, np.array([days]), budget)[0, 0]
    expected = [naive.alarming(age, days, budget, module._Q_MAX) for age in ages[0, 0]]
    np.testing.assert_allclose(got, expected, rtol=1e-9)


def test_more_budget_and_more_days_alarm_earlier():
    ages = np.array([[[60.0]]])
    by_budget = [alarming(ages, np.array([7.0]), budget).item() for budget in (0.3, 1.0, 3.0)]
    by_days = [alarming(ages, np.array([days]), 1.0).item() for days in (7.0, 30.0, 90.0)]
    assert by_budget == sorted(by_budget, reverse=True) and by_budget[0] > by_budget[-1]
    assert by_days == sorted(by_days, reverse=True) and by_days[0] > by_days[-1]


def test_a_silence_beyond_every_record_is_alarming_within_a_day():
    most = np.full((1, 1, 24), 1430.0)
    assert alarming(envelope(most, np.array([30.0])), np.array([30.0]), 0.1).max() <= 18 * 60
