#!/usr/bin/env python3
"""Runs the client suites: run.py [--build DIR] [--short] [--store S]... [--counts FILE] [pattern...]

Each test_*.py here is a suite; a pattern selects tests whose "module.Class.test" contains it.
--short: small files, stores without a second process, for sanitized builds.
"""

import argparse
import importlib
import pathlib
import signal
import sys
import time
import unittest

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import harness  # noqa: E402
from gantry import STORES, Setup  # noqa: E402


TEST_LIMIT = 200  # seconds; nothing here may hang


def too_slow(*_):
    raise AssertionError(f"the test took more than {TEST_LIMIT} s")


class Lines(unittest.TestResult):
    """One line a check, failures with their reason at once."""

    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()

    def _line(self, word, test, note=""):
        took = time.monotonic() - self.began if hasattr(self, "began") else 0
        print(f"{word:5} {test.id()} ({took:.1f} s){note}", flush=True)

    def addSuccess(self, test):
        self._line("ok", test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._line("FAIL", test, "\n" + self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self._line("FAIL", test, "\n" + self.errors[-1][1])

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._line("skip", test, ": " + reason)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err:
            self._line("FAIL", subtest, "\n" + (self.failures + self.errors)[-1][1])


def flatten(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from flatten(item)
        else:
            yield item


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

    signal.signal(signal.SIGALRM, too_slow)
    result = Lines()
    names = sorted(path.stem for path in HERE.glob("test_*.py"))
    suites = [unittest.defaultTestLoader.loadTestsFromModule(importlib.import_module(name)) for name in names]
    tests = [test for test in flatten(suites)
             if not arguments.patterns or any(p in test.id() for p in arguments.patterns)]
    # Store by store: then only one server runs at a time.
    tests.sort(key=lambda test: STORES.index(getattr(test, "store", None) or STORES[0]))
    current = None
    stop_problems = []
    try:
        for test in tests:
            if getattr(test, "store", None) != current:
                stop_problems += harness.Servers.stop_all()
                current = getattr(test, "store", None)
            signal.alarm(TEST_LIMIT)
            test(result)
            signal.alarm(0)
    finally:
        stop_problems += harness.Servers.stop_all()
    for problem in stop_problems:
        print(f"FAIL  stopping: {problem}")
    failed = len({id(test) for test, _ in result.failures + result.errors}) + len(stop_problems)
    passed = result.testsRun - len({id(test) for test, _ in result.failures + result.errors}) - len(result.skipped)
    print(f"clients: {passed} passed, {failed} failed, {len(result.skipped)} skipped")
    if not tests:
        failed = 1
    if arguments.counts:
        arguments.counts.write_text(f"{passed} {failed}\n")
    sys.exit(1 if failed else 0)


main()
