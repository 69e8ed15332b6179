"""Things people do in one go: a toilet visit, a meal, leaving the house.  Each writes bouts and uses into the diary."""

from anju_tools.simulator import activities as act
from anju_tools.simulator.diary import Diary
from anju_tools.simulator.dice import Dice
from anju_tools.simulator.traits import Traits

MINUTE_S = 60.0
TAP_L_MIN = 6.0
FLUSH_L_MIN = 5.0  # a cistern fills in about a minute
SHOWER_L_MIN = 8.0
MACHINE_L_MIN = 8.0


class Person:
    """Someone with habits, in the middle of a life. Durations in seconds inside, minutes in the habits."""

    def __init__(self, traits: Traits, diary: Diary, dice: Dice) -> None:
        self.traits = traits
        self.diary = diary
        self.dice = dice
        self.toilet_due = diary.now

    def busy(self, activity: int, minutes: float, sigma: float = 0.35, room: int | None = None) -> None:
        """Something for about so many minutes (log-normal, at the person's pace)."""
        seconds = self.dice.lognormal(minutes * MINUTE_S * self.traits.pace, sigma)
        self.diary.do(activity, seconds, room)

    def tap(self, litres: float, delay_s: float = 0.0) -> None:
        self.diary.tap(litres * self.traits.tap * self.dice.lognormal(1.0, 0.3), TAP_L_MIN, delay_s)

    def toilet(self) -> None:
        traits, diary, dice = self.traits, self.diary, self.dice
        seconds = dice.lognormal(traits.toilet_min * MINUTE_S, 0.45, 30 * MINUTE_S)
        sitting = 0.75 * seconds
        diary.do(act.TOILET, sitting)
        if dice.chance(0.97):
            diary.flush()
            diary.tap(traits.flush_l, FLUSH_L_MIN, 2.0)
        if dice.chance(0.85):
            self.tap(1.2, 15.0)
        diary.do(act.TOILET, seconds - sitting)
        self.toilet_due = diary.now + dice.lognormal(traits.toilet_interval_h * 3600.0, 0.35)

    def hygiene(self) -> None:
        self.tap(3.5, 30.0)
        self.busy(act.HYGIENE, 9)

    def shower(self) -> None:
        litres = self.dice.lognormal(self.traits.shower_l, 0.2)
        self.diary.tap(litres, SHOWER_L_MIN, 90.0)
        self.diary.do(act.SHOWER, litres / SHOWER_L_MIN * MINUTE_S + self.dice.uniform(300.0, 600.0))
        self.busy(act.HYGIENE, 5)

    def meal(self, cook_min: float, eat_min: float) -> None:
        """Cook (or not), eat, and mostly wash up at once."""
        warm = self.dice.chance(self.traits.cooks)
        self.tap(4.0 if warm else 1.5, 40.0)
        self.busy(act.COOK, cook_min if warm else 6)
        room = act.LIVINGROOM if self.dice.chance(0.3) else act.KITCHEN
        self.busy(act.EAT, eat_min, room=room)
        if self.dice.chance(0.8):
            self.tap(7.0 if warm else 3.0, 20.0)
            self.busy(act.DISHES, 8 if warm else 4)

    def snack(self) -> None:
        self.tap(0.8, 10.0)
        self.busy(act.SNACK, 5)

    def housework(self, minutes: float) -> None:
        """Round the flat, room after room."""
        rooms = (act.LIVINGROOM, act.KITCHEN, act.BEDROOM, act.BATHROOM, act.ENTRY)
        left = minutes
        while left > 0:
            part = min(left, self.dice.lognormal(7.0, 0.5))
            room = rooms[self.dice.pick((4, 3, 2.5, 1.5, 0.5))]
            if room in (act.KITCHEN, act.BATHROOM) and self.dice.chance(0.4):
                self.tap(4.0)
            self.diary.do(act.HOUSEWORK, part * MINUTE_S, room)
            left -= part

    def laundry(self) -> None:
        for delay_min in (1.0, 25.0, 40.0):
            self.diary.tap(self.dice.lognormal(16.0, 0.15), MACHINE_L_MIN, delay_min * MINUTE_S)
        self.busy(act.HOUSEWORK, 6, room=act.BATHROOM)

    def through_door(self, activity: int) -> None:
        """Open, through, closed behind: seconds; with a word to a neighbour, minutes."""
        chat = self.dice.chance(0.06)
        open_s = self.dice.lognormal(90.0, 0.7, 900.0) if chat else self.dice.lognormal(6.0, 0.4, 60.0)
        self.diary.do(activity, self.diary.swing(open_s))

    def out(self, minutes: float) -> None:
        """Shoes, door, away, door, coat.  Some come back at once for the keys."""
        dice = self.dice
        self.busy(act.LEAVE, 1.6)
        self.through_door(act.LEAVE)
        if dice.chance(0.07):
            self.diary.do(act.AWAY, dice.uniform(20.0, 120.0))
            self.through_door(act.ENTER)
            self.diary.do(act.LEAVE, dice.uniform(20.0, 120.0), act.LIVINGROOM)
            self.through_door(act.LEAVE)
        self.diary.do(act.AWAY, max(2.0, minutes) * MINUTE_S)
        self.through_door(act.ENTER)
        self.busy(act.ENTER, 1.2)

    def step_out(self) -> None:
        """Rubbish, post, a look at the street: outside for minutes, the door sometimes left ajar."""
        self.busy(act.LEAVE, 0.4)
        if self.dice.chance(0.25):
            self.diary.do(act.STEP_OUT, self.diary.swing(self.dice.lognormal(100.0, 0.6, 600.0)))
        else:
            self.through_door(act.LEAVE)
            self.diary.do(act.STEP_OUT, self.dice.lognormal(150.0, 0.6, 900.0))
            self.through_door(act.ENTER)

    def answer_door(self) -> None:
        """A parcel, a neighbour: the door opens and nobody leaves."""
        self.busy(act.ANSWER, 0.3)
        open_s = self.diary.swing(self.dice.lognormal(40.0, 0.8, 900.0))
        self.diary.do(act.ANSWER, open_s + self.dice.uniform(3.0, 20.0))

    def visit(self, minutes: float) -> None:
        """Company: two people in the home, tea in between, the door twice."""
        self.answer_door()
        third = minutes / 3
        self.diary.do(act.VISIT, third * MINUTE_S)
        self.tap(1.5)
        self.diary.do(act.VISIT, 0.2 * third * MINUTE_S, act.KITCHEN)
        if self.dice.chance(0.4):  # the guest's
            self.diary.flush()
            self.diary.tap(self.traits.flush_l, FLUSH_L_MIN, 2.0)
        self.diary.do(act.VISIT, 1.8 * third * MINUTE_S)
        self.answer_door()

    def rest(self, activity: int, until: float, room: int | None = None) -> None:
        """Still for as long as nothing calls: the toilet does, and mostly it is gone to."""
        while self.diary.now < until:
            stop = until
            if self.toilet_due < until:
                stop = max(self.toilet_due, self.diary.now + 60.0)
            self.diary.do(activity, stop - self.diary.now, room)
            if stop < until:
                self.toilet()
