#!/usr/bin/env python3
"""Tests the client: run.py [--build DIR] [--short] [--server S]... [--jobs N] [--counts FILE] [pattern...]

Each test_*.py here is a suite; a pattern selects tests whose "module.Class.test" contains it.
--short: small files, fewer kinds of servers, and nothing that runs without the client, for sanitized builds.
"""

import argparse
import pathlib
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import harness  # noqa: E402
import suites  # noqa: E402
from gantry import Setup  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=Setup.build)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--server", action="append", choices=harness.SERVERS)
    parser.add_argument("--counts", type=pathlib.Path, help="where to write PASSED FAILED")
    parser.add_argument("--jobs", type=int, default=3, help="processes that share the tests")
    parser.add_argument("--share", help=argparse.SUPPRESS)  # which of them this process is: "1/3"
    parser.add_argument("patterns", nargs="*")
    arguments = parser.parse_args()
    Setup.build = arguments.build.resolve()
    harness.Servers.short = arguments.short
    # The other servers differ from each other in what sanitizers do not see; one of them is enough there.
    harness.Servers.wanted = arguments.server or ((*harness.GANTRYD, "vsftpd") if arguments.short else harness.SERVERS)
    if not arguments.share:
        return suites.conclude("gantry", *suites.share_out("gantry", arguments.jobs), arguments.counts)
    number, jobs = map(int, arguments.share.split("/"))
    tests = suites.load(HERE, arguments.patterns)
    if arguments.short:
        tests = [test for test in tests if not getattr(test, "without_client", False)]
    return run(share_of(tests, number, jobs))


def share_of(tests, number, jobs):
    """Classes stay whole, for their tests share servers."""
    classes = sorted({type(test) for test in tests}, key=lambda one: (one.__module__, one.__name__))
    mine = classes[number - 1::jobs]
    return [test for test in tests if type(test) in mine]


def run(tests):
    # Server by server: then only one runs at a time.
    tests.sort(key=lambda test: getattr(test, "server_name", ""))
    done = suites.Run()
    current = None
    try:
        for test in tests:
            if getattr(test, "server_name", None) != current:
                done.problems += harness.Servers.stop_all()
                current = getattr(test, "server_name", None)
            done.one(test)
    finally:
        done.problems += harness.Servers.stop_all()
    return done.finish("gantry")


sys.exit(main())
