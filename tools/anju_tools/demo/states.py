"""How a state looks, in a picture and in a terminal: never by colour alone."""

from collections.abc import Sequence
from dataclasses import dataclass

Span = tuple[float, float, str]  # start, end [s, UTC], state


@dataclass(frozen=True)
class StateLook:
    """`height` is the share of a row's height that the state fills: the stiller, the lower.

    Colours after Okabe & Ito, "Color Universal Design" (2008), told apart by the colour-blind.
    """

    state: str
    words: str
    letter: str
    icon: str
    block: str
    style: str
    colour: str
    ink: str
    height: float


LOOKS = {
    look.state: look
    for look in (
        StateLook("active", "active", "A", "●", "█", "dark_orange", "#E69F00", "#3A2800", 1.0),
        StateLook("still", "still, awake", "S", "◐", "▅", "khaki1", "#F3D98B", "#5A4A14", 0.72),
        StateLook("asleep", "asleep", "Z", "☾", "▃", "slate_blue3", "#3B4CA0", "#FFFFFF", 0.48),
        StateLook("bathroom", "bathroom", "B", "≈", "▓", "green3", "#009E73", "#FFFFFF", 1.0),
        StateLook("away", "away", "O", "↗", "▁", "sky_blue1", "#8CC6EC", "#1E4A66", 0.2),
        StateLook("unobserved", "unobserved", "?", "?", "?", "grey58", "#FFFFFF", "#222222", 1.0),
    )
}
UNOBSERVED = LOOKS["unobserved"]


def look(state: str) -> StateLook:
    """The look of a state; one that nobody knows looks unobserved."""
    return LOOKS.get(state, UNOBSERVED)


def cells(spans: Sequence[Span], start: float, end: float, count: int) -> list[str]:
    """The state that fills most of each of `count` equal parts of `start` to `end`; "" where there is none."""
    width = (end - start) / count
    share: list[dict[str, float]] = [{} for _ in range(count)]
    for begin, stop, state in spans:
        first = max(0, int((begin - start) // width))
        last = min(count - 1, int((stop - start) // width))
        for i in range(first, last + 1):
            overlap = min(stop, start + (i + 1) * width) - max(begin, start + i * width)
            if overlap > 0:
                share[i][state] = share[i].get(state, 0.0) + overlap
    return [max(part, key=lambda s: part[s]) if part else "" for part in share]
