"""ESP32 board: the HAL on `machine`, `network` and `esp32`. Same methods as `hal/virtual.py`.

Time is counted from the cold boot: the RTC timer runs on through deep sleep, so the node's clock is the RTC's minus
its reading at the cold boot, which RTC memory keeps in its first eight bytes.
"""

import gc
import os
import select
import socket
import sys
import time

import esp32
import machine
import network

_CONNECT_MS = 15000
_STAMP_BYTES = 8
_GC_THRESHOLD = 8192  # collect early: garbage that lives long breaks the free heap into pieces
_RESET_REASONS = {
    machine.DEEPSLEEP_RESET: 0,
    machine.PWRON_RESET: 1,
    machine.HARD_RESET: 2,
    machine.WDT_RESET: 3,
    machine.SOFT_RESET: 4,
}


def _rtc_ms():
    """The RTC timer [ms]; it keeps running in deep sleep."""
    return time.time_ns() // 1000000


class Esp32Hal:
    """The board as the node sees it.

    wake: "ext0" (classic, S3) or "gpio" (C3, C6).  battery: ADC pin, behind a divider of `battery_divider`.
    """

    def __init__(self, ssid, password, wake, battery_pin, battery_divider=2):
        gc.threshold(_GC_THRESHOLD)
        self._wifi = (ssid, password)
        self._wake = wake
        self._adc = machine.ADC(machine.Pin(battery_pin))
        self._divider = battery_divider
        self._pins = {}
        self._ring = None
        self._interface = None
        self.root = ""
        self.reset_reason = _RESET_REASONS.get(machine.reset_cause(), 2)
        memory = machine.RTC().memory()
        if self.reset_reason != 0 or len(memory) < _STAMP_BYTES:
            memory = _rtc_ms().to_bytes(_STAMP_BYTES, "big")
        self._stamp = memory[:_STAMP_BYTES]
        self._zero = int.from_bytes(self._stamp, "big")
        self._rtc = memory[_STAMP_BYTES:]
        self.woke_ms = self.now_ms() - time.ticks_ms()  # ticks count from this boot
        pin_wake = machine.wake_reason() in (machine.PIN_WAKE, getattr(machine, "GPIO_WAKE", machine.PIN_WAKE))
        self.wake_pin = self._rtc[0] if pin_wake and self._rtc else -1
        self.wake_level = self._rtc[1] if pin_wake and self._rtc else -1
        self._rtc = self._rtc[2:]

    def now_ms(self):
        """Milliseconds since the cold boot, deep sleep included."""
        return _rtc_ms() - self._zero

    def ticks_since(self, ticks):
        return time.ticks_diff(time.ticks_ms(), ticks)

    def _pin(self, number):
        if number not in self._pins:
            self._pins[number] = machine.Pin(number, machine.Pin.IN, machine.Pin.PULL_UP)
        return self._pins[number]

    def on_edge(self, pin, ring):
        """Edges of `pin` go to `ring` from interrupt context."""
        self._ring = ring
        push, ticks_ms = ring.push, time.ticks_ms

        def edge(source):
            push(0, source.value(), ticks_ms())

        self._pin(pin).irq(edge, machine.Pin.IRQ_FALLING | machine.Pin.IRQ_RISING)

    def level(self, pin):
        return self._pin(pin).value()

    def battery_mv(self):
        return self._adc.read_uv() * self._divider // 1000

    def wait(self, until_ms):
        """Idle until a time or an edge; "T" or "E"."""
        while until_ms is None or self.now_ms() < until_ms:
            if self._ring is not None and not self._ring.empty():
                return "E"
            machine.idle()
        return "T"

    def _connect(self):
        interface = network.WLAN(network.STA_IF)
        interface.active(True)
        if not interface.isconnected():
            interface.connect(self._wifi[0], self._wifi[1])
            end = time.ticks_add(time.ticks_ms(), _CONNECT_MS)
            while not interface.isconnected():
                if time.ticks_diff(end, time.ticks_ms()) <= 0:
                    raise OSError("no Wi-Fi")
                machine.idle()
        self._interface = interface

    def udp(self, host, port):
        return UdpLink(self, host, port)

    def rtc_memory(self):
        return self._rtc

    def random_byte(self):
        return os.urandom(1)[0]

    def log(self, text):
        sys.stderr.write(text + "\n")

    def deep_sleep(self, until_ms, pin, wake_level, rtc):
        """End this run; wake at a time, or when `pin` has `wake_level` (None: timer only)."""
        machine.RTC().memory(self._stamp + bytes((pin, wake_level or 0)) + rtc)
        if self._interface is not None:
            self._interface.active(False)
        if wake_level is not None:
            source = self._pin(pin)
            level = esp32.WAKEUP_ANY_HIGH if wake_level else esp32.WAKEUP_ALL_LOW
            if self._wake == "ext0":
                esp32.wake_on_ext0(source, level)
            else:
                esp32.wake_on_gpio((source,), level)
        machine.deepsleep(max(1, until_ms - self.now_ms()))


class UdpLink:
    """A connected UDP socket over Wi-Fi. No Wi-Fi is silence: the exchange times out and the node backs off."""

    def __init__(self, hal, host, port):
        self._hal = hal
        self._socket = None
        try:
            hal._connect()
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._socket.connect(socket.getaddrinfo(host, port)[0][-1])
            self._poller = select.poll()
            self._poller.register(self._socket, select.POLLIN)
        except OSError as error:
            hal.log("link: %s" % error)
            self.close()

    def send(self, data):
        if self._socket is None:
            return
        try:
            self._socket.send(data)
        except OSError as error:
            self._hal.log("send: %s" % error)

    def receive(self, until_ms):
        """The next datagram, or None when `until_ms` passed. Edges meanwhile go to the ring from their interrupt."""
        left = until_ms - self._hal.now_ms()
        if self._socket is None:
            self._hal.wait(until_ms)
            return None
        if left <= 0 or not self._poller.poll(left):
            return None
        try:
            return self._socket.recv(1280)
        except OSError:
            return None

    def close(self):
        if self._socket is not None:
            self._socket.close()
            self._socket = None
