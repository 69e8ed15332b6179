"""From the rig and the hub's answers to what the terminal shows."""

from __future__ import annotations

import time
from typing import Any

from anju_tools.demo.play import Play
from anju_tools.demo.snapshot import AlertLine, HomeSnapshot, StreetSnapshot
from anju_tools.demo.states import Span
from anju_tools.demo.street import StreetHome

_DAY_S = 86_400.0


def alert_line(alert: dict[str, Any]) -> AlertLine:
    """An entry of the hub's `/alerts`."""
    return AlertLine(
        alert["home"], alert["raised_ms"] / 1000, alert["kind"], alert["class"], alert["sensor"], alert["why"]
    )


def spans(trajectory: list[dict[str, Any]]) -> list[Span]:
    """State spans [s, UTC] of the hub's `/homes/{id}/trajectory`."""
    return [(span["start_ms"] / 1000, span["end_ms"] / 1000, span["state"]) for span in trajectory]


class Frames:
    """Makes snapshots of a play; keeps the last one of each home for the time the hub is down."""

    def __init__(self, play: Play) -> None:
        self._play = play
        self._last: dict[str, HomeSnapshot] = {}

    def snapshot(self) -> StreetSnapshot:
        play = self._play
        street = play.stage.street
        now = street.start + play.rig.now_ms / 1000
        details = {home["home"]: home for home in play.details()}
        for home in street.homes:
            if home.home in details:
                self._last[home.home] = self._home(home, details[home.home], now)
        elapsed = max(1e-3, time.monotonic() - play.started)
        speed = play.rig.now_ms / 3_600_000 / elapsed
        left = max(0.0, street.end - now) / 3600 / speed if speed else None
        shown = [self._last[home.home] for home in street.homes if home.home in self._last]
        pid = play.hub.pid if details else None
        zone = street.homes[0].zone
        return StreetSnapshot(now, street.start, street.end, shown, zone, speed, left, pid, play.hub.port)

    def _home(self, home: StreetHome, detail: dict[str, Any], now: float) -> HomeSnapshot:
        play = self._play
        seats = [play.stage.cast[home.home, sensor.sensor].seat for sensor in home.sensors]
        books = [play.book(node) for node in detail["nodes"]]
        day = play.reader.trajectory(home.home, since_ms=round((now - _DAY_S) * 1000))
        since = detail["since_ms"]
        heard = max(detail["nodes"], key=lambda node: node["last_seen_ms"] or 0, default=None)
        return HomeSnapshot(
            home.home,
            detail["state"],
            detail["probability"],
            None if since is None else since / 1000,
            f"{heard['kind']} {heard['room']}" if heard else None,
            heard["last_seen_ms"] / 1000 if heard and heard["last_seen_ms"] else None,
            sum(seat.board.powered_at is not None for seat in seats),
            len(seats),
            sum(book.made for book in books if book.unit == "transitions"),
            sum(book.received for book in books if book.unit == "transitions"),
            sum(book.octets for book in books),
            [alert_line(alert) for alert in detail["alerts"]],
            spans(day),
        )
