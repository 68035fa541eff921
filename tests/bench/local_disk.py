"""Bench of gantryd beside other FTP servers and the floor, all on one file system: processor time of the whole server.

In each round every program does the same work once, and each round begins with another one. What is judged is gantryd's
multiple of the floor, or of the best of the others, round by round.
"""

import contextlib
import dataclasses
import statistics
import sys

import idle_cost
import peers
from contestants import ENTRIES, FLOORS, ONE_PROCESS, PROGRAMS, SMALL, Contestant, Place, obstacle
from gantry import Setup
from load_run import measured
from measure import GIB, MIB, Report

BENCH = "local-disk"
SHARED_MEMORY = "/dev/shm"
FLOOR, BEST = "floor", "best other"
PARTS = {"cost": "", "wall": ", wall", "p50_ms": ", p50", "p99_ms": ", p99", "own_cpu": ", load generator"}


@dataclasses.dataclass(frozen=True)
class Work:
    """A row of the table. The words for the load generator may name {big} and {part}: their sizes."""

    name: str
    what: str
    words: tuple
    tls: bool = False
    lines: tuple = ()        # (part of PARTS, FLOOR or BEST, how many times that gantryd may need)
    unit: str = "ms"         # of one operation; or s/GiB
    dear: bool = False       # a tenth of it is enough for a program that has a process for each session

    def arguments(self, program, sizes):
        words = [str(word).format(**sizes, c="{c}", n="{n}") for word in self.words]
        if self.dear and program not in ONE_PROCESS:
            at = words.index("--count") + 1
            words[at] = str(max(1, int(words[at]) // 10))
        return [*words, *(["--tls"] if self.tls else [])]

    def cost(self, outcome):
        if self.unit == "s/GiB":
            return outcome["cpu"] * GIB / outcome["bytes"]
        return outcome["cpu"] * 1000 / outcome["operations"]


def _big(name, what, words, lines, tls=False):
    return Work(name, what, words, tls, lines, "s/GiB")


def _of_floor(most):
    return ("cost", FLOOR, most)


NOT_ABOVE_BEST = ("cost", BEST, 1.0)
ONE_DOWN = ("retr", "--name", "big", "--size", "{big}")
ONE_UP = ("stor", "--name", "up/{c}", "--size", "{big}")
EIGHT_DOWN = ("retr", "--name", "part", "--size", "{part}", "--connections", 8)
EIGHT_UP = ("stor", "--name", "up/{c}", "--size", "{part}", "--connections", 8)
SIXTEEN = ("--size", SMALL, "--connections", 16, "--count", 250)
LOGINS = ("login", "--connections", 4, "--count", 500)
LISTING = ("--name", "listing", "--entries", ENTRIES, "--count", 10)

WORKS = (
    _big("retr", "RETR, plain", ONE_DOWN, (_of_floor(1.15), NOT_ABOVE_BEST)),
    _big("retr-8", "RETR, plain, 8 connections", EIGHT_DOWN, (_of_floor(1.15), NOT_ABOVE_BEST)),
    _big("stor", "STOR, plain", ONE_UP, (_of_floor(0.95),)),
    _big("stor-8", "STOR, plain, 8 connections", EIGHT_UP, (_of_floor(0.95),)),
    _big("retr-tls", "RETR, TLS", ONE_DOWN, (_of_floor(1.05),), tls=True),
    _big("stor-tls", "STOR, TLS", ONE_UP, (_of_floor(1.0),), tls=True),
    Work("small-retr", "RETR of 4 KiB, 16 connections", ("retr", "--name", "small", *SIXTEEN),
         lines=(_of_floor(1.4), ("p99_ms", BEST, 1.0))),
    Work("small-stor", "STOR of 4 KiB, 16 connections", ("stor", "--name", "up/{c}-{n}", *SIXTEEN), lines=(_of_floor(1.4),)),
    Work("login", "login", LOGINS, lines=(_of_floor(1.3),), dear=True),
    Work("login-tls", "login, TLS", LOGINS, tls=True, lines=(NOT_ABOVE_BEST,), dear=True),
    Work("mlsd", f"MLSD of {ENTRIES} entries", ("list", "--verb", "MLSD", *LISTING), lines=(_of_floor(1.3),)),
    Work("list", f"LIST of {ENTRIES} entries", ("list", "--verb", "LIST", *LISTING), lines=(_of_floor(1.3),)),
)


def local_disk(report, options):
    """gantryd beside other servers on one file system: bulk, small files, logins, listings, idle sessions. Options:
    --rows, --programs, --size, --on."""
    works = [work for work in WORKS if not options.rows or work.name in options.rows]
    quiet = [row for row in idle_cost.ROWS if not options.rows or row.name in options.rows]
    if unknown := set(options.rows or ()) - {row.name for row in (*works, *quiet)}:
        every = ", ".join(row.name for row in (*WORKS, *idle_cost.ROWS))
        raise SystemExit(f"no such row: {', '.join(sorted(unknown))}; there are {every}")
    programs = _chosen(options.programs)
    with Setup.scratch_on(options.on or SHARED_MEMORY):
        place = Place((options.size or 1024) * MIB, ENTRIES if any("list" in work.words for work in works) else 0)
        for tls in (False, True):
            mine = [work for work in works if work.tls == tls]
            if mine:
                with _started(programs, place, tls) as contestants:
                    for work in mine:
                        _contest(report, work, contestants, place.sizes, options.repeat)
        idle_cost.idle_cost(report, quiet, programs, options.repeat)
    if works:
        report.tables.append(_table(report, works, programs))


def _chosen(wanted):
    chosen = []
    for name in wanted or PROGRAMS:
        if name not in PROGRAMS:
            raise SystemExit(f"no such program: {name}; there are {', '.join(PROGRAMS)}")
        if why := obstacle(name):
            print(f"  without {name}: {why}", file=sys.stderr, flush=True)
        else:
            chosen.append(name)
    return chosen


@contextlib.contextmanager
def _started(programs, place, tls):
    with contextlib.ExitStack() as running:
        yield [running.enter_context(Contestant(name, tls, place)) for name in programs]


def _can(program, work):
    if program in FLOORS:
        return program == FLOOR or work.words[0] == "stor" and not work.tls
    return program == "gantryd" or "MLSD" not in work.words or "MLSD" in peers.PEERS[program].offers


def _contest(report, work, contestants, sizes, rounds):
    able = [one for one in contestants if _can(one.name, work)]
    samples = {one.name: [] for one in able}
    for number in range(rounds):
        turn = number % len(able)
        for one in able[turn:] + able[:turn]:
            samples[one.name].append(_once(work, one, sizes))
    for name, outcomes in samples.items():
        for part, ending in PARTS.items():
            unit = work.unit if part == "cost" else "ms" if part.endswith("_ms") else "s"
            report.add(BENCH, f"{work.what}: {name}{ending}", [outcome[part] for outcome in outcomes], unit,
                       shown=part == "cost")
    for part, against, most in work.lines:
        _judge(report, work, samples, part, against, most)


def _judge(report, work, samples, part, against, most):
    def median(name):
        return statistics.median(outcome[part] for outcome in samples[name])

    other = against if against == FLOOR else min((name for name in samples if name in peers.PEERS), key=median, default=None)
    if "gantryd" in samples and other in samples:
        ratios = [mine[part] / theirs[part] for mine, theirs in zip(samples["gantryd"], samples[other])]
        report.add(BENCH, f"{work.what}: gantryd / {against}{PARTS[part]}", ratios, "x", most)


def _once(work, contestant, sizes):
    arguments = work.arguments(contestant.name, sizes)
    outcome = measured(contestant, *arguments)
    outcome["cost"] = work.cost(outcome)
    if work.words[0] == "stor":
        # The server's word is not enough: the files must be there, and whole.
        size = int(arguments[arguments.index("--size") + 1])
        found = contestant.uploads()
        if found != [size] * outcome["operations"]:
            raise AssertionError(f"{contestant.name}: {outcome['operations']} uploads of {size} bytes left {found[:20]}")
    return outcome


# ---- the table for reading

def _table(report, works, programs):
    """Markdown: a line for each work, a column for each program, then how gantryd stands to its lines."""
    found = {row["what"]: row for row in report.rows if row["bench"] == BENCH}
    lines = []
    for work in works:
        cells = [_cell(found.get(f"{work.what}: {name}")) for name in programs]
        judged = [(against, PARTS[part], found.get(f"{work.what}: gantryd / {against}{PARTS[part]}"))
                  for part, against, _ in work.lines]
        verdicts = [f"{row['median']:.2f} x {against}{ending} (≤ {row['limit']:g}) {'ok' if row['ok'] else '**missed**'}"
                    for against, ending, row in judged if row]
        lines.append([work.what, work.unit, *cells, "; ".join(verdicts)])
    head = ["Work", "Unit", *programs, "gantryd"]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, ["---"] * len(head), *lines])


def _cell(row):
    """Median (min-max)."""
    return "{} ({}–{})".format(*(Report.number(row[name]) for name in ("median", "min", "max"))) if row else ""
