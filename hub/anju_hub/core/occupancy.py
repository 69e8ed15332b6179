"""Hidden Markov filter kernels over many homes at once.

States come first, (K, homes), so that every operation runs along memory over homes.  Silence is the common case:
in silent minutes the emission does not change, so n of them are one product with a precomputed power of
"step, then hear nothing", and cost as much as one.  Rabiner, Proc. IEEE 77(2), 1989, eq. 19–27 and §V.A (scaling).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


def forward_dense(start: Array, transition: Array, emission: Array, rescale_every: int = 8) -> tuple[Array, Array]:
    """Filtered posterior after the last minute and log likelihood, every minute having its own emission.

    start (K,), transition (K, K) rows sum to 1, emission (T, K, homes): P(observed at t | state).
    Returns posterior (K, homes) and log likelihood (homes,).  `rescale_every` minutes may pass between two
    normalisations: float32 keeps 38 decades.
    """
    steps, _, homes = emission.shape
    transposed = np.ascontiguousarray(transition.T, dtype=emission.dtype)
    alpha = start.astype(emission.dtype)[:, None] * emission[0]
    spare = np.empty_like(alpha)
    log_likelihood = np.zeros(homes)
    for t in range(1, steps):
        np.matmul(transposed, alpha, out=spare)
        np.multiply(spare, emission[t], out=alpha)
        if t % rescale_every == 0:
            log_likelihood += _rescale(alpha)
    log_likelihood += _rescale(alpha)
    return alpha, log_likelihood


def _rescale(alpha: Array) -> Array:
    total = alpha.sum(axis=0)
    alpha /= total
    result: Array = np.log(total, dtype=np.float64)
    return result


def silent_powers(transition: Array, silence: Array, longest: int) -> tuple[Array, Array]:
    """Normalised powers of one silent minute, (longest + 1, K, K), and the log of what was divided out.

    silence (K,): P(nothing heard in a minute | state).  A column of `transition.T` weighed by `silence`.
    """
    step = (transition * silence[None, :]).T
    powers = np.empty((longest + 1, *step.shape))
    scale = np.zeros(longest + 1)
    powers[0] = np.eye(len(step))
    for n in range(1, longest + 1):
        product = step @ powers[n - 1]
        total = product.sum()
        powers[n], scale[n] = product / total, scale[n - 1] + np.log(total)
    return powers.astype(np.float32), scale


def forward_sparse(
    start: Array,
    powers: tuple[Array, Array],
    transition: Array,
    runs: NDArray[np.integer],
    emission: Array,
) -> tuple[Array, Array]:
    """The same as `forward_dense` where each home's log is (silent minutes, then one minute with an event)*.

    runs (E, homes): silent minutes before each event (-1: the home has no more events); emission (E, K, homes).
    Before the first event `start` holds at minute 0, which must not be silent for exactness: runs[0] counts from it.
    """
    table, scale = powers
    alpha = np.repeat(start[:, None], runs.shape[1], axis=1).astype(np.float32)
    log_likelihood = np.zeros(runs.shape[1])
    transposed = np.ascontiguousarray(transition.T, dtype=np.float32)
    for run, observed in zip(runs, emission, strict=True):
        live = run >= 0
        quiet = np.where(live, run, 0)
        moved = np.einsum("nij,jn->in", table[quiet], alpha)
        moved = np.matmul(transposed, moved) * observed
        total = moved.sum(axis=0)
        alpha = np.where(live, moved / total, alpha)
        log_likelihood += np.where(live, np.log(total) + scale[quiet], 0.0)
    return alpha, log_likelihood


def backward(operators: Sequence[Array]) -> list[Array]:
    """Backward variables for step operators, newest last; each (K, K, homes), from-state first, may be unnormalised.

    Returns as many (K, homes) arrays: P(everything after step t | state after step t), scaled to sum to 1.
    """
    last = operators[-1]
    beta = np.full(last.shape[1:], 1.0 / last.shape[1])
    result = [beta]
    for operator in reversed(operators[1:]):
        beta = np.einsum("ijn,jn->in", operator, beta)
        beta = beta / beta.sum(axis=0)
        result.append(beta)
    return result[::-1]


def smoothed(filtered: Array, backwards: Array) -> Array:
    """Posterior with hindsight from filter and backward variables, both (…, K, homes)."""
    product = filtered * backwards
    result: Array = product / product.sum(axis=-2, keepdims=True)
    return result
