# SPDX-License-Identifier: Apache-2.0
"""Medians as tables, with what they are as ratios to AsyncIO's."""
import os
import statistics

import building
import machine

FOLDER = os.path.join(os.path.dirname(building.ROOT), "docs", "performance")
OURS = "AsyncIO"


class Row:
    def __init__(self, figure, medians, disturbed):
        self.figure, self.medians, self.disturbed = figure, medians, disturbed

    def ratio(self, peer):
        """How many times as good ours is: as much in the time, or as little of it."""
        ours, theirs = self.medians[OURS], self.medians[peer]
        if not ours or not theirs:
            return None
        return ours / theirs if self.figure.more_is_better else theirs / ours


def tables(cases, peers, results):
    """Group by group: a name, the peers' names, and rows."""
    groups = {}
    for case in cases:
        runs = results[case.name]
        quiet = {name: [run for run in of_peer if not machine.is_disturbed(run["disturbance"])]
                 for name, of_peer in runs.items()}
        disturbed = not all(quiet.values())
        for figure in case.figures:
            medians = {name: statistics.median(run[figure.key] for run in quiet[name] or of_peer) * figure.scale
                       for name, of_peer in runs.items()}
            groups.setdefault(case.group, []).append(Row(figure, medians, disturbed))
    return [(name, [peer.name for peer in peers], rows) for name, rows in groups.items()]


def number(value):
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def times(ratio):
    if ratio is None:
        return ""
    return f"{ratio:.0f}×" if ratio >= 20 else f"{ratio:.1f}×"


def title(row):
    return row.figure.title + (" (disturbed)" if row.disturbed else "")


def markdown(tables):
    lines = []
    for name, peers, rows in tables:
        others = [peer for peer in peers if peer != OURS]
        lines += [f"### {name}", "", "| | | " + " | ".join(peers) + " | "
                  + " | ".join(f"against {peer}" for peer in others) + " |",
                  "|---|---|" + "---:|" * (len(peers) + len(others))]
        for row in rows:
            cells = [number(row.medians[peer]) for peer in peers]
            ratios = [f"**{times(row.ratio(peer))}**" for peer in others]
            lines.append(f"| {title(row)} | {row.figure.unit} | " + " | ".join(cells + ratios) + " |")
        lines.append("")
    return "\n".join(lines)


def write(tables, rounds, peers):
    python = peers[0].commands["tasks"][0]
    text = f"""# Performance

AsyncIO beside Python's asyncio and uvloop, measured by `make bench` (this page is what it wrote). "3.0× against uvloop"
means a third of the time, the processor or the memory, or three times as many messages.

![Tasks: how many times as good as asyncio](tasks.svg)

![TCP echo: how many times as good as asyncio](echo.svg)

![HTTP client: how many times as good as asyncio](client.svg)

{markdown(tables)}
## How it was measured

- Machine: {"; ".join(machine.description(python))}.
- Medians of {rounds} round(s): each round runs every case for all peers in turn, so what changes on the machine in
  the meantime changes it for all. A virtual machine swings by 10 to 25 %: less than that is no difference.
- What is measured runs on one core, what drives it on another. Runs while other programs kept more than
  {machine.MOST_DISTURBANCE:.0%} of a core busy are left out, or, if a peer had no others, the case is marked:
  "(disturbed)".
- Tasks: each case is a process of its own, which measures itself; wall time per operation, or CPU time where it says
  so.
- Lateness: each sleeping task compares the clock after its sleep with what it had asked for; 1 to 1,000 ms.
- Memory: growth of the resident set, of the process alone: the kernel's part of a connection is the same for all.
- TCP echo: `Benchmarks/drivers/load.c` sends a message on every connection, waits until it is back, and sends the next.
  The servers are a read and a write in a loop: asyncio's and uvloop's with StreamReader and StreamWriter, ours with the
  types of these names. The driver is one thread and at its limit with fast servers: there, compare the CPU.
- HTTP client: one client gets the page of 1 KiB that `Benchmarks/drivers/serve.c` answers with; asyncio's and uvloop's
  is aiohttp. The 200 connections are opened in the measured time.
- The programs are in `Benchmarks/`, which also says how to add a case.
"""
    os.makedirs(FOLDER, exist_ok=True)
    with open(os.path.join(FOLDER, "README.md"), "w") as file:
        file.write(text)
