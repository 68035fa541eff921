#!/usr/bin/env python3
"""Everything that dies, stalls or lies around gantryd, end to end: clients, stores, gantryd itself, bad input.

Usage: run.py [--build DIR] [--counts FILE] [--short] [WORD...]; the words choose tests by name.
"""

import argparse
import pathlib
import sys

import harness
import bad_input  # noqa: F401
import dying_clients  # noqa: F401
import failing_downloads  # noqa: F401
import failing_stores  # noqa: F401
import server_life  # noqa: F401


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--counts", help="file for 'PASSED FAILED'")
    parser.add_argument("--short", action="store_true", help="one test of each kind, for slow builds")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("words", nargs="*", help="only tests whose names contain all of these")
    options = parser.parse_args()
    harness.Setup.build = pathlib.Path(options.build).resolve()
    if options.list:
        print("\n".join(name + (" (short)" if short else "") for name, _, short, _ in harness.Cases.all))
        return 0
    passed, failed = harness.run_cases(options.words, options.short)
    for problem in harness.Servers.stop_all():
        failed += 1
        print("FAILED at the end: " + problem)
    print(f"faults: {passed} passed, {failed} failed")
    if options.counts:
        pathlib.Path(options.counts).write_text(f"{passed} {failed}\n", encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
