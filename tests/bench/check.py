#!/usr/bin/env python3
"""Checks the benches themselves: that the load generator does what it says, and that it fails when the server does not.

check.py [--build DIR]: against gantryd and the floor, with small sizes; no speed is judged.
"""

import argparse
import itertools
import pathlib
import socket
import subprocess
import sys
import types
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import measure  # noqa: E402  (also makes tests/support importable)
import local_disk  # noqa: E402
import suites  # noqa: E402
from accounting import Group  # noqa: E402
from contestants import SMALL, Contestant, Place  # noqa: E402
from gantry import Setup  # noqa: E402
from load_run import Failed, Load  # noqa: E402

BIG, ENTRIES = measure.MIB, 50
CHILDREN, EACH = 3, 0.1  # and the seconds of processor that each of them uses
BUSY = f"""
import os, sys, time
sys.stdin.readline()
for _ in range({CHILDREN}):
    if os.fork() == 0:
        while time.process_time() < {EACH}: pass
        os._exit(0)
    os.wait()
print("done", flush=True)
sys.stdin.read()
"""


class Server:
    """The contestant that a test asks for, kept for the next one."""

    running = {}
    place = None

    @classmethod
    def get(cls, name, tls):
        if cls.place is None:
            cls.place = Place(BIG, ENTRIES)
        if (name, tls) not in cls.running:
            cls.running[name, tls] = Contestant(name, tls, cls.place)
        return cls.running[name, tls]

    @classmethod
    def stop_all(cls):
        for contestant in cls.running.values():
            contestant.stop()
        cls.running.clear()


VARIANTS = tuple(itertools.product(("gantryd", "floor"), (False, True)))  # (server, under TLS)


def load(address, *words):
    """What the load generator says of this work."""
    with Load(address, *words) as run:
        return run.go()


class LoadGenerator(unittest.TestCase):
    def each(self, check, *words):
        """check(server, whether under TLS, what the load generator said of this work)"""
        for name, tls in VARIANTS:
            with self.subTest(server=name, tls=tls):
                server = Server.get(name, tls)
                check(server, tls, load(server.address, *words, *(["--tls"] if tls else [])))

    def fails(self, why, *words):
        with self.assertRaisesRegex(Failed, why):
            load(Server.get("gantryd", False).address, *words)

    def test_downloads_are_counted(self):
        def check(_, tls, done):
            self.assertEqual((done["operations"], done["bytes"]), (6, 6 * BIG))
            self.assertEqual((done["data_connections"], done["resumed"]), (6, 6 if tls else 0))
            self.assertEqual(done["protocol"], "TLSv1.3 TLS_AES_128_GCM_SHA256" if tls else "")
            self.assertLessEqual(done["p50_ms"], done["p99_ms"])

        self.each(check, "retr", "--name", "big", "--size", BIG, "--connections", 2, "--count", 3)

    def test_uploads_are_whole(self):
        size = 17 * BIG + 1  # more than the load generator has to send at once

        def check(server, _, done):
            self.assertEqual(done["bytes"], 4 * size)
            self.assertEqual(server.uploads(), [size] * 4)

        self.each(check, "stor", "--name", "up/{c}-{n}", "--size", size, "--connections", 2, "--count", 2)

    def expect_operations(self, count, *words):
        self.each(lambda _, __, done: self.assertEqual(done["operations"], count), *words)

    def test_listings(self):
        for verb in ("MLSD", "LIST"):
            self.expect_operations(1, "list", "--verb", verb, "--name", "listing", "--entries", ENTRIES)

    def test_logins_and_idle_sessions(self):
        self.expect_operations(10, "login", "--connections", 2, "--count", 5)
        self.expect_operations(70, "idle", "--connections", 70)

    def test_sizes_are_taken_in_turn(self):
        def check(server, _, done):
            self.assertEqual((done["operations"], done["bytes"]), (3, 7 + 3 + 7))
            self.assertEqual(sorted(server.uploads()), [3, 7, 7])

        self.each(check, "stor", "--name", "up/{c}-{s}", "--size", 7, 3, "--connections", 3)

    def test_a_rate_is_kept_and_a_time_ends_the_work(self):
        server = Server.get("gantryd", False)
        done = load(server.address, "login", "--connections", 3, "--count", 10, "--rate", 100)
        self.assertGreaterEqual(done["wall"], 0.29)  # the last of thirty begins then
        self.assertLessEqual(done["first_p50_ms"], done["max_ms"])
        done = load(server.address, "idle", "--connections", 5, "--seconds", 0.5, "--rate", 100)
        self.assertEqual(done["operations"], 50)

    def test_a_file_of_another_size_fails(self):
        for wrong in (SMALL - 1, SMALL + 1):
            self.fails(f"bytes of small: {SMALL} instead of {wrong}", "retr", "--name", "small", "--size", wrong)

    def test_a_listing_of_another_length_fails(self):
        self.fails(f"entries of listing: {ENTRIES} instead of 49", "list", "--name", "listing", "--entries", ENTRIES - 1)

    def test_a_refusal_fails(self):
        self.fails("550 .* came and not 150", "retr", "--name", "missing", "--size", SMALL)
        self.fails("530 .* came and not 230", "login", "--password", "wrong")

    def test_silence_fails(self):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            with self.assertRaisesRegex(Failed, "nothing within the limit"):
                load("127.0.0.1:%d" % listener.getsockname()[1], "idle", "--limit", 1)


class Accounting(unittest.TestCase):
    def used_by_children(self, group):
        with subprocess.Popen([sys.executable, "-c", BUSY], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            group.adopt(process.pid)
            process.stdin.write(b"\n")
            process.stdin.flush()
            process.stdout.readline()
            used = group.cpu_now()
            process.stdin.close()
        return used

    def test_children_that_ended_are_counted(self):
        for by_proc in (False, True):
            with self.subTest(by_proc=by_proc):
                group = Group(by_proc)
                self.assertGreater(self.used_by_children(group), CHILDREN * EACH * 0.9)
                group.remove()


class Bench(unittest.TestCase):
    def test_the_whole_of_it(self):
        options = types.SimpleNamespace(rows=["retr", "stor"], programs=["gantryd", "floor"], size=1, on=None, repeat=1)
        report = measure.Report()
        local_disk.local_disk(report, options)
        self.assertIn("RETR, plain: gantryd / floor", [row["what"] for row in report.rows])
        earlier = [dict(row, median=row["median"] / 2) for row in report.rows]
        self.assertRegex(report.markdown(earlier), r"\| RETR, plain: floor \|.*\| 2 \|")
        self.assertRegex(report.markdown(), r"\| RETR, plain \| s/GiB \| \d")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=Setup.build)
    Setup.build = parser.parse_args().build.resolve()
    run = suites.Run()
    with Setup.scratch_on(local_disk.SHARED_MEMORY):
        try:
            for case in (LoadGenerator, Accounting, Bench):
                for test in unittest.defaultTestLoader.loadTestsFromTestCase(case):
                    run.one(test)
        finally:
            Server.stop_all()
    return run.finish("bench")


if __name__ == "__main__":
    sys.exit(main())
