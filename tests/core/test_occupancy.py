"""The filter kernels against loops, and against hmmlearn."""

import numpy as np
import pytest

from anju_hub.core.activity import EMISSION, SILENT, TRANSITIONS
from anju_hub.core.bench import sparse_input
from anju_hub.core.occupancy import forward_dense, forward_sparse, silent_powers, smoothed
from tests import naive

START = np.array([0.4, 0.3, 0.2, 0.1])
TRANSITION = TRANSITIONS[15]


@pytest.fixture
def kinds():
    rng = np.random.default_rng(3)
    kinds = np.where(rng.random((200, 6)) < 0.85, SILENT, rng.integers(1, 4, (200, 6)))
    kinds[0] = 1
    return kinds


def emission_of(kinds, dtype=np.float64):
    return np.ascontiguousarray(EMISSION.T[kinds].transpose(0, 2, 1), dtype=dtype)


def test_dense_forward_equals_the_loop(kinds):
    alpha, log_likelihood = forward_dense(START, TRANSITION, emission_of(kinds))
    for home in range(kinds.shape[1]):
        expected, expected_log = naive.forward(START, TRANSITION, EMISSION.T[kinds[:, home]])
        np.testing.assert_allclose(alpha[:, home], expected, rtol=1e-9)
        assert log_likelihood[home] == pytest.approx(expected_log, rel=1e-9)


def test_float32_and_rare_rescaling_keep_the_posterior(kinds):
    exact, exact_log = forward_dense(START, TRANSITION, emission_of(kinds), rescale_every=1)
    fast, fast_log = forward_dense(START, TRANSITION, emission_of(kinds, np.float32), rescale_every=8)
    np.testing.assert_allclose(fast, exact, atol=2e-6)
    np.testing.assert_allclose(fast_log, exact_log, rtol=1e-5)


def test_sparse_forward_equals_the_dense_one(kinds):
    runs, emission, order = sparse_input(kinds)
    powers = silent_powers(TRANSITION, EMISSION[:, SILENT], int(runs.max()))
    alpha, log_likelihood = forward_sparse(START, TRANSITION, powers, runs, emission)
    for column, home in enumerate(order):
        last = np.flatnonzero(kinds[:, home] != SILENT)[-1]
        expected, expected_log = naive.forward(START, TRANSITION, EMISSION.T[kinds[: last + 1, home]])
        np.testing.assert_allclose(alpha[:, column], expected, atol=1e-5)
        assert log_likelihood[column] == pytest.approx(expected_log, rel=1e-5)


def test_smoothed_equals_the_sum_over_all_paths(kinds):
    short = kinds[:12, :2]
    posterior = smoothed(START, TRANSITION, emission_of(short))
    for home in range(2):
        expected = naive.smoothed(START, TRANSITION, EMISSION.T[short[:, home]])
        np.testing.assert_allclose(posterior[:, :, home], expected, rtol=1e-9)


def test_forward_and_smoothed_posteriors_equal_hmmlearns(kinds):
    """The plain-HMM special case: one matrix, categorical minutes."""
    hmm = pytest.importorskip("hmmlearn.hmm")
    model = hmm.CategoricalHMM(n_components=4, n_features=4, init_params="")
    model.startprob_, model.transmat_, model.emissionprob_ = START, TRANSITION, EMISSION
    filtered, log_likelihood = forward_dense(START, TRANSITION, emission_of(kinds))
    posterior = smoothed(START, TRANSITION, emission_of(kinds))
    for home in range(kinds.shape[1]):
        score, expected = model.score_samples(kinds[:, [home]])
        assert log_likelihood[home] == pytest.approx(score, rel=1e-9)
        np.testing.assert_allclose(posterior[:, :, home], expected, atol=1e-9)
        # The filter's last posterior is the smoother's: nothing comes after it.
        np.testing.assert_allclose(filtered[:, home], expected[-1], atol=1e-9)
