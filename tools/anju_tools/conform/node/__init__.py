"""Plays the hub that a node reports to."""
