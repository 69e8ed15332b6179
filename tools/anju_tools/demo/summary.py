"""What the demo says at the end."""

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from anju_tools.demo.snapshot import AlertLine, NodeSummary, StreetSummary
from anju_tools.demo.view import ALERT_LOOKS, OTHER_ALERT
from anju_tools.demo.words import day_and_clock, reasons, size


def print_summary(summary: StreetSummary, console: Console) -> None:
    """Nodes, homes, alerts with their reasons, pictures; the last line is `lost = N`."""
    console.print(_nodes(summary))
    console.print(_homes(summary))
    console.print(Text("Alerts" if summary.alerts else "No alerts", "bold"))
    for alert in sorted(summary.alerts, key=lambda a: a.raised):
        _print_alert(alert, summary.zone, console)
    if summary.pictures:
        console.print(Text("\nThe days of each home", "bold"))
    for path in summary.pictures:
        console.print(f"  {path}", soft_wrap=True, highlight=False, markup=False)
    console.print()
    for remark in summary.remarks:
        console.print(remark, soft_wrap=True, highlight=False, markup=False)
    console.print(Text(f"lost = {summary.lost}", "bold red" if summary.lost else "bold green"))


def _nodes(summary: StreetSummary) -> Table:
    table = Table(box=SIMPLE_HEAD, title="What the pins did, and what the hub has", title_justify="left")
    for name in ("home", "node", "sensor", "counted"):
        table.add_column(name)
    for name in ("made", "received", "lost", "datagrams", "bytes on the air"):
        table.add_column(name, justify="right")
    home = None
    for node in summary.nodes:
        if home not in (None, node.home):
            table.add_section()
        table.add_row(node.home if node.home != home else "", *_counts(node))
        home = node.home
    return table


def _counts(node: NodeSummary) -> tuple[str, str, str, str, str, Text, str, str]:
    lost = Text(str(node.lost), "bold red" if node.lost else "")
    counted = (f"{node.made:,}", f"{node.received:,}", lost)
    return node.node, node.sensor, node.unit, *counted, f"{node.datagrams:,}", f"{node.octets:,}"


def _homes(summary: StreetSummary) -> Table:
    octets: dict[str, int] = {}
    for node in summary.nodes:
        octets[node.home] = octets.get(node.home, 0) + node.octets
    table = Table(box=SIMPLE_HEAD, title="On the air", title_justify="left")
    table.add_column("home")
    table.add_column("in all", justify="right")
    table.add_column("a day", justify="right")
    for home, total in octets.items():
        table.add_row(home, size(total), size(total / max(summary.days, 1e-9)))
    return table


def _print_alert(alert: AlertLine, zone: str, console: Console) -> None:
    icon, style = ALERT_LOOKS.get(alert.alert_class, OTHER_ALERT)
    what = f"{alert.kind} of {alert.sensor}" if alert.sensor else alert.kind
    line = Text("  ").append(f"{icon} {alert.alert_class}", style)
    line.append(f"  {alert.home}, {day_and_clock(alert.raised, zone)}: {what}")
    console.print(line, soft_wrap=True)
    for reason in reasons(alert.why):
        console.print(Text(f"      {reason}"), soft_wrap=True)
