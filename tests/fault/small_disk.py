"""A disk of a few MiB for a state database, which can be filled up and emptied at will."""

import contextlib
import os
import sqlite3
import subprocess

from harness import Setup, wait_until

SIZE = "8m"


class SmallDisk:
    def __init__(self):
        self.directory = Setup.directory("disk")
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", self.directory],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
        if done.returncode != 0:
            raise OSError(f"a file system of its own cannot be mounted: {done.stderr.strip() or done.returncode}")
        self.database = self.directory / "gantry.db"
        self.filler = self.directory / "filler"

    def fill(self):
        """From now on not one page can be added, not even to the write-ahead log, whose space would be used again."""
        with contextlib.closing(sqlite3.connect(self.database, timeout=5)) as base:
            wait_until(lambda: base.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0, "the log is empty")
        file = os.open(self.filler, os.O_CREAT | os.O_WRONLY)
        try:
            for step in (1 << 20, 4096):
                with contextlib.suppress(OSError):
                    while os.write(file, bytes(step)) == step:
                        pass
        finally:
            os.close(file)

    def empty(self):
        self.filler.unlink(missing_ok=True)

    def remove(self):
        subprocess.run(["umount", "--lazy", self.directory], check=True, stdin=subprocess.DEVNULL)


def reason_against():
    """Why there can be no such disk here; None when there can."""
    try:
        SmallDisk().remove()
    except OSError as problem:
        return str(problem)
    return None
