"""What a server costs, all its processes together: processor time and memory of a control group of its own.

A control group counts processes that have ended and those that live too short to be seen, to the microsecond. Where none
can be made, processor time comes from /proc: that of the tree, with the children that its members have waited for, in
ticks of the clock. Memory is the proportional set size of all processes (shared pages count once) and what the kernel
holds for them (page tables, stacks, sockets' objects), where the memory controller says so.
"""

import contextlib
import itertools
import os
import pathlib
import time

ROOT = pathlib.Path("/sys/fs/cgroup")
SETTLED, SETTLE_LIMIT = 0.1, 10  # seconds between two looks; until a server that works on is taken as it is
QUIET = 0.002                    # seconds of processor between these looks that count as none

_numbers = itertools.count()


class Group:
    """The processes of one server. adopt() before it has clients; remove() when it has ended."""

    def __init__(self, by_proc=False):
        """`by_proc`: as where no control group can be made."""
        name = f"gantry-bench-{os.getpid()}-{next(_numbers)}"
        self._pid = None
        self._cpu = self._memory = None
        if by_proc:
            return
        self._cpu = _make(name, (ROOT / "unified", ROOT), "cpu.stat")
        self._memory = _make(name, (ROOT / "memory",), "memory.kmem.usage_in_bytes")
        if not self._memory and self._cpu and (self._cpu / "memory.stat").exists():
            self._memory = self._cpu

    def adopt(self, pid):
        """This process and what it has started; what it starts later follows by itself."""
        self._pid = pid
        for group in {self._cpu, self._memory} - {None}:
            if not _moved(pid, group):
                self._cpu, self._memory = (kept if kept != group else None for kept in (self._cpu, self._memory))
                with contextlib.suppress(OSError):
                    group.rmdir()

    def cpu(self):
        """Seconds of processor so far, once the server has stopped working."""
        deadline = time.monotonic() + SETTLE_LIMIT
        before = self.cpu_now()
        while time.monotonic() < deadline:
            time.sleep(SETTLED)
            now = self.cpu_now()
            if now - before < QUIET:
                return now
            before = now
        return before

    def cpu_now(self):
        """Seconds of processor so far, but for what is at work at this moment."""
        if self._cpu:
            return int(_fields(self._cpu / "cpu.stat")["usage_usec"]) / 1e6
        return sum(sum(map(int, _stat(pid)[11:15])) for pid in tree(self._pid)) / os.sysconf("SC_CLK_TCK")

    def user_memory(self):
        """Bytes: the proportional set sizes."""
        total = 0
        for pid in tree(self._pid):
            with contextlib.suppress(OSError):
                for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                    if line.startswith("Pss:"):
                        total += int(line.split()[1]) * 1024
        return total

    def kernel_memory(self):
        """Bytes; None where they cannot be read."""
        if not self._memory:
            return None
        if (self._memory / "memory.kmem.usage_in_bytes").exists():
            return sum(int((self._memory / f"memory.kmem.{kind}usage_in_bytes").read_text()) for kind in ("", "tcp."))
        fields = _fields(self._memory / "memory.stat")
        return int(fields["kernel"]) + int(fields["sock"])

    def populated(self):
        return any((group / "cgroup.procs").read_text() for group in {self._cpu, self._memory} - {None})

    def remove(self):
        for group in {self._cpu, self._memory} - {None}:
            with contextlib.suppress(OSError):
                group.rmdir()


def _make(name, places, needed):
    """A new group below the first place that can count this; None where there is none, or no right to make one."""
    for place in places:
        if not (place / "cgroup.procs").exists():
            continue
        with contextlib.suppress(OSError):
            group = place / name
            group.mkdir()
            if (group / needed).exists():
                return group
            group.rmdir()
    return None


def _moved(pid, group):
    """All of the tree is in the group now; False where nothing may be moved."""
    for member in tree(pid):
        try:
            (group / "cgroup.procs").write_text(str(member))
        except ProcessLookupError:  # one that served whoever looked whether the server is ready
            continue
        except OSError:
            return False
    return True


def _fields(path):
    return dict(line.split() for line in path.read_text().splitlines())


def _stat(pid):
    """The fields of /proc/PID/stat that follow the name; none of a process that has ended meanwhile."""
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return ["0"] * 20


def tree(root):
    """The process and its descendants."""
    children = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            children.setdefault(int(_stat(entry.name)[1]), []).append(int(entry.name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found
