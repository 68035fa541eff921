#!/usr/bin/env python3
"""The fault matrix: exactly one fault at every call of every upload, rename and join, and what must hold afterwards.

Usage: matrix.py [--build DIR] [--counts FILE] [--short] [--jobs N] [--seed N] [--soak N] [--list] [WORD...]

The words choose runs by what a line of --list says. A failure names its run and the seed: both make it again.
"""

import argparse
import collections
import contextlib
import json
import os
import pathlib
import random
import secrets
import signal
import subprocess
import sys
import threading
import time
import traceback

import harness
import matrix_faults
import small_disk
from gantry import stop
from harness import Server, Setup, fresh_path, wait_until
from matrix_faults import DEATHS, ENDINGS, FOR_EVER, FULL_DISK, KINDS, Run
from matrix_plays import PART, PLAYS, check_join, check_rename, check_upload, do_well, first_commands, memory_is_back

HARD_LIMIT = 60  # seconds a run may take
OUTCOMES = ("done", "whole", "held", "again", "failed")


class MatrixServer(Server):
    """A gantryd with short limits; its state database lies on a small disk if wanted."""

    def __init__(self, store, small):
        self.disk = small_disk.SmallDisk() if small else None
        slow = 5 if Setup.sanitized() else 1
        server = {"data_stall_timeout": f"{600 * slow}ms", "memory_budget": "64MiB"}
        if self.disk:
            server["state"] = f"sqlite:{self.disk.database}"
        super().__init__(store, server=server, transfer={"part_size": PART[store]}, store_settings={
            "retry_deadline": f"{800 * slow}ms", "request_timeout": f"{600 * slow}ms",
            "join_timeout": f"{800 * slow}ms", "connect_timeout": f"{400 * slow}ms"})

    @property
    def state_file(self):
        return self.disk.database if self.disk else self.directory / "gantry.db"

    def check_end(self, status):
        """It has ended as it should, and everything that is counted has been given back."""
        assert status == 0, f"gantryd ended with status {status}"
        last = self.log().splitlines()[-1]
        assert last.endswith("stopped sessions=0 passive_ports=0 buffered_bytes=0"), f"not all given back: {last}"

    def restart(self):
        self.check_end(stop(self.process))
        self.start()

    def stop(self):
        super().stop()
        self.check_end(0)
        self.remove_disk()

    def drop(self):
        """For one that is no good any more."""
        self.process.kill()
        self.process.wait()
        self.fake.stop()
        self.remove_disk()

    def remove_disk(self):
        if self.disk:
            self.disk.remove()


class Servers:
    """One gantryd and its store for each dialect and disk, kept from run to run; a failed run costs them."""

    def __init__(self):
        self.running = {}

    def get(self, store, small=False):
        if (store, small) not in self.running:
            self.running[store, small] = MatrixServer(store, small)
        return self.running[store, small]

    def drop(self, store, small):
        server = self.running.pop((store, small), None)
        if server:
            server.drop()
        return server

    def stop_all(self):
        for store, small in list(self.running):
            memory_is_back(self.running[store, small], store)
            self.running.pop((store, small)).stop()


# ---- one run


def forgive(server):
    """The store is well again, at once or when it listens again."""

    def heard():
        try:
            server.forgive()
        except OSError:
            return False
        return True

    wait_until(heard, "the store listens again", 5)


def perform(server, run):
    play, path = prepared(server, run)
    session = server.connect()
    server.control("DELETE", "requests")
    by = {"store": with_failing_store, "client": with_ending_client, "process": with_dying_process,
          "disk": with_full_disk}[run.who]
    try:
        answer, tolerated = by(server, run, play, path, session)
    finally:
        session.close()
        forgive(server)
    server.settle()
    committed = answer == play.final
    if hasattr(play, "segments"):
        outcome = check_join(server, play, path, committed, tolerated)
    elif hasattr(play, "files"):
        outcome = check_rename(server, play, path, committed, run.who == "store" and KINDS[run.kind].spoils)
    else:
        outcome = check_upload(server, play, path, committed, tolerated)
    tidy(server, play, path)
    return outcome


