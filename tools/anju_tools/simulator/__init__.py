"""A street of simulated residents: what happens at the pins, what a hub would log, and the truth behind it."""

from anju_tools.simulator.faults import Fault, FaultRequest, parse_fault
from anju_tools.simulator.log import HomeLog, Span, Spans, Stimuli, Stimulus
from anju_tools.simulator.plan import DEFAULT_SENSORS, HomePlan, SensorPlan, parse_sensors, plan_homes
from anju_tools.simulator.simulate import simulate, simulate_home

__all__ = [
    "DEFAULT_SENSORS",
    "Fault",
    "FaultRequest",
    "HomeLog",
    "HomePlan",
    "SensorPlan",
    "Span",
    "Spans",
    "Stimuli",
    "Stimulus",
    "parse_fault",
    "parse_sensors",
    "plan_homes",
    "simulate",
    "simulate_home",
]
