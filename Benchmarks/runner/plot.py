# SPDX-License-Identifier: Apache-2.0
"""The tables as bars, in SVG. Every bar is a ratio to asyncio in the same figure, so longer is better in all of them;
the number beside it says what the length means."""
import os
from xml.sax.saxutils import escape

import report

COLORS = {"asyncio": "#9aa5b1", "uvloop": "#e0a030", "AsyncIO": "#1f6feb"}
WIDTH, LEFT, RIGHT, BAR, GAP, TOP = 860, 330, 90, 13, 16, 64
FILES = {"Tasks": "tasks.svg", "TCP echo": "echo.svg"}
BASE = "asyncio"


def write(tables):
    os.makedirs(report.FOLDER, exist_ok=True)
    for name, peers, rows in tables:
        with open(os.path.join(report.FOLDER, FILES[name]), "w") as file:
            file.write(drawing(name, peers, rows))


def ratio_to_base(row, peer):
    value, base = row.medians[peer], row.medians[BASE]
    if not value or not base:
        return 0.0
    return value / base if row.figure.more_is_better else base / value


def drawing(name, peers, rows):
    height = TOP + len(rows) * (len(peers) * BAR + GAP) + 8
    longest = max(ratio_to_base(row, peer) for row in rows for peer in peers)
    unit = (WIDTH - LEFT - RIGHT) / longest
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">',
             f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
             f'<text x="16" y="26" font-size="17" font-weight="bold" fill="#1c2430">{escape(name)}: '
             f'how many times as good as asyncio</text>']
    x = 16
    for peer in peers:
        parts += [f'<rect x="{x}" y="38" width="12" height="12" fill="{COLORS[peer]}"/>',
                  f'<text x="{x + 17}" y="48" font-size="13" fill="#1c2430">{escape(peer)}</text>']
        x += 35 + 8 * len(peer)
    y = TOP
    for row in rows:
        middle = y + len(peers) * BAR / 2 + 4
        parts.append(f'<text x="{LEFT - 10}" y="{middle:.1f}" font-size="12.5" text-anchor="end" fill="#1c2430">'
                     f'{escape(row.figure.title)}</text>')
        for peer in peers:
            ratio = ratio_to_base(row, peer)
            length = max(1.0, ratio * unit)
            value = f"{report.number(row.medians[peer])} {row.figure.unit}"
            parts += [f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR - 2}" fill="{COLORS[peer]}">'
                      f'<title>{escape(peer)}: {escape(value)}</title></rect>',
                      f'<text x="{LEFT + length + 5:.1f}" y="{y + BAR - 3.5}" font-size="11" fill="#1c2430">'
                      f'{report.times(ratio)}</text>']
            y += BAR
        y += GAP
    parts.append("</svg>\n")
    return "\n".join(parts)
