"""Local days on the UTC axis: where each begins, and where a time of day falls in it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
# Clocks are changed at night: by this time of day the change is over, before it nobody lives by the clock.
CLOCK_CHANGE_OVER_S = 4 * HOUR_S


class Calendar:
    """`days` local days from the local midnight of `start` (naive, or aware: its date counts).

    `midnight[d]` is where day d begins [s, UTC], `midnight[days]` where the last one ends.
    """

    def __init__(self, start: datetime, days: int, zone: str) -> None:
        if days < 1:
            raise ValueError(f"a log needs at least one day, got {days}")
        self.days = days
        self.zone = ZoneInfo(zone)
        first = datetime(start.year, start.month, start.day)
        self._first_weekday = first.weekday()
        self.midnight = [self._utc(first + timedelta(days=d)) for d in range(days + 1)]
        noon = [self._utc(first + timedelta(days=d, hours=12)) for d in range(days)]
        self._shift = [n - m - 12 * HOUR_S for n, m in zip(noon, self.midnight, strict=False)]

    def _utc(self, local: datetime) -> float:
        return local.replace(tzinfo=self.zone).timestamp()

    def at(self, day: int, clock_s: float) -> float:
        """UTC of a time of day [s since midnight by the clock; may run past 24 h into the next day]."""
        t = self.midnight[day] + clock_s
        return t + self._shift[day] if clock_s >= CLOCK_CHANGE_OVER_S else t

    def weekday(self, day: int) -> int:
        """0 is Monday."""
        return (self._first_weekday + day) % 7

    def offset_s(self, t: float) -> float:
        """Local time minus UTC [s] at `t`."""
        offset = datetime.fromtimestamp(t, UTC).astimezone(self.zone).utcoffset()
        return 0.0 if offset is None else offset.total_seconds()

    def has_clock_change(self) -> bool:
        return any(self._shift)
