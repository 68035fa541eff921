"""A program on a pseudo-terminal, and what a person would see there: pexpect types, pyte draws.

Every wait is for something to be seen, with a limit; nothing is timed.
"""

import os
import time

import pexpect
import pyte

LIMIT = 60  # seconds; a sanitized client on a busy machine needs some


class Screen:
    """The program begins at once; close() ends it whatever it does."""

    def __init__(self, *words, environment, cwd, columns=80, rows=24):
        self.display = pyte.HistoryScreen(columns, rows, history=10_000)
        self._stream = pyte.ByteStream(self.display)
        self.raw = b""  # everything that was written
        self._child = pexpect.spawn(str(words[0]), [str(word) for word in words[1:]], env=environment, cwd=str(cwd),
                                    dimensions=(rows, columns), echo=True)
        self._child.delaybeforesend = None
        self._child.ptyproc.delayafterclose = self._child.ptyproc.delayafterterminate = 0.01

    # ---- what a person does

    def type(self, text):
        self._child.send(text)

    def enter(self, line):
        self._child.send(line + "\r")

    def resize(self, columns, rows):
        self.display.resize(rows, columns)
        self._child.setwinsize(rows, columns)

    def signal(self, number):
        os.kill(self._child.pid, number)

    def close(self):
        self._child.close(force=True)

    # ---- what a person sees

    def lines(self):
        """Without blanks at their ends; the empty ones at the bottom are left out."""
        lines = [line.rstrip() for line in self.display.display]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def text(self):
        return "\n".join(self.lines())

    def scrolled(self):
        """How many lines have left the screen at its top."""
        return len(self.display.history.top)

    def cursor_seen(self):
        return not self.display.cursor.hidden

    def wait(self, seen, what, limit=LIMIT):
        """Until seen() is true of the screen as it then is."""
        deadline = time.monotonic() + limit
        while not seen():
            self._take(0.1)
            if time.monotonic() > deadline and not seen():
                raise AssertionError(f"not seen within {limit} s: {what}; the screen:\n{self.text()}")
            if self.ended() and not seen():
                raise AssertionError(f"the program ended before this was seen: {what}; the screen:\n{self.text()}")

    def see(self, text, limit=LIMIT):
        self.wait(lambda: text in self.text(), repr(text), limit)

    def see_last(self, line, limit=LIMIT):
        """`line` is the last one on the screen, and the cursor is in it."""
        self.wait(lambda: self.lines()[-1:] == [line.rstrip()] and self.display.cursor.y == len(self.lines()) - 1,
                  f"the last line {line!r}", limit)

    def see_end(self, limit=LIMIT):
        """The exit code; negative: killed by this signal."""
        deadline = time.monotonic() + limit
        # A program may close the terminal before it ends; closing this side meanwhile would kill it.
        while not self.ended() or self._child.isalive():
            self._take(0.1)
            if time.monotonic() > deadline:
                raise AssertionError(f"has not ended within {limit} s; the screen:\n{self.text()}")
        self._child.close()
        return self._child.exitstatus if self._child.signalstatus is None else -self._child.signalstatus

    def ended(self):
        return self._child.flag_eof

    def _take(self, seconds):
        try:
            data = self._child.read_nonblocking(1 << 16, seconds)
        except pexpect.TIMEOUT:
            return False
        except pexpect.EOF:
            return False
        self.raw += data
        self._stream.feed(data)
        return True
