"""Runs unittest suites: a line for each test, its reason at once when it fails, a limit for each, counts at the end."""

import argparse
import importlib
import pathlib
import re
import signal
import subprocess
import sys
import time
import unittest

TEST_LIMIT = 200  # seconds; nothing here may hang


def _too_slow(*_):
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


def _flatten(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from _flatten(item)
        else:
            yield item


def load(directory, patterns=()):
    """The tests of directory/test_*.py (which must be importable) whose "module.Class.test" contains a pattern."""
    names = sorted(path.stem for path in pathlib.Path(directory).glob("test_*.py"))
    suites = [unittest.defaultTestLoader.loadTestsFromModule(importlib.import_module(name)) for name in names]
    return [test for test in _flatten(suites) if not patterns or any(p in test.id() for p in patterns)]


def share_out(name, jobs):
    """Runs this program once for each of `jobs` shares (--share 1/3) and prints what they print, one after the other.
    The sums of (passed, failed, skipped) that their last lines tell."""
    workers = [subprocess.Popen([sys.executable, *sys.argv, "--share", f"{number}/{jobs}"], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, text=True) for number in range(1, jobs + 1)]
    sums = [0, 0, 0]
    for worker in workers:
        *lines, last = worker.communicate()[0].splitlines() or [""]
        counts = re.fullmatch(rf"{name}: (\d+) passed, (\d+) failed(?:, (\d+) skipped)?", last)
        if not counts:
            lines += [last, f"FAILED: a process that ran tests ended with {worker.returncode} and no counts"]
        print("\n".join(lines), end="\n" if lines else "", flush=True)
        for i, count in enumerate(counts.groups(default="0") if counts else (0, 1, 0)):
            sums[i] += int(count)
    return sums


def parser(description, build):
    """What every run.py takes that shares its tests among processes."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--build", type=pathlib.Path, default=build)
    made.add_argument("--short", action="store_true")
    made.add_argument("--counts", type=pathlib.Path, help="where to write PASSED FAILED")
    made.add_argument("--jobs", type=int, default=3, help="processes that share the tests")
    made.add_argument("--share", help=argparse.SUPPRESS)  # which of them this process is: "1/3"
    made.add_argument("patterns", nargs="*")
    return made


def run_shared(name, arguments, load_tests, kind, stop_all, first_only=lambda one: False):
    """Runs `arguments.jobs` processes, or is one of them; returns the exit status. Classes stay whole, for their tests
    share servers; those that are `first_only` run in the first process alone. Each process runs its tests kind by kind:
    then only one server runs at a time; `stop_all` ends those of the kind before and returns what was wrong with them."""
    # Who is started in the background may ignore these; all that the tests start would, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    if not arguments.share:
        return conclude(name, *share_out(name, arguments.jobs), arguments.counts)
    number, jobs = map(int, arguments.share.split("/"))
    tests = load_tests()
    classes = sorted({type(test) for test in tests}, key=lambda one: (one.__module__, one.__name__))
    mine = {one for at, one in enumerate(classes) if (0 if first_only(one) else at % jobs) == number - 1}
    done = Run()
    current = None
    try:
        for test in sorted((test for test in tests if type(test) in mine), key=kind):
            if kind(test) != current:
                done.problems += stop_all()
                current = kind(test)
            done.one(test)
    finally:
        done.problems += stop_all()
    return done.finish(name)


class Run:
    """The tests run so far, and what went wrong outside of any."""

    def __init__(self):
        self.result = Lines()
        self.problems = []
        signal.signal(signal.SIGALRM, _too_slow)

    def one(self, test):
        signal.alarm(TEST_LIMIT)
        test(self.result)
        signal.alarm(0)

    def finish(self, name, counts=None):
        """Prints the summary, writes PASSED FAILED to the file `counts`; returns the exit status."""
        for problem in self.problems:
            print(f"FAIL  stopping: {problem}")
        broken = len({id(test) for test, _ in self.result.failures + self.result.errors})
        skipped = len(self.result.skipped)
        passed, failed = self.result.testsRun - broken - skipped, broken + len(self.problems)
        return conclude(name, passed, failed, skipped, counts)


def conclude(name, passed, failed, skipped, counts=None):
    """Prints the summary, writes PASSED FAILED to the file `counts`; returns the exit status. No test at all fails."""
    print(f"{name}: {passed} passed, {failed} failed, {skipped} skipped")
    if counts:
        counts.write_text(f"{passed} {failed}\n")
    return 1 if failed or not passed + skipped else 0
