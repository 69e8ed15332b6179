"""Loop-written twins of the core's vectorised kernels: slow, obvious, one home and one state at a time."""

from __future__ import annotations

import math

import numpy as np

from anju_hub.core import prior
from anju_hub.core.envelope import ALLOWANCE, BETA, CAP_MIN, FLOOR_MIN, SHORTEST_MIN
from anju_hub.core.grid import AT_DOOR_S, NONE, SETTLE_S, STRONG, WEAK
from anju_hub.core.types import Kind


def forward(start, transition, emission):
    """Filtered posterior after the last minute and log likelihood of one home; emission (T, K)."""
    states = len(start)
    alpha = [start[k] * emission[0][k] for k in range(states)]
    log_likelihood = 0.0
    for t in range(len(emission)):
        if t:
            alpha = [sum(alpha[i] * transition[i][j] for i in range(states)) * emission[t][j] for j in range(states)]
        total = sum(alpha)
        log_likelihood += math.log(total)
        alpha = [a / total for a in alpha]
    return np.array(alpha), log_likelihood


def smoothed(start, transition, emission):
    """Posterior of every minute with hindsight, by summing over all paths through each state; emission (T, K)."""
    steps, states = len(emission), len(start)
    result = np.zeros((steps, states))
    for t in range(steps):
        for k in range(states):
            only = np.array(emission, float)
            only[t] = [only[t][j] if j == k else 0.0 for j in range(states)]
            result[t, k] = _evidence(start, transition, only)
        result[t] /= result[t].sum()
    return result


def _evidence(start, transition, emission):
    alpha = [start[k] * emission[0][k] for k in range(len(start))]
    for row in emission[1:]:
        alpha = [sum(alpha[i] * transition[i][j] for i in range(len(alpha))) * row[j] for j in range(len(alpha))]
    return sum(alpha)


def presence_silent(home_rate, away_rate, minutes, out, back):
    gone, living = math.exp(-away_rate * minutes), math.exp(-home_rate * minutes)
    left, returned = 1 - math.exp(-out * minutes), 1 - math.exp(-back * minutes)
    stopped = 1 - math.exp(-prior.COLLAPSE_PER_MIN * minutes)
    return [
        [gone * (1 - returned), gone * returned, 0.0],
        [living * left, living * (1 - left - stopped), living * stopped],
        [0.0, 0.0, 1.0],
    ]


def presence_moved(level, home_rate, weak_share, stray, back):
    share, chance = (weak_share, stray) if level == WEAK else (1 - weak_share, prior.FALSE_PERSON_PER_MIN)
    return [
        [chance, (1 - math.exp(-back)) * share, 0.0],
        [0.0, (1 - math.exp(-home_rate)) * share, 0.0],
        [0.0, 0.0, chance],
    ]


def presence_passed(leave, since, redrawn):
    enter = prior.ENTER_SHARE - 0.45 * math.exp(-since / prior.ENTER_HASTE_MIN)
    out = leave if redrawn else 1 - enter
    return [[out, 1 - out, 0.0], [leave, 1 - leave, 0.0], [leave, 1 - leave, 0.0]]


def advance(belief, operator):
    after = [sum(belief[i] * operator[i][j] for i in range(len(belief))) for j in range(len(belief))]
    return np.array(after) / sum(after)


def records(silences, contexts):
    """Ages reached by hour from (context, local end minute, age [min]) of one home, minute by minute.

    A silence lasts from `end - age` to `end`; in each clock hour the largest age counts, reached at the hour's end.
    """
    reached = np.zeros((contexts, 24))
    for context, end, age in silences:
        for so_far in range(SHORTEST_MIN, age + 1):
            minute = end - age + so_far
            hours = {(minute - 1) // 60 % 24} | ({minute // 60 % 24} if so_far == age else set())
            for hour in hours:
                reached[context, hour] = max(reached[context, hour], so_far)
    return reached


def envelope(reached, days, prior_min, near, near_other, other):
    """E of one home, (contexts, 24)."""
    contexts = len(reached)
    result = np.zeros((contexts, 24))
    for c in range(contexts):
        for h in range(24):
            best = max(FLOOR_MIN, prior_min[h] * 3.0 / (3.0 + days))
            for c2 in range(contexts):
                for h2 in range(24):
                    apart = min(abs(h - h2), 24 - abs(h - h2))
                    if c2 == c:
                        best = max(best, reached[c2][h2] * near[min(apart, len(near) - 1)])
                    best = max(best, reached[c2][h2] * near_other[min(apart, len(near_other) - 1)] * other)
            result[c, h] = best
    return result


def alarming(envelope_min, days, budget, most):
    q = min(math.log(ALLOWANCE / (budget * (days + 1))), most) - math.log(envelope_min / 60)
    return min(envelope_min * math.exp(BETA * max(q, 0.0)), CAP_MIN)


def minute_levels(events, minute):
    """(level before, level after, passages) of one home's minute, from all its events (t, sensor, kind, value).

    Follows the prose of `anju_hub.core.grid`, event by event.
    """
    door_t, door_open, level_of, since_of = -math.inf, False, {}, {}
    marks, moves = [], []
    for order, (t, sensor, kind, value) in enumerate(sorted(events)):
        inside = t // 60 == minute
        if kind == Kind.DOOR:
            opened, was = value > 0, level_of.get(sensor)
            long_open = was is True and t - since_of[sensor] > AT_DOOR_S
            passage = (opened and (was is not True or long_open)) or (not opened and was is not True)
            if inside and (passage or (not opened and long_open)):
                marks.append((order, passage))
            if was is None or opened != was:
                since_of[sensor] = t
            level_of[sensor], door_t, door_open = opened, t, opened
        elif inside:
            at_door = t - door_t <= SETTLE_S or (door_open and t - door_t <= AT_DOOR_S)
            if kind == Kind.PIR and value > 0 and not at_door:
                moves.append((order, sensor, WEAK))
            elif kind in (Kind.CONTACT, Kind.TOILET, Kind.POWER, Kind.OTHER):
                moves.append((order, sensor, STRONG))
    last = marks[-1][0] if marks else math.inf
    before = [move for move in moves if move[0] < last]
    after = [move for move in moves if move[0] > last]
    return _level(before), _level(after), sum(passage for _, passage in marks)


def _level(moves):
    weak = [sensor for _, sensor, level in moves if level == WEAK]
    if any(level == STRONG for *_, level in moves) or len(weak) >= 3 or len(set(weak)) >= 2:
        return STRONG
    return WEAK if weak else NONE
