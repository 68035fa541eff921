#!/usr/bin/env python3
"""Everything that dies, stalls or lies around gantryd, end to end: clients, stores, gantryd itself, bad input.

Usage: run.py [--build DIR] [--counts FILE] [--short] [--jobs N] [WORD...]; the words choose tests by name.

Most tests wait for a limit to pass, so several processes share them; each starts servers of its own.
"""

import argparse
import pathlib
import sys

import harness
import bad_input  # noqa: F401
import broken_renames  # noqa: F401
import dying_clients  # noqa: F401
import failing_downloads  # noqa: F401
import failing_stores  # noqa: F401
import held_uploads  # noqa: F401
import joined_segments  # noqa: F401
import lagging_listings  # noqa: F401
import quotas  # noqa: F401
import real_gateway  # noqa: F401
import server_life  # noqa: F401
import slow_finish  # noqa: F401
import suites
import two_at_once  # noqa: F401


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--counts", help="file for 'PASSED FAILED'")
    parser.add_argument("--short", action="store_true", help="one test of each kind, for slow builds")
    parser.add_argument("--jobs", type=int, default=3, help="processes that share the tests")
    parser.add_argument("--share", help=argparse.SUPPRESS)  # which of them this process is: "1/3"
    parser.add_argument("--list", action="store_true")
    parser.add_argument("words", nargs="*", help="only tests whose names contain all of these")
    options = parser.parse_args()
    harness.Setup.build = pathlib.Path(options.build).resolve()
    harness.Cases.short = options.short
    cases = harness.chosen(options.words, options.short)
    if options.list:
        print("\n".join(one.name for one in cases))
        return 0
    if options.share:
        number, jobs = map(int, options.share.split("/"))
        passed, failed = run_share(cases[number - 1::jobs])
    else:
        passed, failed, _ = suites.share_out("faults", min(options.jobs, max(1, len(cases))))
    print(f"faults: {passed} passed, {failed} failed")
    if options.counts and not options.share:
        pathlib.Path(options.counts).write_text(f"{passed} {failed}\n", encoding="utf-8")
    return 1 if failed else 0


def run_share(cases):
    passed, failed = harness.run_cases(cases)
    for problem in harness.Servers.stop_all():
        failed += 1
        print("FAILED at the end: " + problem)
    return passed, failed


if __name__ == "__main__":
    sys.exit(main())
