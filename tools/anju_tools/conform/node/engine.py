"""Runs the scenarios one after the other. It reads no clock and owns no socket: a driver gives it bytes and times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from anju_tools.conform.keys import NodeKeys
from anju_tools.conform.node.answers import AnswerMaker
from anju_tools.conform.node.monitor import Monitor
from anju_tools.conform.node.tester import Play, Settings, Tester
from anju_tools.conform.verdict import Check, CheckFailed, CheckNotRun, Outcome, Result

_WAITED_IN_VAIN = 3


@dataclass(frozen=True)
class Scenario:
    """A check that acts."""

    check: Check
    play: Callable[[Tester], Play]


@dataclass(frozen=True)
class Observation:
    """A check that looks at everything that came while the scenarios ran; returns what it has to add.

    Raises CheckFailed or CheckNotRun.
    """

    check: Check
    judge: Callable[[Monitor, Settings], str]


Listener = Callable[[Check, Result | None], None]


class Engine:
    """The kit. A driver calls `start`, then `receive` and `tick`, sends `due`, and comes back at `deadline_ms`.

    `sequence`: the hub's first own Partial IV, never used before under these keys. `listener` is told when a check
    begins (None) and how it ended.
    """

    def __init__(
        self,
        keys: NodeKeys,
        scenarios: Sequence[Scenario],
        observations: Sequence[Observation],
        settings: Settings,
        start_utc_ms: int,
        sequence: int,
        listener: Listener = lambda _check, _result: None,
    ) -> None:
        context = keys.hub_context()
        self.monitor = Monitor(context, start_utc_ms)
        self.tester = Tester(self.monitor, AnswerMaker(context, sequence), settings, start_utc_ms)
        self.results: list[Result] = []
        self.done = False
        self._settings = settings
        self._waiting = list(scenarios)
        self._observations = observations
        self._listener = listener
        self._play: Play | None = None
        self._until_ms = 0

    def start(self, now_ms: int) -> None:
        self.tester.now_ms = now_ms
        self._next()

    def receive(self, data: bytes, peer: object, now_ms: int) -> None:
        """A datagram came."""
        self.tick(now_ms)
        if not self.done:
            self._resume(self.monitor.take(data, peer, now_ms))

    def tick(self, now_ms: int) -> None:
        """Time has passed."""
        self.tester.now_ms = now_ms
        if not self.done and now_ms >= self._until_ms:
            self._resume(None)

    def due(self) -> list[tuple[bytes, object]]:
        """What to send now, and to whom."""
        return self.tester.due()

    @property
    def deadline_ms(self) -> int:
        """When the driver must come back if nothing arrives before."""
        send = self.tester.next_send_ms
        return self._until_ms if send is None else min(send, self._until_ms)

    def _next(self) -> None:
        if not self._waiting:
            self._conclude()
            return
        self._listener(self._waiting[0].check, None)
        self._play = self._waiting[0].play(self.tester)
        self._drive(lambda play: next(play))

    def _resume(self, arrival: object) -> None:
        self._drive(lambda play: play.send(arrival))  # type: ignore[arg-type]  # an Arrival or None

    def _drive(self, step: Callable[[Play], int]) -> None:
        assert self._play is not None
        outcome, reason = Outcome.PASS, ""
        try:
            self._until_ms = step(self._play)
            return
        except StopIteration:
            pass  # a play that ends has found nothing wrong
        except CheckFailed as error:
            outcome, reason = Outcome.FAIL, str(error)
        except CheckNotRun as error:
            outcome, reason = Outcome.NOT_RUN, str(error)
        self._finish(outcome, reason)

    def _finish(self, outcome: Outcome, reason: str) -> None:
        self._play = None
        self._add(Result(self._waiting.pop(0).check, outcome, reason))
        if self._went_silent():
            self._give_up("the node does not report")
        self._next()

    def _went_silent(self) -> bool:
        """Whether nothing ever came, or the last checks all waited in vain."""
        last = [result.outcome for result in self.results[-_WAITED_IN_VAIN:]]
        in_vain = last == [Outcome.NOT_RUN] * _WAITED_IN_VAIN
        return in_vain or (Outcome.NOT_RUN in last and not self.monitor.arrivals)

    def _give_up(self, reason: str) -> None:
        for scenario in self._waiting:
            self._add(Result(scenario.check, Outcome.NOT_RUN, reason))
        self._waiting.clear()

    def _conclude(self) -> None:
        for observation in self._observations:
            try:
                reason = observation.judge(self.monitor, self._settings)
                self._add(Result(observation.check, Outcome.PASS, reason))
            except CheckFailed as error:
                self._add(Result(observation.check, Outcome.FAIL, str(error)))
            except CheckNotRun as error:
                self._add(Result(observation.check, Outcome.NOT_RUN, str(error)))
        self.done = True

    def _add(self, result: Result) -> None:
        self.results.append(result)
        self._listener(result.check, result)
