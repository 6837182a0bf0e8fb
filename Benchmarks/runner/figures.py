# SPDX-License-Identifier: Apache-2.0
"""The measurements in figures.json: every page that shows a figure is written from this file."""
import json
import statistics

OURS = "AsyncIO"


def number(value):
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def times(ratio):
    if ratio is None:
        return ""
    return f"{ratio:.0f}×" if ratio >= 20 else f"{ratio:.1f}×"


class Row:
    """One figure of one case: its medians, by peer."""

    def __init__(self, name, title, unit, medians, more_is_better=False, disturbed=False):
        self.name, self.title, self.unit, self.medians = name, title, unit, medians
        self.more_is_better, self.disturbed = more_is_better, disturbed

    @property
    def full_title(self):
        return self.title + (" (disturbed)" if self.disturbed else "")

    def ratio(self, peer, ours=OURS):
        """How many times as good ours is: more in that time, or less of it."""
        own, theirs = self.medians.get(ours), self.medians.get(peer)
        if not own or not theirs:
            return None
        return own / theirs if self.more_is_better else theirs / own


class Group:
    """The rows of one kind, with the peers that they compare."""

    def __init__(self, name, peers, rows):
        self.name, self.peers, self.rows = name, peers, rows


class Figures:
    """The figures of one call of `make bench`, with its machine."""

    def __init__(self, groups, machine, rounds, most_disturbance):
        self.groups, self.machine, self.rounds, self.most_disturbance = groups, machine, rounds, most_disturbance

    @classmethod
    def of_runs(cls, cases, peers, results, *, is_disturbed, **facts):
        """From the runs of each case, by case and peer. Disturbed runs count only where all were disturbed."""
        groups = {}
        for case in cases:
            runs = results[case.name]
            quiet = {name: [run for run in of_peer if not is_disturbed(run["disturbance"])]
                     for name, of_peer in runs.items()}
            for figure in case.figures:
                medians = {name: statistics.median(run[figure.key] for run in quiet[name] or of_peer) * figure.scale
                           for name, of_peer in runs.items()}
                row = Row(f"{case.name}.{figure.key}", figure.title, figure.unit, medians, figure.more_is_better,
                          not all(quiet.values()))
                groups.setdefault(case.group, []).append(row)
        names = [peer.name for peer in peers]
        return cls([Group(name, names, rows) for name, rows in groups.items()], **facts)

    @classmethod
    def read(cls, path):
        with open(path) as file:
            kept = json.load(file)
        groups = [Group(group["name"], group["peers"], [Row(**row) for row in group["rows"]]) for group in kept["groups"]]
        return cls(groups, kept["machine"], kept["rounds"], kept["most_disturbance"])

    def write(self, path):
        kept = {"machine": self.machine, "rounds": self.rounds, "most_disturbance": self.most_disturbance,
                "groups": [{"name": group.name, "peers": group.peers, "rows": [vars(row) for row in group.rows]}
                           for group in self.groups]}
        with open(path, "w") as file:
            json.dump(kept, file, indent=1, ensure_ascii=False)
            file.write("\n")
