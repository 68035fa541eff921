#!/usr/bin/env python3
"""Runs the client suites: run.py [--build DIR] [--short] [--store S]... [--jobs N] [--counts FILE] [pattern...]

Each test_*.py here is a suite; a pattern selects tests whose "module.Class.test" contains it.
--short: small files, stores without a second process, for sanitized builds.
"""

import argparse
import pathlib
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import harness  # noqa: E402
import suites  # noqa: E402
from gantry import STORES, Setup  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=Setup.build)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--store", action="append", choices=STORES)
    parser.add_argument("--counts", type=pathlib.Path, help="where to write PASSED FAILED")
    parser.add_argument("--jobs", type=int, default=3, help="processes that share the tests")
    parser.add_argument("--share", help=argparse.SUPPRESS)  # which of them this process is: "1/3"
    parser.add_argument("patterns", nargs="*")
    arguments = parser.parse_args()
    Setup.build = arguments.build.resolve()
    harness.Servers.short = arguments.short
    harness.Servers.wanted = arguments.store or (("local", "memory", "s3", "cos") if arguments.short else STORES)
    if not arguments.share:
        return suites.conclude("clients", *suites.share_out("clients", arguments.jobs), arguments.counts)
    return run(share_of(suites.load(HERE, arguments.patterns), *map(int, arguments.share.split("/"))))


def share_of(tests, number, jobs):
    """Classes stay whole, for their tests share servers; one process alone starts the real gateway."""
    classes = sorted({type(test) for test in tests}, key=lambda one: (one.__module__, one.__name__))
    mine = {one for at, one in enumerate(classes) if (0 if is_real(one) else at % jobs) == number - 1}
    return [test for test in tests if type(test) in mine]


def is_real(test):
    return getattr(test, "store", None) == "rgw"


def run(tests):
    # Store by store: then only one server runs at a time.
    tests.sort(key=lambda test: STORES.index(getattr(test, "store", None) or STORES[0]))
    done = suites.Run()
    current = None
    try:
        for test in tests:
            if getattr(test, "store", None) != current:
                done.problems += harness.Servers.stop_all()
                current = getattr(test, "store", None)
            done.one(test)
    finally:
        done.problems += harness.Servers.stop_all()
    return done.finish("clients")


sys.exit(main())
