"""ESP32-C3: deep-sleep wake by GPIO. The Wi-Fi's name and password lie in `wifi.json` on the node."""

import json

from anju_node.hal.esp32 import Esp32Hal


def hal():
    with open("wifi.json") as file:
        wifi = json.load(file)
    return Esp32Hal(wifi["ssid"], wifi["password"], "gpio", battery_pin=3)
