"""Hidden Markov filter kernels over many homes at once.

States come first, (K, homes), so that every operation runs along memory over homes.  Silence is the common case:
in silent minutes the emission does not change, so n of them are one product with a precomputed power of
"step, then hear nothing", and cost as much as one.  Rabiner, Proc. IEEE 77(2), 1989, eq. 19–27 and §V.A (scaling).
"""

from __future__ import annotations

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
    start: Array, transition: Array, powers: tuple[Array, Array], runs: NDArray[np.integer], emission: Array
) -> tuple[Array, Array]:
    """The same as `forward_dense` where most minutes are silent: one product per minute with an event.

    runs (E, homes): silent minutes before each event minute, -1 once the home has no more; emission (E, K, homes):
    P(observed in the event minute | state).  The first minute is an event minute with runs[0] = 0, in which `start`
    holds.  Homes must be ordered by falling number of events.
    """
    silent_steps = _fused(transition, powers)
    steps, states, _ = emission.shape
    alpha = (start[:, None] * emission[0]).astype(np.float32)
    log_likelihood = powers[1][runs[0]]
    live = (runs >= 0).sum(axis=1)
    for step in range(1, steps):
        m = int(live[step])
        run = runs[step, :m]
        table = silent_steps.take(run, axis=1).reshape(states, states, m)
        after = np.multiply(table[:, 0], alpha[0, :m])
        for j in range(1, states):
            after += table[:, j] * alpha[j, :m]
        after *= emission[step, :, :m]
        alpha[:, :m] = after
        log_likelihood[:m] += powers[1][run]
        if step % 4 == 0:
            log_likelihood += _rescale(alpha)
    log_likelihood += _rescale(alpha)
    return alpha, log_likelihood


def _fused(transition: Array, powers: tuple[Array, Array]) -> Array:
    """n silent minutes and then one step, for every n: (states · states, longest + 1), to-state first."""
    table = np.einsum("ij,njk->nik", transition.T, powers[0])
    return np.ascontiguousarray(table.reshape(len(table), -1).T, dtype=np.float32)


def smoothed(start: Array, transition: Array, emission: Array) -> Array:
    """Posterior of every minute with hindsight (forward-backward), (T, K, homes); arguments as in `forward_dense`."""
    steps = len(emission)
    forward = np.empty(emission.shape)
    alpha = start[:, None] * emission[0]
    for t in range(steps):
        if t:
            alpha = (transition.T @ alpha) * emission[t]
        alpha = alpha / alpha.sum(axis=0)
        forward[t] = alpha
    beta = np.ones(emission.shape[1:])
    for t in range(steps - 1, 0, -1):
        forward[t] *= beta
        beta = transition @ (emission[t] * beta)
        beta /= beta.sum(axis=0)
    forward[0] *= beta
    result: Array = forward / forward.sum(axis=1, keepdims=True)
    return result
