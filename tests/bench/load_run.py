"""One run of the load generator against one server: what it said, and what the server spent meanwhile."""

import contextlib
import json
import subprocess
import threading

from gantry import Setup

RUN_LIMIT = 600  # seconds that one run may take; each of its waits has a limit of its own


class Failed(AssertionError):
    """The load generator did not get what it asked for."""


class Load:
    """`with Load(address, "retr", "--size", 4096) as load:` all sessions are logged in; load.go() does the work and
    returns what it was like; the sessions stay open until the block ends."""

    def __init__(self, address, mode, *arguments):
        self.words = [Setup.program("tests/bench/load"), mode, "--address", address, *map(str, arguments)]

    def __enter__(self):
        self._process = subprocess.Popen(self.words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                         text=True)
        self._alarm = threading.Timer(RUN_LIMIT, self._process.kill)
        self._alarm.start()
        try:
            self._line()
        except Failed:
            self._alarm.cancel()
            raise
        return self

    def go(self):
        """A dictionary: see tests/bench/load/main.cpp."""
        self._next()
        return json.loads(self._line())

    def __exit__(self, kind, *_):
        try:
            # What of its output remains: nothing, unless it fails at the end.
            self._next()
            status, complaint = self._process.wait(), self._process.stderr.read()
        finally:
            self._alarm.cancel()
            for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        if status != 0 and kind is None:
            raise Failed(f"{' '.join(self.words)}: {complaint.strip() or f'status {status}'}")

    def _next(self):
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write("\n")
            self._process.stdin.flush()

    def _line(self):
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            raise Failed(f"{' '.join(self.words)}: {self._process.stderr.read().strip() or 'it was too slow and was killed'}")
        return line


def measured(contestant, mode, *arguments):
    """Does the work once; what the load generator said, with the server's own `cpu` seconds."""
    with Load(contestant.address, mode, *arguments) as load:
        before = contestant.group.cpu()
        outcome = load.go()
        outcome["cpu"] = contestant.group.cpu() - before
    return outcome
