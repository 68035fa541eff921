#!/usr/bin/env python3
"""Runs the client suites: run.py [--build DIR] [--short] [--store S]... [--counts FILE] [pattern...]

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
    parser.add_argument("patterns", nargs="*")
    arguments = parser.parse_args()
    Setup.build = arguments.build.resolve()
    harness.Servers.short = arguments.short
    harness.Servers.wanted = arguments.store or (("local", "memory", "s3", "cos") if arguments.short else STORES)

    tests = suites.load(HERE, arguments.patterns)
    # Store by store: then only one server runs at a time.
    tests.sort(key=lambda test: STORES.index(getattr(test, "store", None) or STORES[0]))
    run = suites.Run()
    current = None
    try:
        for test in tests:
            if getattr(test, "store", None) != current:
                run.problems += harness.Servers.stop_all()
                current = getattr(test, "store", None)
            run.one(test)
    finally:
        run.problems += harness.Servers.stop_all()
    sys.exit(run.finish("clients", arguments.counts))


main()
