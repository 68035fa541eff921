#!/usr/bin/env python3
"""Runs the client suites: run.py [--build DIR] [--short] [--store S]... [--jobs N] [--counts FILE] [pattern...]

Each test_*.py here is a suite; a pattern selects tests whose "module.Class.test" contains it.
--short: small files, stores without a second process, for sanitized builds.
"""

import pathlib
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import harness  # noqa: E402
import suites  # noqa: E402
from gantry import STORES, Setup  # noqa: E402


def main():
    parser = suites.parser(__doc__, Setup.build)
    parser.add_argument("--store", action="append", choices=STORES)
    arguments = parser.parse_args()
    Setup.build = arguments.build.resolve()
    harness.Servers.short = arguments.short
    harness.Servers.wanted = arguments.store or (("local", "memory", "s3", "cos") if arguments.short else STORES)
    # One process alone starts the real gateway.
    return suites.run_shared("clients", arguments, lambda: suites.load(HERE, arguments.patterns),
                             lambda test: STORES.index(getattr(test, "store", None) or STORES[0]),
                             harness.Servers.stop_all, first_only=lambda one: getattr(one, "store", None) == "rgw")


sys.exit(main())
