"""The Anju node: MicroPython firmware of a door, infrared or meter node."""

VERSION = "0.1.0"
