"""Random numbers one at a time at a tenth of a Generator call's price: drawn in blocks, handed out singly."""

import math

import numpy as np

BLOCK = 2048


class Dice:
    """Scalar draws from a numpy Generator, in a fixed order (so a seed fixes a life)."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._uniform: list[float] = []
        self._normal: list[float] = []

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        if not self._uniform:
            self._uniform = self._rng.random(BLOCK).tolist()
        return low + (high - low) * self._uniform.pop()

    def normal(self, mean: float = 0.0, sd: float = 1.0) -> float:
        if not self._normal:
            self._normal = self._rng.standard_normal(BLOCK).tolist()
        return mean + sd * self._normal.pop()

    def lognormal(self, median: float, sigma: float, high: float = math.inf) -> float:
        return min(high, median * math.exp(self.normal(0.0, sigma)))

    def chance(self, probability: float) -> bool:
        return self.uniform() < probability

    def poisson(self, mean: float) -> int:
        """Knuth's product of uniforms: right for the small means of a day."""
        limit, count, product = math.exp(-mean), 0, self.uniform()
        while product > limit:
            count += 1
            product *= self.uniform()
        return count

    def pick(self, weights: tuple[float, ...]) -> int:
        """An index, by weight."""
        left = self.uniform() * sum(weights)
        for index, weight in enumerate(weights):
            left -= weight
            if left < 0:
                return index
        return len(weights) - 1
