"""What a resident does, where, and how much of it an infrared sensor could see."""

from typing import NamedTuple

import numpy as np

BEDROOM, BATHROOM, KITCHEN, LIVINGROOM, ENTRY, OUTSIDE = range(6)
ROOMS = ("bedroom", "bathroom", "kitchen", "livingroom", "entry", "outside")


class Activity(NamedTuple):
    """`rate`: movements a minute that a sensor in the room might see.  `shape`: how alike two bouts are

    (Gamma shape of the rate between bouts; small = some bouts are as still as stone)."""

    label: str
    room: int
    rate: float
    shape: float


# Labels `sleep`, `toilet`, `away`, `step_out` and act:* are those of the public home data sets.
TABLE = (
    Activity("sleep", BEDROOM, 0.027, 2.2),
    Activity("act:In_Bed_Awake", BEDROOM, 0.12, 1.5),
    Activity("sleep", BEDROOM, 0.03, 1.2),  # a nap
    Activity("toilet", BATHROOM, 0.9, 3.0),
    Activity("act:Personal_Hygiene", BATHROOM, 1.6, 5.0),
    Activity("act:Bathe", BATHROOM, 0.5, 2.0),  # behind a curtain
    Activity("act:Dress", BEDROOM, 1.6, 5.0),
    Activity("act:Cook", KITCHEN, 1.3, 5.0),
    Activity("act:Eat", KITCHEN, 0.35, 2.0),
    Activity("act:Wash_Dishes", KITCHEN, 1.4, 5.0),
    Activity("act:Snack", KITCHEN, 1.5, 5.0),
    Activity("act:Watch_TV", LIVINGROOM, 0.08, 1.0),
    Activity("act:Read", LIVINGROOM, 0.065, 1.0),
    Activity("act:Work_At_Table", LIVINGROOM, 0.22, 2.0),
    Activity("act:Housework", LIVINGROOM, 1.1, 4.0),
    Activity("act:Visit", LIVINGROOM, 0.8, 3.0),
    Activity("act:Leave_Home", ENTRY, 2.0, 5.0),
    Activity("act:Enter_Home", ENTRY, 2.0, 5.0),
    Activity("act:Answer_Door", ENTRY, 2.0, 5.0),
    Activity("away", OUTSIDE, 0.0, 1.0),
    Activity("step_out", OUTSIDE, 0.0, 1.0),
)
(
    SLEEP,
    IN_BED,
    NAP,
    TOILET,
    HYGIENE,
    SHOWER,
    DRESS,
    COOK,
    EAT,
    DISHES,
    SNACK,
    TV,
    READ,
    TABLE_WORK,
    HOUSEWORK,
    VISIT,
    LEAVE,
    ENTER,
    ANSWER,
    AWAY,
    STEP_OUT,
) = range(len(TABLE))

STILL = (IN_BED, NAP, EAT, TV, READ, TABLE_WORK, VISIT)
RATE_PER_S = np.array([a.rate for a in TABLE]) / 60.0
SHAPE = np.array([a.shape for a in TABLE])
LABELS = tuple(dict.fromkeys(a.label for a in TABLE))
LABEL_OF = np.array([LABELS.index(a.label) for a in TABLE], dtype=np.int16)