def prepared(server, run, times=3):
    """The play and a path ready for it. On a busy machine the short limits of these servers may strike by themselves."""
    for turn in range(times):
        play, path = PLAYS[run.play](run.store, run.seed), fresh_path("x")
        try:
            play.prepare(server, path)
            return play, path
        except AssertionError:
            if turn == times - 1:
                raise
            tidy(server, play, path)


def tidy(server, play, path):
    for file in getattr(play, "files", ("",)):
        for key in (path + file, f"{path}-to{file}"):
            server.control("DELETE", f"objects/{key}")
    for segment in getattr(play, "segments", ()):
        server.control("DELETE", f"objects/{path + segment}")
    server.control("DELETE", "uploads")


def with_failing_store(server, run, play, path, session):
    kind = KINDS[run.kind]
    server.fault(op=run.op, skip=run.nth - 1, times=FOR_EVER if run.on else 1, **kind.fields())
    answer = do_well(session, play, path)
    if answer.code != play.final:
        # The refusal of a HEAD has no body to say which it is.
        digits = "45" if kind.permanent or (run.op == "HeadObject" and run.kind.startswith("403")) else "4"
        if str(answer.code)[0] not in digits:
            raise AssertionError(f"the answer is {answer!r}, a passing fault deserves 4yz")
        if kind.permanent and run.op in ("PutObject", "UploadPart", "CreateMultipartUpload") and answer.code < 500:
            raise AssertionError(f"the answer is {answer!r}, a refusal for good deserves 5yz")
    forgive(server)
    session.command("NOOP", 200)
    tolerated = [play.whole] if kind.maybe else []
    return answer.code, tolerated + ([None] if kind.spoils else [])


def with_ending_client(server, run, play, path, session):
    data, answer = first_commands(session, play.commands(path))
    assert data and answer.code in (125, 150), f"not begun: {answer!r}"
    sent = play.whole[play.offset:play.offset + run.offset]
    with contextlib.suppress(OSError):
        data.sendall(sent)
    heard = ENDINGS[run.kind](session, data)
    if heard and heard[0] != 226 and heard[0] // 100 != 4:
        raise AssertionError(f"the answers are {heard}, a broken transfer deserves 4yz")
    if heard and heard[0] == 226:
        raise AssertionError(f"226 after {run.offset} of {len(play.whole) - play.offset} bytes and {run.kind}")
    # Whoever sent everything and only then went may have been quick enough.
    return None, [play.whole] if len(sent) == len(play.whole) - play.offset else []


def play_until(server, run, play, path, session):
    """Begins the play in a thread and waits for the call: (list that will hold the answer's code, thread)."""
    heard = []

    def client():
        with contextlib.suppress(OSError, EOFError):
            heard.append(do_well(session, play, path).code)

    thread = threading.Thread(target=client, daemon=True)
    thread.start()
    wait_until(lambda: len(server.requests(run.op)) >= run.nth or not thread.is_alive(), "the call comes", 10)
    return heard, thread


def with_dying_process(server, run, play, path, session):
    name, action = DEATHS[run.kind]
    server.fault(op=run.op, skip=run.nth - 1, action=action, times=1)
    heard, thread = play_until(server, run, play, path, session)
    os.kill(server.pid, getattr(signal, name))
    if name == "SIGKILL":
        server.process.wait()
        session.close()
    thread.join(20)
    status = server.process.wait(20)
    if name != "SIGKILL":
        server.check_end(status)
    forgive(server)
    server.start()
    return heard[0] if heard else None, [play.whole]


