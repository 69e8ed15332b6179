"""Decorators that make a check out of a function: its docstring is the explanation."""

from __future__ import annotations

from collections.abc import Callable

from anju_tools.conform.node.engine import Observation, Scenario
from anju_tools.conform.node.monitor import Monitor
from anju_tools.conform.node.tester import Play, Settings, Tester
from anju_tools.conform.verdict import Check, Level, first_paragraph


def scenario(name: str, clause: str, level: Level, remedy: str) -> Callable[[Callable[[Tester], Play]], Scenario]:
    """A check that acts; the function plays the hub."""

    def wrap(play: Callable[[Tester], Play]) -> Scenario:
        return Scenario(Check(name, clause, level, first_paragraph(play.__doc__), remedy), play)

    return wrap


def observation(
    name: str, clause: str, level: Level, remedy: str
) -> Callable[[Callable[[Monitor, Settings], str]], Observation]:
    """A check that looks on; the function judges all arrivals at the end."""

    def wrap(judge: Callable[[Monitor, Settings], str]) -> Observation:
        return Observation(Check(name, clause, level, first_paragraph(judge.__doc__), remedy), judge)

    return wrap
