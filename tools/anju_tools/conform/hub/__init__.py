"""Plays nodes to a hub."""
