#!/usr/bin/env python3
"""Counts what ctest ran: every GoogleTest case, and one for each other program.

Usage: tally.py DIRECTORY, which holds ctest.xml (ctest --output-junit) and NAME.xml for
each GoogleTest program (GTEST_OUTPUT=xml:DIRECTORY/). Prints "PASSED FAILED"; says on
standard error what was skipped and why, and what failed and how, so that a log of which
only the end is kept tells it. A program that died half way has no NAME.xml, or was
stopped with an error that no case explains (a sanitizer's leak report): one failure.
"""

import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def count_cases(report):
    passed = failed = 0
    for case in report.iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        failures = case.findall("failure")
        if failures:
            failed += 1
            print(f"failed: {name}", *(failure.get("message") for failure in failures), sep="\n", file=sys.stderr)
        elif (skipped := case.find("skipped")) is not None:
            reason = skipped.get("message").split("\n", 1)[-1]  # behind its file and line
            print(f"skipped: {name}: {reason}", file=sys.stderr)
        elif case.get("status") == "run":
            passed += 1
    return passed, failed


def main():
    directory = pathlib.Path(sys.argv[1])
    passed = failed = 0
    for program in ElementTree.parse(directory / "ctest.xml").getroot().iter("testcase"):
        program_ok = program.get("status") == "run"
        report = directory / f"{program.get('name')}.xml"
        if report.exists():
            p, f = count_cases(ElementTree.parse(report))
            if not program_ok and f == 0:
                f = 1
        else:
            p, f = (1, 0) if program_ok else (0, 1)
        passed, failed = passed + p, failed + f
    print(passed, failed)


main()
