"""The rig: virtual boards that run the real firmware, a radio that can lose things, and the clock they share.

`image` compiles the firmware, `forkserver` starts a board's wakes, `board` is one board, `air` its UDP path,
`hub_process` the hub beside it, and `conductor` advances simulated time when everybody is idle.
"""