def with_full_disk(server, run, play, path, session):
    try:
        if run.call == 0:
            server.disk.fill()
            heard = [do_well(session, play, path).code]
        else:
            server.fault(op=run.op, skip=run.nth - 1, action="latency", ms=200, times=1)
            heard, thread = play_until(server, run, play, path, session)
            server.disk.fill()
            thread.join(20)
    finally:
        server.disk.empty()
    assert heard, "no answer, though both sides live"
    if heard[0] != play.final and heard[0] // 100 != 4:
        raise AssertionError(f"the answer is {heard[0]}, a full disk deserves 4yz")
    if run.call == 0 and play.on_record and heard[0] == play.final:
        raise AssertionError(f"{heard[0]}, though nothing could be put on record")
    session.command("NOOP", 200)
    return heard[0], []


# ---- which runs


def calls_of(server, play, seed):
    """The store's calls of an undisturbed play: number, operation, number among its kind; and the play."""
    for _ in range(5):  # on a busy machine the short limits of these servers may strike by themselves
        one, path = PLAYS[play](server.store, seed), fresh_path("learn")
        one.prepare(server, path)
        with server.connect() as session:
            server.control("DELETE", "requests")
            answer = do_well(session, one, path)
        if answer.code == one.final:
            break
    else:
        raise AssertionError(f"{play} without any fault is answered {answer!r}")
    seen, calls = collections.Counter(), []
    for line in server.requests(""):
        op, status = line.split(" ")[2:4]
        if status == "0":
            continue  # it took too long and was tried again
        seen[op] += 1
        calls.append((len(calls) + 1, op, seen[op]))
    tidy(server, one, path)
    return calls, one


def plan(seed):
    rng = random.Random(seed)
    servers, runs = Servers(), []
    small_disks = not (reason := small_disk.reason_against())
    if reason:
        print(f"skipped {FULL_DISK}: {reason}", flush=True)
    for store in ("s3", "cos"):
        for name in PLAYS:
            calls, play = calls_of(servers.get(store), name, rng.randrange(1 << 30))
            runs += matrix_faults.store_runs(store, name, calls, rng)
            runs += matrix_faults.process_runs(store, name, calls, rng)
            if small_disks:
                runs += matrix_faults.disk_runs(store, name, calls, rng)
            if not hasattr(play, "files") and not hasattr(play, "segments"):
                runs += matrix_faults.client_runs(store, play, rng)
    servers.stop_all()
    # A store that asks to slow down is spared by gantryd for minutes: those runs come last.
    rng.shuffle(runs)
    return sorted(runs, key=lambda run: "503" in run.kind)


def shortened(runs):
    """One run of each kind and store."""
    taken = {}
    for run in runs:
        taken.setdefault((run.store, run.kind), run)
    return list(taken.values())


# ---- all of them


def run_share(runs):
    """Lines of JSON: each run's number, outcome and seconds; what failed also as text."""
    signal.signal(signal.SIGALRM, harness._ring)
    servers = Servers()
    try:
        play_share(servers, runs)
    finally:  # also when nobody reads the lines any more
        for store, small in list(servers.running):
            servers.drop(store, small)


def play_share(servers, runs):
    for number, run in runs:
        begun, problem, small = time.monotonic(), None, run.who == "disk"
        signal.alarm(HARD_LIMIT * (4 if Setup.sanitized() else 1))
        try:
            outcome = perform(servers.get(run.store, small), run)
        except Exception as error:  # a run may fail in any way; the next ones are played all the same
            outcome, problem = "failed", describe(error)
        finally:
            signal.alarm(0)
        if problem:
            server = servers.drop(run.store, small)
            for line in server.log().splitlines()[-8:] if server else []:
                problem += "\n    log: " + line[:400]
        report(number, outcome, time.monotonic() - begun, problem)
    try:
        servers.stop_all()
    except Exception as error:
        report(-1, "failed", 0, describe(error))


def describe(error):
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "/tests/fault/" in f.filename]
    place = f"{pathlib.Path(frames[-1].filename).name}:{frames[-1].lineno}: " if frames else ""
    return place + f"{type(error).__name__}: {' '.join(str(error).split())}"[:1500]


def report(number, outcome, seconds, problem):
    print(json.dumps([number, outcome, round(seconds, 2), problem]), flush=True)


