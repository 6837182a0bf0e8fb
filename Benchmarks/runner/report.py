# SPDX-License-Identifier: Apache-2.0
"""The figures as tables: medians, with their ratios to AsyncIO's. The pages are written from figures.json alone, so
that they cannot contradict each other."""
import os

import building
import figures
import plot
from figures import number, times

FOLDER = os.path.join(os.path.dirname(building.ROOT), "docs", "performance")
README = os.path.join(os.path.dirname(building.ROOT), "README.md")
BEGIN, END = "<!-- figures: begin; written by `make bench` -->", "<!-- figures: end -->"
# The rows of the first page, by their names in figures.json.
OF_THE_README = {
    "yield.ns_per_op": "a switch between two tasks",
    "queue.ns_per_op": "an item through a queue of one",
    "cancel.ns_per_op": "cancel and await a task",
    "rss.bytes_per_task": "a sleeping task: memory",
    "echo-100.server_cpu_us_per_message": "TCP echo of 1 KiB, 100 connections: the server's CPU",
    "idle.bytes_per_connection": "an idle TCP connection: memory",
    "client.cpu_ns_per_op": "HTTP GET of 1 KiB (the others: aiohttp): CPU",
}


def markdown(groups):
    lines = []
    for group in groups:
        others = [peer for peer in group.peers if peer != figures.OURS]
        lines += [f"### {group.name}", "", "| | | " + " | ".join(group.peers) + " | "
                  + " | ".join(f"against {peer}" for peer in others) + " |",
                  "|---|---|" + "---:|" * (len(group.peers) + len(others))]
        for row in group.rows:
            cells = [number(row.medians[peer]) if peer in row.medians else "" for peer in group.peers]
            ratios = [f"**{times(row.ratio(peer))}**" if peer in row.medians else "" for peer in others]
            lines.append(f"| {row.full_title} | {row.unit} | " + " | ".join(cells + ratios) + " |")
        lines.append("")
    return "\n".join(lines)


def summary(groups):
    """The table of the README: fewer rows, each with its unit."""
    rows = {row.name: row for group in groups for row in group.rows}
    lines = ["| | AsyncIO | against uvloop | against asyncio |", "|---|---:|---:|---:|"]
    for name, title in OF_THE_README.items():
        if name not in rows:
            continue
        row = rows[name]
        ratios = [times(row.ratio(peer)) for peer in ("uvloop", "asyncio")]
        lines.append(f"| {title} | {number(row.medians[figures.OURS])} {row.unit} | " + " | ".join(ratios) + " |")
    return "\n".join(lines)


def pages(measured, readme):
    """Everything written from the figures: the files below docs/performance with their texts, and the README's text."""
    groups = measured.groups
    files = {plot.file_name(group): plot.drawing(group) for group in groups}
    images = "\n\n".join(f"![{group.name}: how many times as good as asyncio]({plot.file_name(group)})"
                         for group in groups)
    files["README.md"] = f"""# Performance

AsyncIO beside Python's asyncio and uvloop, measured by `make bench` (this page is what it wrote, from
[figures.json](figures.json)). "3.0× against uvloop" means a third of the time, the processor or the memory, or three
times as many messages.

{images}

{markdown(groups)}
## How it was measured

- Machine: {"; ".join(measured.machine)}.
- Medians of {measured.rounds} round(s): each round runs every case for all peers in turn, so what changes on the machine in
  the meantime changes it for all. A virtual machine swings by 10 to 25 %: less than that is no difference.
- What is measured runs on one core, what drives it on another. Runs while other programs kept more than
  {measured.most_disturbance:.0%} of a core busy are left out, or, if a peer had no others, the case is marked:
  "(disturbed)".
- Tasks: each case is a process of its own, which measures itself; wall time per operation, or CPU time where it says
  so.
- Lateness: each sleeping task compares the clock after its sleep with what it had asked for; 1 to 1,000 ms.
- Memory: growth of the resident set, of the process alone: the kernel's part of a connection is the same for all.
- TCP echo: `Benchmarks/drivers/load.c` sends a message on every connection, waits until it is back, and sends the next.
  The servers are a read and a write in a loop: asyncio's and uvloop's with StreamReader and StreamWriter, ours with the
  types of these names. The driver is one thread and at its limit with fast servers: there, compare the CPU.
- UDP echo: `Benchmarks/drivers/udp.c` does the same with datagrams, one on its way for each socket.
- HTTP client: one client gets the page of 1 KiB that `Benchmarks/drivers/serve.c` answers with; asyncio's and uvloop's
  is aiohttp. The 200 connections are opened in the measured time.
- The programs are in `Benchmarks/`, which also says how to add a case.
"""
    assert readme.count(BEGIN) == 1 and readme.count(END) == 1, f"the README lacks the marks {BEGIN} and {END}"
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return files, f"{before}{BEGIN}\n{summary(groups)}\n{END}{after}"


def write(measured, folder, readme):
    """Writes the pages. `readme` is the path of a README, which is changed between its marks."""
    os.makedirs(folder, exist_ok=True)
    with open(readme) as file:
        files, text = pages(measured, file.read())
    for name, content in {**files, readme: text}.items():
        with open(os.path.join(folder, name), "w") as file:
            file.write(content)


def stale(measured, folder, readme):
    """The pages that differ from the figures."""
    with open(readme) as file:
        files, text = pages(measured, file.read())
    found = []
    for name, content in {**files, readme: text}.items():
        path = os.path.join(folder, name)
        there = ""
        if os.path.exists(path):
            with open(path) as file:
                there = file.read()
        if there != content:
            found.append(path)
    return found
