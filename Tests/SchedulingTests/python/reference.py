# SPDX-License-Identifier: Apache-2.0
"""What others say about the times of cron expressions and about zones, for tests to compare with.

    reference.py croniter    the times by croniter, in UTC
    reference.py vixie       the times by a simulation of cron's main loop, minute by minute, with zoneinfo's clocks
    reference.py zones       the offsets by zoneinfo

Each line of the input is a question, with `|` between its parts, and each line of the output the answer:

    EXPRESSION|ZONE|SECONDS|COUNT|next or previous    the seconds of so many times, after or before
    ZONE|SECONDS|SECONDS...                           offset, daylight saving or not, and name, for each
"""
import sys
from datetime import datetime, timedelta, timezone
from importlib.metadata import version
from zoneinfo import ZoneInfo

LONGEST = 180  # minutes
NAMES = {
    3: {name: 1 + n for n, name in enumerate("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split())},
    4: {name: n for n, name in enumerate("SUN MON TUE WED THU FRI SAT".split())},
}
LIMITS = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)]


def numbers(field, text):
    """The numbers of a field, without the extensions L, # and ?, and without ranges that wrap."""
    low, high = LIMITS[field]
    value = lambda word: NAMES.get(field, {}).get(word.upper()) if word.isalpha() else int(word)
    found = set()
    for item in text.split(","):
        item, _, step = item.partition("/")
        first, _, last = item.partition("-")
        if first == "*":
            first, last = low, high
        else:
            last = value(last) if last else high if step else value(first)
            first = value(first)
        found.update(range(first, last + 1, int(step or 1)))
    return {number % 7 for number in found} if field == 4 else found


class Job:
    def __init__(self, expression):
        self.texts = expression.split()
        self.fields = [numbers(field, text) for field, text in enumerate(self.texts)]
        self.is_wild = any(text.startswith("*") for text in self.texts[:2])

    def matches(self, local):
        minute, hour, day, month, weekday = self.fields
        if local.minute not in minute or local.hour not in hour or local.month not in month:
            return False
        days = local.day in day, local.isoweekday() % 7 in weekday
        either = not any(text.startswith("*") for text in (self.texts[2], self.texts[4]))
        return any(days) if either else all(days)

    def runs(self, start, end, zone):
        """The minutes in which cron would start the job, from one to before another, in seconds."""
        minute = timedelta(minutes=1)
        clock = lambda seconds: datetime.fromtimestamp(seconds, timezone.utc).astimezone(zone).replace(tzinfo=None)
        # The time that jobs at fixed times have come to; the clock may be behind it.
        virtual = clock(start - 60)
        for now in range(start, end, 60):
            local = clock(now)
            behind = (local - virtual) // minute
            if self.is_wild or behind > LONGEST + 1 or behind <= -LONGEST:
                virtual = local
                due = self.matches(local)
            else:
                due = False
                while virtual < local:
                    virtual += minute
                    due = self.matches(virtual) or due
            if due:
                yield now


def croniter_times(expression, seconds, count, direction):
    """Nothing where croniter is wrong: before version 2 it passed over February 29 on its way back."""
    from croniter import croniter
    if direction == "previous" and int(version("croniter").split(".")[0]) < 2:
        return ["unknown"]
    fields = expression.split()
    if len(fields) == 6:
        fields = fields[1:] + fields[:1]
    times = croniter(" ".join(fields), datetime.fromtimestamp(seconds, timezone.utc))
    step = times.get_next if direction == "next" else times.get_prev
    return [int(step(datetime).timestamp()) for _ in range(count)]


def vixie_times(expression, zone, seconds, count, direction):
    """As many as there are within a stretch of time that ends early enough for a test."""
    zone, job = ZoneInfo(zone), Job(expression)
    if direction == "next":
        # The simulation begins early, so that it knows what the clock has shown.
        start = seconds // 60 * 60
        return [run for run in job.runs(start - 6 * 3600, start + 4 * 86400, zone) if run > seconds][:count]
    end = -(-seconds // 60) * 60
    return list(reversed(list(job.runs(end - 4 * 86400 - 6 * 3600, end, zone))))[:count]


def zone_answers(name, times):
    zone = ZoneInfo(name)
    for time in times:
        local = datetime.fromtimestamp(time, timezone.utc).astimezone(zone)
        yield f"{int(local.utcoffset().total_seconds())} {int(bool(local.dst()))} {local.tzname()}"


def main():
    mode = sys.argv[1]
    for line in sys.stdin:
        parts = line.rstrip("\n").split("|")
        if mode == "zones":
            print(",".join(zone_answers(parts[0], map(int, parts[1:]))))
            continue
        expression, zone, seconds, count, direction = parts[0], parts[1], int(parts[2]), int(parts[3]), parts[4]
        if mode == "croniter":
            found = croniter_times(expression, seconds, count, direction)
        else:
            found = vixie_times(expression, zone, seconds, count, direction)
        print(" ".join(map(str, found)))


if __name__ == "__main__":
    main()