def play_all(runs, seed, options):
    """(passed, failed), and prints what failed and the table."""
    chosen = json.dumps([[number, vars(run)] for number, run in enumerate(runs)])
    file = Setup.directory("matrix") / "runs.json"
    file.write_text(chosen)
    command = [sys.executable, __file__, "--build", str(Setup.build), "--share"]
    workers = [subprocess.Popen([*command, f"{job}/{options.jobs}/{file}"], stdout=subprocess.PIPE, text=True,
                                stdin=subprocess.DEVNULL) for job in range(options.jobs)]
    results, begun = [], time.monotonic()

    def read(worker):
        for line in worker.stdout:
            number, outcome, seconds, problem = json.loads(line)
            results.append((number, outcome, seconds))
            if problem:
                what = runs[number] if number >= 0 else "at the end"
                print(f"FAILED {what}; seed {seed}: {problem}", flush=True)

    readers = [threading.Thread(target=read, args=(worker,)) for worker in workers]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    for worker in workers:
        if worker.wait() != 0:
            print(f"FAILED: a process of runs ended with status {worker.returncode}")
            results.append((-1, "failed", 0))
    missing = len(runs) - len({number for number, *_ in results if number >= 0})
    if missing:
        print(f"FAILED: {missing} runs have no outcome")
    print_table(runs, results, time.monotonic() - begun)
    failed = missing + sum(outcome == "failed" for _, outcome, _ in results)
    return len(runs) - failed, failed


def print_table(runs, results, took):
    """done: 226 or 250; whole: not said, yet complete; held: continued where SIZE said; again: done anew."""
    rows, totals = collections.defaultdict(collections.Counter), collections.Counter()
    for number, outcome, seconds in results:
        if number >= 0:
            for counter in (rows[(runs[number].who, runs[number].kind)], totals):
                counter.update({outcome: 1, "runs": 1, "seconds": seconds})
    columns = ("runs", *OUTCOMES)
    print(f"{'fault':<42}" + "".join(f"{column:>8}" for column in columns) + f"{'mean s':>8}")
    for (who, kind), counter in [*sorted(rows.items()), (("all", ""), totals)]:
        mean = counter["seconds"] / max(1, counter["runs"])
        print(f"{who + ' ' + kind:<42}" + "".join(f"{counter[column]:>8}" for column in columns) + f"{mean:>8.2f}")
    print(f"{len({str(run) for run in runs})} distinct runs in {took:.0f} s", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--counts", help="file for 'PASSED FAILED'")
    parser.add_argument("--short", action="store_true", help="one run of each kind, for slow builds")
    parser.add_argument("--jobs", type=int, default=5, help="processes that share the runs")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--soak", type=int, default=1, help="so many times, each with another seed")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--share", help=argparse.SUPPRESS)  # which runs of which file: "1/5/FILE"
    parser.add_argument("words", nargs="*", help="only runs whose description contains all of these")
    options = parser.parse_args()
    Setup.build = pathlib.Path(options.build).resolve()
    if options.share:
        job, jobs, file = options.share.split("/", 2)
        runs = json.loads(pathlib.Path("/" + file.lstrip("/")).read_text())
        run_share([(number, Run(**fields)) for number, fields in runs][int(job)::int(jobs)])
        return 0
    passed = failed = 0
    for turn in range(options.soak):
        seed = secrets.randbelow(1 << 31) if options.seed is None else options.seed + turn
        print(f"seed {seed}", flush=True)
        runs = [run for run in plan(seed) if all(word in str(run) for word in options.words)]
        runs = shortened(runs) if options.short else runs
        if options.list:
            print("\n".join(map(str, runs)))
            continue
        more_passed, more_failed = play_all(runs, seed, options)
        passed, failed = passed + more_passed, failed + more_failed
    print(f"fault matrix: {passed} passed, {failed} failed")
    if options.counts:
        pathlib.Path(options.counts).write_text(f"{passed} {failed}\n", encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
