"""The composition root of the hub: everything is made and wired here, and taken down in order."""

import asyncio
import gc
import logging
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aiocoap import resource
from filelock import FileLock, Timeout

from anju_hub.binding import DEFAULT_BINDS, Bind
from anju_hub.clock import Clock, SimulatedClock, SystemClock
from anju_hub.coap_server import CoapServer
from anju_hub.counters import Counters
from anju_hub.errors import HubError
from anju_hub.hot_path import HotPath
from anju_hub.pipeline import Pipeline, Written
from anju_hub.reporting import Reporting
from anju_hub.resources.alerts import AlertsResource
from anju_hub.resources.clock import ClockResource
from anju_hub.resources.health import HealthResource
from anju_hub.resources.home import HomeResource, HomeTree
from anju_hub.resources.homes import HomesResource
from anju_hub.resources.nodes import NodesResource
from anju_hub.resources.reports import ReportsResource
from anju_hub.resources.trajectory import TrajectoryResource
from anju_hub.security.contexts import Contexts
from anju_hub.security.site import ProtectedSite
from anju_hub.store.engine import Store, open_store
from anju_hub.ticker import Ticker
from anju_hub.writer import Writer
from anju_wire import profile
from anju_wire.numbers import PATH_REPORT
from anju_wire.profile import Profiles

log = logging.getLogger("anju.hub")


@dataclass(frozen=True, slots=True)
class Options:
    """What `anju hub serve` was asked for."""

    data: Path
    binds: tuple[Bind, ...] = DEFAULT_BINDS
    simulated: bool = False
    require_oscore: bool = False
    profiles: Path | None = None  # folder of vendor profiles; `profiles` in the data folder if not given

    def __post_init__(self) -> None:
        if self.simulated and not all(bind.is_loopback for bind in self.binds):
            raise HubError(
                "a simulated clock is for this machine only",
                "Listen on a loopback address: --bind 127.0.0.1:PORT.",
            )


def serve(options: Options, announce: Callable[[list[Bind]], None]) -> None:
    """Run the hub until SIGINT or SIGTERM; `announce` is called when it listens.

    Raises
    ------
    HubError
        It cannot start; the remedy says what to do.
    """
    # The defaults (700, 10, 10) collect the whole heap of long-lived messages and contexts every few thousand
    # requests, which stops the hub for 120 to 335 ms; these keep the pauses below 25 ms.
    gc.set_threshold(50_000, 50, 1_000)
    store = open_store(options.data)
    lock = FileLock(options.data / "hub.lock")
    try:
        lock.acquire(timeout=0)
        asyncio.run(_until_signalled(Hub(store, options), announce))
    except Timeout as error:
        raise HubError(
            f"another hub works on {options.data}",
            "Two hubs on one store would repeat nonces. Stop the other, or use another --data.",
        ) from error
    finally:
        lock.release()
        store.close()


class Hub:
    """The running hub over an open store."""

    def __init__(self, store: Store, options: Options) -> None:
        self._options = options
        self._profiles = _load_profiles(options)
        self._clock: Clock = SimulatedClock() if options.simulated else SystemClock()
        self._counters = Counters()
        self._store = store
        self._contexts = Contexts(store)
        reading = (store, self._counters, options.require_oscore)
        self._home = HomeResource(*reading)
        self._alerts = AlertsResource(*reading)

    async def run(self, announce: Callable[[list[Bind]], None], stop: asyncio.Event) -> None:
        """Serve until `stop` is set; what was accepted by then is committed first."""
        writer = Writer(self._store, self._counters)
        ticker = Ticker(
            self._store,
            writer,
            self._contexts,
            Pipeline(self._store, self._counters),
            self._clock,
            self._counters,
            self._notify,
        )
        reporting = Reporting(writer, self._clock, self._counters, self._profiles)
        site = ProtectedSite(self._site(reporting, ticker), self._contexts, self._counters)
        server = CoapServer(site, HotPath(self._contexts, reporting), self._counters)
        try:
            await server.start(self._options.binds)
            log.info("hub=started listening=%s", ",".join(map(str, server.listening)))
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(writer.run())
                ticking = tasks.create_task(ticker.run())
                announce(server.listening)
                await stop.wait()
                ticking.cancel()
                writer.stop()
        finally:
            await server.stop()
            writer.close()
        log.info("hub=stopped")

    def _site(self, reporting: Reporting, ticker: Ticker) -> resource.Site:
        reading = (self._store, self._counters, self._options.require_oscore)
        site = resource.Site()
        site.add_resource([".well-known", "core"], resource.WKCResource(site.get_resources_as_linkheader, None))
        site.add_resource([PATH_REPORT], ReportsResource(reporting, self._counters))
        site.add_resource(["homes"], HomesResource(*reading))
        site.add_resource(["homes"], HomeTree(self._home, TrajectoryResource(*reading)))
        site.add_resource(["alerts"], self._alerts)
        site.add_resource(["nodes"], NodesResource(*reading))
        site.add_resource(["health"], HealthResource(*reading, self._clock))
        if isinstance(self._clock, SimulatedClock):
            site.add_resource(["clock"], ClockResource(self._clock, ticker.tick, self._counters))
        return site

    def _notify(self, written: Written) -> None:
        self._home.changed(written.homes)
        if written.alerts:
            self._alerts.updated_state()


def _load_profiles(options: Options) -> Profiles:
    if options.profiles is not None and not options.profiles.is_dir():
        raise HubError(f"there is no folder {options.profiles}", "Say --profiles DIR with the folder of your profiles.")
    try:
        return profile.load(options.profiles or options.data / "profiles")
    except profile.ProfileError as error:
        raise HubError(
            f"profile: {error}", "Mend the file or take it out; SPEC.md, clause 17, says what it holds."
        ) from error


async def _until_signalled(hub: Hub, announce: Callable[[list[Bind]], None]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await hub.run(announce, stop)
