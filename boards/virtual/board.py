"""The virtual board: the rig names its flash file on the command line."""

import sys

from anju_node.hal.virtual import VirtualHal


def hal():
    return VirtualHal(sys.argv[1])
