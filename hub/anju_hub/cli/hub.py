"""`anju hub`: run the hub, enrol nodes, make operator credentials, check the store."""

import logging
from pathlib import Path

import click
from platformdirs import user_data_dir

from anju_hub.errors import HubError

_LEVELS = ("debug", "info", "warning", "error")

data_option = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=lambda: Path(user_data_dir("anju", appauthor=False)),
    envvar="ANJU_DATA",
    show_envvar=True,
    help="Folder of the hub's store.  [default: the user's data folder]",
)


@click.group()
def hub() -> None:
    """Run the hub, enrol nodes, look after the store."""


@hub.command()
@data_option
@click.option(
    "--bind",
    "binds",
    multiple=True,
    metavar="HOST[:PORT]",
    help="Where to listen; may be repeated.  [default: 127.0.0.1 and [::1], port 5683]",
)
@click.option("--clock", type=click.Choice(["system", "simulated"]), default="system", show_default=True)
@click.option("--require-oscore", is_flag=True, help="Let operators read with credentials only, on this machine too.")
@click.option(
    "--profiles",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Folder of vendor profiles.  [default: profiles in the folder of the store]",
)
@click.option("--log-level", type=click.Choice(_LEVELS), default="info", show_default=True)
def serve(
    data: Path, binds: tuple[str, ...], clock: str, require_oscore: bool, profiles: Path | None, log_level: str
) -> None:
    """Start the hub; no configuration is needed.

    With --clock simulated time stands still until somebody PUTs it to /clock.
    """
    from anju_hub.app import Options
    from anju_hub.app import serve as run
    from anju_hub.binding import DEFAULT_BINDS, Bind, parse_bind

    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s", level=log_level.upper())
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("anju.aiocoap").setLevel(max(logging.WARNING, logging.getLogger().level))
    options = Options(
        data=data,
        binds=tuple(map(parse_bind, binds)) or DEFAULT_BINDS,
        simulated=clock == "simulated",
        require_oscore=require_oscore,
        profiles=profiles,
    )

    def announce(listening: list[Bind]) -> None:
        for bind in listening:
            click.echo(f"listening on {bind}")
        click.echo(f"data in {data}")
        click.echo("next: enrol a node with 'anju hub enrol NODE --home HOME --room ROOM --kind door --out NODE.json'")
        click.echo(f"      or look: aiocoap-client --accept application/json {listening[0]}/homes")

    run(options, announce)


@hub.command()
@click.argument("node", required=False)
@data_option
@click.option("--home", help="Name of the home; a new name makes a new home.")
@click.option("--room", help="Room the node is in.")
@click.option("--kind", help="door, pir, meter, contact, toilet, bed, seat, power or other.")
@click.option("--heartbeat", type=int, default=3600, show_default=True, help="Longest silence the node promises [s].")
@click.option("--medium", type=click.Choice(["water", "electricity"]), help="Of a meter.")
@click.option("--pulse-ml", type=float, help="Volume of one pulse of a water meter [mL].")
@click.option("--zone", help="IANA time zone of a new home.  [default: this machine's]")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="File for the node: holds its keys.")
@click.option("--csv", "plan", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Enrol many.")
@click.option("--out-dir", type=click.Path(path_type=Path, file_okay=False), help="Folder for many nodes' files.")
@click.option("--hub-host", default="127.0.0.1", show_default=True, help="Where the node finds the hub.")
@click.option("--hub-port", type=click.IntRange(1, 65535), default=5683, show_default=True)
@click.option("--replace", is_flag=True, help="Give a node that is enrolled new keys; the old ones die.")
def enrol(
    node: str | None,
    data: Path,
    home: str | None,
    room: str | None,
    kind: str | None,
    heartbeat: int,
    medium: str | None,
    pulse_ml: float | None,
    zone: str | None,
    out: Path | None,
    plan: Path | None,
    out_dir: Path | None,
    hub_host: str,
    hub_port: int,
    replace: bool,
) -> None:
    """Make keys for NODE and write its file, or for every node of a CSV plan.

    Columns of a plan: node,home,room,kind and, where wanted, heartbeat,medium,pulse_ml,zone.
    Works while the hub runs.
    """
    from anju_hub import enrolment
    from anju_hub.store.engine import open_store
    from anju_hub.store.registry import NodeSpec

    zone = enrolment.check_zone(zone or enrolment.local_zone())
    if plan is not None:
        if node is not None or out_dir is None:
            raise HubError("--csv enrols the nodes of a plan", "Say --csv PLAN.csv --out-dir DIR, and no NODE.")
        wanted = [(item, out_dir / f"{item.spec.node}.json") for item in enrolment.read_plan(plan, zone)]
    else:
        if node is None or home is None or room is None or kind is None or out is None:
            raise HubError(
                "NODE, --home, --room, --kind and --out are needed",
                "For example: anju hub enrol door1 --home anna --room hall --kind door --out door1.json",
            )
        spec = NodeSpec(node, home, room, kind, heartbeat, medium, pulse_ml)
        wanted = [(enrolment.Wanted(spec, zone), out)]
    store = open_store(data)
    try:
        enrolment.enrol(store, wanted, enrolment.HubAddress(hub_host, hub_port), replace)
    finally:
        store.close()
    for item, path in wanted:
        click.echo(f"{item.spec.node} in {item.spec.home}: {path}")
    click.echo("Copy each file to its node and delete it here: it holds the node's keys.")


@hub.command()
@data_option
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="For example operator.json")
@click.option("--name", default="operator", show_default=True, help="Who this is, for the log.")
def credentials(data: Path, out: Path, name: str) -> None:
    """Make operator credentials for `aiocoap-client --credentials`."""
    from anju_hub import enrolment
    from anju_hub.store.engine import open_store

    store = open_store(data)
    try:
        folder = enrolment.operator_credentials(store, out, name)
    finally:
        store.close()
    click.echo(f"{out} (keys in {folder})")
    click.echo("One program at a time may use them; make others for another program.")


@hub.command()
@data_option
def check(data: Path) -> None:
    """Verify the store: schema, integrity, references, record numbers."""
    from anju_hub.store.check import check_store
    from anju_hub.store.engine import open_store

    store = open_store(data, create=False)
    try:
        findings = check_store(store)
    finally:
        store.close()
    for finding in findings:
        click.echo(f"wrong: {finding}")
    if findings:
        raise HubError(f"{len(findings)} findings in {data}", "Keep the file, and restore the last good copy.")
    click.echo(f"{data}: good")
