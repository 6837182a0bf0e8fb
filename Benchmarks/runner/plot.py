# SPDX-License-Identifier: Apache-2.0
"""The tables as bars, in SVG. Every bar is a ratio to asyncio in the same figure, so longer is always better;
the number beside it gives the value. The scale is logarithmic: the ratios reach from 1 to some hundred."""
import math
from xml.sax.saxutils import escape

from figures import number, times

COLORS = {"asyncio": "#9aa5b1", "uvloop": "#e0a030", "AsyncIO": "#1f6feb"}
WIDTH, LEFT, RIGHT, BAR, GAP, TOP = 860, 370, 60, 13, 16, 74
BASE = "asyncio"
# The start of the bars, and the grid lines.
SHORTEST = 0.4
MARKS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]


def file_name(group):
    """One drawing for each group of cases."""
    return group.name.lower().replace(" ", "-") + ".svg"


def drawing(group):
    name, peers, rows = group.name, group.peers, group.rows
    height = TOP + len(rows) * (len(peers) * BAR + GAP) + 8
    longest = max(row.ratio(BASE, ours=peer) or 0.0 for row in rows for peer in peers)
    unit = (WIDTH - LEFT - RIGHT) / math.log(max(longest, 2) / SHORTEST)

    def length(ratio):
        return max(2.0, unit * math.log(ratio / SHORTEST)) if ratio > SHORTEST else 2.0

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">',
             f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
             f'<text x="16" y="26" font-size="17" font-weight="bold" fill="#1c2430">{escape(name)}: '
             f'how many times as good as asyncio (logarithmic)</text>']
    x = 16
    for peer in peers:
        parts += [f'<rect x="{x}" y="38" width="12" height="12" fill="{COLORS[peer]}"/>',
                  f'<text x="{x + 17}" y="48" font-size="13" fill="#1c2430">{escape(peer)}</text>']
        x += 35 + 8 * len(peer)
    for mark in MARKS:
        if mark <= longest:
            at = f"{LEFT + length(mark):.1f}"
            parts += [f'<line x1="{at}" y1="{TOP - 4}" x2="{at}" y2="{height - 6}" stroke="#d8dee6"/>',
                      f'<text x="{at}" y="{TOP - 8}" font-size="10" text-anchor="middle" fill="#66707c">{mark}×</text>']
    y = TOP
    for row in rows:
        middle = y + len(peers) * BAR / 2 + 4
        parts.append(f'<text x="{LEFT - 10}" y="{middle:.1f}" font-size="12.5" text-anchor="end" fill="#1c2430">'
                     f'{escape(row.full_title)}</text>')
        for peer in peers:
            ratio = row.ratio(BASE, ours=peer) or 0.0
            value = f"{number(row.medians.get(peer, 0))} {row.unit}"
            parts += [f'<rect x="{LEFT}" y="{y}" width="{length(ratio):.1f}" height="{BAR - 2}" fill="{COLORS[peer]}">'
                      f'<title>{escape(peer)}: {escape(value)}</title></rect>',
                      f'<text x="{LEFT + length(ratio) + 5:.1f}" y="{y + BAR - 3.5}" font-size="11" fill="#1c2430" '
                      f'stroke="#ffffff" stroke-width="3" paint-order="stroke">{times(ratio)}</text>']
            y += BAR
        y += GAP
    parts.append("</svg>\n")
    return "\n".join(parts)
