"""What logged-in sessions that do nothing cost: memory of the server and of the kernel for it, and processor time."""

import dataclasses
import statistics
import time

from contestants import FLOORS, ONE_PROCESS, Contestant
from load_run import Load
from measure import KIB, Report

BENCH = "local-disk"
FIRST = 64        # sessions that come and go before: what a server pays once is no session's share
AFTER_LOGIN = 2   # seconds in which a timer of the last command may still end
WATCHED = 5       # seconds in which idle sessions are watched for work


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    sessions: int
    tls: bool
    line: float  # KiB of one session, the kernel's part included

    @property
    def what(self):
        return f"{self.sessions} idle sessions, {'TLS' if self.tls else 'plain'}"


ROWS = (Row("idle", 1000, False, 12), Row("idle-tls", 1000, True, 35),
        Row("idle-10000", 10_000, False, 12), Row("idle-10000-tls", 10_000, True, 35))
MANY = 1000       # more sessions than this only for programs that do not start a process for each


def idle_cost(report, rows, programs, rounds):
    """Rows for the report; a fresh server for each sample, because what earlier sessions left would be used again."""
    for row in rows:
        # The floor is none here: it has a thread for each session.
        able = [name for name in programs if name not in FLOORS and (row.sessions <= MANY or name in ONE_PROCESS)]
        samples = {name: [] for name in able}
        for number in range(rounds):
            turn = number % len(able)
            for name in able[turn:] + able[:turn]:
                samples[name].append(_once(name, row))
        for name, measured in samples.items():
            _report(report, row, name, measured)
        report.tables.append(_table(row, samples))


def _once(name, row):
    """(KiB of a session in the processes, in the kernel or None, ms of processor a second that all together use)."""
    tls = ["--tls"] if row.tls else []
    with Contestant(name, row.tls) as contestant:
        group = contestant.group
        with Load(contestant.address, "idle", "--connections", FIRST, *tls) as load:
            load.go()
        group.cpu()  # waits until these have ended
        before = group.user_memory(), group.kernel_memory()
        with Load(contestant.address, "idle", "--connections", row.sessions, *tls) as load:
            group.cpu()
            user, kernel = group.user_memory() - before[0], group.kernel_memory()
            time.sleep(AFTER_LOGIN)
            cpu, start = group.cpu_now(), time.monotonic()
            time.sleep(WATCHED)
            busy = (group.cpu_now() - cpu) * 1000 / (time.monotonic() - start)
            load.go()  # they are all still there
        kernel = None if kernel is None else (kernel - before[1]) / row.sessions / KIB
        return user / row.sessions / KIB, kernel, busy


def _report(report, row, name, samples):
    line = row.line if name == "gantryd" else None
    report.add(BENCH, f"{row.what}: {name}", [user + (kernel or 0) for user, kernel, _ in samples], "KiB", line)
    report.add(BENCH, f"{row.what}: {name}, processes", [user for user, _, _ in samples], "KiB", shown=False)
    if all(kernel is not None for _, kernel, _ in samples):
        report.add(BENCH, f"{row.what}: {name}, kernel", [kernel for _, kernel, _ in samples], "KiB", shown=False)
    report.add(BENCH, f"{row.what}: {name}, processor while idle", [busy for _, _, busy in samples], "ms/s", shown=False)


def _table(row, samples):
    head = [row.what, "KiB a session", "of these in processes", "in the kernel", "processor while idle, ms/s"]
    lines = []
    for name, measured in samples.items():
        user, kernel, busy = ([one[part] for one in measured] for part in range(3))
        known = None not in kernel
        cells = [statistics.median(map(sum, zip(user, kernel))) if known else statistics.median(user),
                 statistics.median(user), statistics.median(kernel) if known else "unknown", statistics.median(busy)]
        lines.append([name, *(cell if isinstance(cell, str) else Report.number(cell) for cell in cells)])
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, ["---"] * len(head), *lines])
