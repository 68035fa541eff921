#!/usr/bin/env python3
"""Counts what ctest ran: every GoogleTest case, and one for each other program.

Usage: tally.py DIRECTORY, which holds ctest.xml (ctest --output-junit) and NAME.json for
each GoogleTest program (GTEST_OUTPUT=json:DIRECTORY/). Prints "PASSED FAILED"; says on
standard error what was skipped, and what failed and how, so that a log of which only the
end is kept tells it. A program that died half way has no NAME.json, or was
stopped with an error that no case explains (a sanitizer's leak report): one failure.
"""

import json
import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def count_cases(report):
    passed = failed = 0
    for suite in report["testsuites"]:
        for case in suite["testsuite"]:
            if case.get("result") == "SKIPPED":
                print(f"skipped: {suite['name']}.{case['name']}", file=sys.stderr)
            elif case.get("failures"):
                failed += 1
                print(f"failed: {suite['name']}.{case['name']}", file=sys.stderr)
                for failure in case["failures"]:
                    print(failure.get("failure", ""), file=sys.stderr)
            elif case.get("status") == "RUN":
                passed += 1
    return passed, failed


def main():
    directory = pathlib.Path(sys.argv[1])
    passed = failed = 0
    for program in ElementTree.parse(directory / "ctest.xml").getroot().iter("testcase"):
        program_ok = program.get("status") == "run"
        report = directory / f"{program.get('name')}.json"
        if report.exists():
            p, f = count_cases(json.loads(report.read_text(encoding="utf-8")))
            if not program_ok and f == 0:
                f = 1
        else:
            p, f = (1, 0) if program_ok else (0, 1)
        passed, failed = passed + p, failed + f
    print(passed, failed)


main()
