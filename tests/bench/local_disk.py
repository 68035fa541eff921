"""Bench of gantryd beside other FTP servers and the floor, all on one file system: processor time of the whole server.

In each round every program does the same work once, and each round begins with another one. What is judged is how many
times the floor's processor time gantryd needs, round by round.
"""

import contextlib
import dataclasses
import sys

import peers
from contestants import ENTRIES, FLOORS, ONE_PROCESS, SMALL, Contestant, Place, obstacle, PROGRAMS, scratch_on
from load_run import measured
from measure import GIB, MIB

BENCH = "local-disk"
SHARED_MEMORY = "/dev/shm"


@dataclasses.dataclass(frozen=True)
class Work:
    """A row of the table. The words for the load generator may name {big} and {part}: their sizes."""

    name: str
    what: str
    words: tuple
    tls: bool = False
    line: float = None       # how many times the floor's processor time gantryd may need
    floor: str = "floor"
    scale: float = 1000      # processor seconds of one operation become ms
    unit: str = "ms"
    dear: bool = False       # a tenth of it is enough for a program that has a process for each session

    def arguments(self, program, sizes):
        words = [str(word).format(**sizes, c="{c}", n="{n}") for word in self.words]
        if self.dear and program not in ONE_PROCESS:
            at = words.index("--count") + 1
            words[at] = str(max(1, int(words[at]) // 10))
        return [*words, *(["--tls"] if self.tls else [])]


def _big(name, what, words, tls, line):
    return Work(name, what, words, tls, line, scale=None, unit="s/GiB")


ONE_DOWN = ("retr", "--name", "big", "--size", "{big}")
ONE_UP = ("stor", "--name", "up/{c}", "--size", "{big}")
EIGHT_DOWN = ("retr", "--name", "part", "--size", "{part}", "--connections", 8)
EIGHT_UP = ("stor", "--name", "up/{c}", "--size", "{part}", "--connections", 8)
SIXTEEN = ("--size", SMALL, "--connections", 16, "--count", 250)
LOGINS = ("login", "--connections", 4, "--count", 250)
LISTING = ("--name", "listing", "--entries", ENTRIES, "--count", 5)

WORKS = (
    _big("retr", "RETR, plain", ONE_DOWN, False, 1.15),
    _big("retr-8", "RETR, plain, 8 connections", EIGHT_DOWN, False, 1.15),
    _big("stor", "STOR, plain", ONE_UP, False, 0.95),
    _big("stor-8", "STOR, plain, 8 connections", EIGHT_UP, False, 0.95),
    _big("retr-tls", "RETR, TLS", ONE_DOWN, True, 1.05),
    _big("stor-tls", "STOR, TLS", ONE_UP, True, 1.0),
    Work("small-retr", "RETR of 4 KiB, 16 connections", ("retr", "--name", "small", *SIXTEEN), line=1.4),
    Work("small-stor", "STOR of 4 KiB, 16 connections", ("stor", "--name", "up/{c}-{n}", *SIXTEEN), line=1.4),
    Work("login", "login", LOGINS, line=1.3, dear=True),
    Work("login-tls", "login, TLS", LOGINS, tls=True, dear=True),
    Work("mlsd", f"MLSD of {ENTRIES} entries", ("list", "--verb", "MLSD", *LISTING), line=1.3),
    Work("list", f"LIST of {ENTRIES} entries", ("list", "--verb", "LIST", *LISTING), line=1.3),
)


def local_disk(report, options):
    """gantryd beside other servers on one file system: bulk, small files, logins, listings. Options: --rows, --programs,
    --size, --on."""
    works = [work for work in WORKS if not options.rows or work.name in options.rows]
    programs = _chosen(options.programs)
    with scratch_on(options.on or SHARED_MEMORY):
        place = Place((options.size or 1024) * MIB)
        for tls in (False, True):
            mine = [work for work in works if work.tls == tls]
            if mine:
                with _started(programs, place, tls) as contestants:
                    for work in mine:
                        _contest(report, work, contestants, place.sizes, options.repeat)
    report.tables.append(_table(report, [work.what for work in works], programs))


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
    contestants = []
    try:
        for name in programs:
            contestants.append(Contestant(name, place, tls))
        yield contestants
    finally:
        for contestant in contestants:
            contestant.stop()


def _can(program, work):
    if program in FLOORS:
        return program == "floor" or work.words[0] == "stor" and not work.tls
    verbs = [work.words[i + 1] for i, word in enumerate(work.words) if word == "--verb"]
    return program == "gantryd" or verbs != ["MLSD"] or "MLSD" in peers.PEERS[program].offers


def _contest(report, work, contestants, sizes, rounds):
    able = [one for one in contestants if _can(one.name, work)]
    samples = {one.name: [] for one in able}
    for number in range(rounds):
        turn = number % len(able)
        for one in able[turn:] + able[:turn]:
            samples[one.name].append(_once(work, one, sizes))
    for name, outcomes in samples.items():
        what = f"{work.what}: {name}"
        report.add(BENCH, what, [outcome["cost"] for outcome in outcomes], work.unit)
        report.add(BENCH, what + ", wall", [outcome["wall"] for outcome in outcomes], "s", shown=False)
        report.add(BENCH, what + ", load generator", [outcome["own_cpu"] for outcome in outcomes], "s", shown=False)
        for part in ("p50_ms", "p99_ms"):
            report.add(BENCH, f"{what}, {part[:3]}", [outcome[part] for outcome in outcomes], "ms", shown=False)
    if "gantryd" in samples and work.floor in samples:
        ratios = [mine["cost"] / floor["cost"] for mine, floor in zip(samples["gantryd"], samples[work.floor])]
        report.add(BENCH, f"{work.what}: gantryd / {work.floor}", ratios, "x", work.line)


def _once(work, contestant, sizes):
    arguments = work.arguments(contestant.name, sizes)
    outcome = measured(contestant, *arguments)
    outcome["cost"] = (outcome["cpu"] * GIB / outcome["bytes"] if work.scale is None
                       else outcome["cpu"] * work.scale / outcome["operations"])
    if work.words[0] == "stor":
        # The server's word is not enough: the files must be there, and whole.
        size = int(arguments[arguments.index("--size") + 1])
        found = contestant.uploads()
        if found != [size] * outcome["operations"]:
            raise AssertionError(f"{contestant.name}: {outcome['operations']} uploads of {size} bytes left {found[:20]}")
    return outcome


# ---- the table for reading

def _table(report, rows, programs):
    """Markdown: a line for each work, a column for each program, then gantryd's multiple of the floor."""
    found = {row["what"]: row for row in report.rows if row["bench"] == BENCH}
    lines = []
    for what in rows:
        cells = [_cell(found.get(f"{what}: {name}")) for name in programs]
        ratio = found.get(f"{what}: gantryd / floor")
        unit = next((row["unit"] for key, row in found.items() if key.startswith(what + ": ")), "")
        lines.append([what, unit, *cells, _cell(ratio), report.number(ratio["limit"]) if ratio else "",
                      ("ok" if ratio["ok"] else "**missed**") if ratio and ratio["limit"] else ""])
    head = ["Work", "Unit", *programs, "gantryd / floor", "Line", ""]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, ["---"] * len(head), *lines])


def _cell(row):
    """Median (min-max)."""
    if not row:
        return ""
    return "{} ({}–{})".format(*(f"{row[name]:.3g}" for name in ("median", "min", "max")))
