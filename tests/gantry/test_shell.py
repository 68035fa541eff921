"""The shell and its progress as a person at a terminal sees them."""

import json
import os
import re
import signal
import stat

from bad_proxy import STALL
from gantry import Setup
from harness import ClientTest, ProxyTest, content, over
from screen import Screen

UP_KEY = "\x1b[A"
CTRL_C, CTRL_D, CTRL_Z = "\x03", "\x04", "\x1a"
CURSOR_OFF, CURSOR_ON = b"\x1b[?25l", b"\x1b[?25h"


# A shell with job control: what is stopped goes on with the next Enter.
JOB_CONTROL = ("bash", "--norc", "-c", 'set -m; "$@"; while jobs -s | grep -q .; do echo; echo ASLEEP; read -r _; fg >/dev/null; done',
               "bash")


class Terminal:
    """For test classes: gantry on a terminal of its own."""

    def clear(self):
        """Ways in without TLS, where the proxy can read commands and replies."""
        return ["--password-file", self.password_file(), "--plain"]

    def terminal(self, *words, environment=None, columns=80, rows=24, under=(), ways_in=None):
        """`under`: a program that runs it. `ways_in`: instead of the usual ones."""
        screen = Screen(*under, Setup.program("src/gantry/gantry"), *(ways_in or self.ways_in()), *words,
                        cwd=self.scratch, environment=self.environment(**(environment or {})), columns=columns, rows=rows)
        self.addCleanup(screen.close)
        return screen

    def shell(self, *words, **options):
        """A shell in the test's place, at its first prompt."""
        screen = self.terminal(*words, self.url(), **options)
        screen.wait(lambda: screen.lines() and screen.lines()[-1].endswith(">"), "a prompt")
        return screen

    def prompt(self, path=""):
        return f"gantry demo@{self.address[0]}:/{self.place}{path}>"

    def leave(self, screen, expect=0):
        screen.enter("bye")
        self.assertEqual(screen.see_end(), expect)
        self.assertTrue(screen.cursor_seen(), "the cursor is there at the end")


@over("local")
class Shell(Terminal, ClientTest):
    def test_prompt_and_ways_out(self):
        for way in ("bye\r", "quit\r", "exit\r", "quite\r", CTRL_D):
            with self.subTest(way=way):
                screen = self.shell()
                screen.see_last(self.prompt())
                screen.type(way)
                self.assertEqual(screen.see_end(), 0)

    def test_completion_of_commands(self):
        screen = self.shell(rows=80)
        screen.type("qui\t")
        screen.see_last(self.prompt() + " quit")
        screen.type("\t")
        screen.see("quit  quite")
        screen.see_last(self.prompt() + " quit")
        screen.type(CTRL_C)
        screen.see_last(self.prompt())
        screen.type("hel\tge\t\r")
        screen.see("Fetch")
        self.leave(screen)

    def test_completion_of_names_on_the_server(self):
        self.prepare("a dir/inner.txt", b"1")
        self.prepare("中文目录/文件 一.txt", b"2")
        self.prepare("say \"it's\".txt", b"3")
        screen = self.shell()
        screen.type("get a\t")
        screen.see_last(self.prompt() + r" get a\ dir/")
        screen.type("\t")
        screen.see_last(self.prompt() + r" get a\ dir/inner.txt")
        screen.type(CTRL_C)
        screen.see_last(self.prompt())
        screen.type("get 中\t\t")
        screen.see(r"get 中文目录/文件\ 一.txt")
        screen.type("\r")
        screen.wait(lambda: (self.scratch / "文件 一.txt").exists(), "the file has come")
        screen.see_last(self.prompt())
        screen.type("get 'a\tin\t")
        screen.see("get 'a dir/inner.txt'")
        screen.type("\r")
        screen.wait(lambda: (self.scratch / "inner.txt").exists(), "the file has come")
        screen.see_last(self.prompt())
        screen.type("get say\t\r")
        screen.wait(lambda: (self.scratch / "say \"it's\".txt").exists(), "the file has come")
        screen.see_last(self.prompt())
        self.leave(screen)

    def test_completion_lists_several_names_and_goes_as_far_as_they_agree(self):
        for name in ("report-中文.txt", "report-中国.txt", "report-other.txt"):
            self.prepare(name, b"")
        screen = self.shell()
        screen.type("get re\t")
        screen.see_last(self.prompt() + " get report-")
        screen.type("\t")
        screen.see("report-other.txt")
        screen.type("中\t\t")
        screen.wait(lambda: "report-中国.txt  report-中文.txt" in screen.lines(), "those two alone")
        screen.see_last(self.prompt() + " get report-中")
        screen.type(CTRL_C)
        screen.see_last(self.prompt())
        self.leave(screen)

    def test_completion_of_local_names(self):
        (self.scratch / "local file.txt").write_text("x")
        screen = self.shell()
        screen.type("put loc\t\r")
        screen.wait(lambda: self.stored("local file.txt") == b"x", "the file is on the server")
        screen.see_last(self.prompt())
        self.leave(screen)

    def test_completion_of_options(self):
        screen = self.shell(rows=120)
        screen.type("get --hel\t\r")
        screen.see("Usage: get")
        screen.see_last(self.prompt())
        self.leave(screen)

    def test_completion_of_bookmarks(self):
        config = self.home / ".config/gantry/config.toml"
        config.parent.mkdir(parents=True)
        config.write_text(f'[bookmark.mine]\nurl = "{self.url()}"\n')
        screen = self.shell()
        screen.type("open mi\t")
        screen.see_last(self.prompt() + " open mine:")
        screen.type(CTRL_C)
        screen.see_last(self.prompt())
        screen.type("bookmark remove mi\t")
        screen.see_last(self.prompt() + " bookmark remove mine")
        screen.type(CTRL_C)
        screen.see_last(self.prompt())
        self.leave(screen)

    def test_history_over_two_runs(self):
        screen = self.shell()
        screen.enter("!echo first")
        screen.enter("  !echo private")
        screen.enter("quote PASS secret")
        screen.see("first")
        self.leave(screen)
        file = self.home / ".local/state/gantry/history"
        self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)
        kept = file.read_text()
        self.assertIn("!echo first\n", kept)
        self.assertNotIn("secret", kept)
        self.assertNotIn("private", kept)
        screen = self.shell()
        screen.type(UP_KEY + UP_KEY)
        screen.see_last(self.prompt() + " !echo first")
        screen.type(CTRL_C)
        screen.see_last(self.prompt())
        self.leave(screen)

    def test_ctrl_c_clears_the_line(self):
        screen = self.shell()
        screen.type("!touch never")
        screen.see("touch never")
        screen.type(CTRL_C)
        screen.see_last(self.prompt())
        screen.type("\r")
        self.leave(screen)
        self.assertFalse((self.scratch / "never").exists())

    def test_ctrl_z_at_the_prompt(self):
        screen = self.shell(under=JOB_CONTROL)
        screen.type("!echo bef")
        screen.see("echo bef")
        screen.type(CTRL_Z)
        screen.see("ASLEEP")
        screen.type("\r")
        screen.see_last(self.prompt() + " !echo bef")
        screen.type("ore\r")
        screen.wait(lambda: "before" in screen.lines(), "the line went on")
        self.leave(screen)

    def test_local_commands_and_help(self):
        screen = self.shell(rows=120)
        screen.enter("!printf 'a%sb\\n' -")
        screen.see("a-b")
        screen.enter("help")
        screen.see("bye, quit, exit, quite")
        screen.enter("help get")
        screen.see("Fetch")
        screen.enter("help nonsense")
        screen.see("nonsense: no such command")
        screen.enter("nonsense")
        screen.enter("ls 'open")
        screen.see("a quotation does not end")
        screen.enter("# a comment")
        self.leave(screen)

    def test_more_shows_a_page_and_can_be_left(self):
        self.prepare("long.txt", b"".join(b"line %d\n" % i for i in range(200_000)))
        screen = self.shell(environment={"PAGER": "head -n 3"})
        screen.enter("more long.txt")
        screen.see("line 2")
        screen.see_last(self.prompt())
        self.assertNotIn("gantry:", screen.text())
        self.leave(screen)

    def test_what_is_there_already_is_asked_about(self):
        self.prepare("file", b"new content")
        here = self.scratch / "file"
        here.write_bytes(b"other")
        screen = self.shell(columns=200)
        screen.enter("get file")
        screen.see("file: it is there already and")
        screen.see("beginning of the server's file. Replace it? [y]es [n]o [a]ll [q]uit:")
        screen.enter("no")
        screen.see_last(self.prompt())
        self.assertEqual(here.read_bytes(), b"other")
        screen.enter("get file")
        screen.wait(lambda: screen.text().count("Replace it?") == 2, "the question again")
        screen.type(CTRL_C)
        screen.see_last(self.prompt())
        self.assertEqual(here.read_bytes(), b"other")
        screen.enter("get file")
        screen.wait(lambda: screen.text().count("Replace it?") == 3, "the question again")
        screen.enter("Y")
        screen.wait(lambda: here.read_bytes() == b"new content", "the new file")
        self.leave(screen)

    def test_a_window_of_twenty_columns(self):
        self.prepare("dir-with-a-long-name/file", b"")
        screen = self.shell(columns=20)
        screen.enter("!echo still alive")
        screen.wait(lambda: "still alive" in screen.lines(), "what was run")
        self.leave(screen)

    def test_a_new_size_of_the_window(self):
        screen = self.shell(columns=120)
        screen.type("!echo " + "x" * 60)
        screen.see("x" * 60)
        screen.resize(60, 24)
        screen.type("y" * 30 + "z\r")
        screen.wait(lambda: "".join(screen.lines()).count("x" * 60 + "y" * 30 + "z") >= 1, "the whole line")
        self.leave(screen)

    def test_no_colour_where_none_is_wanted(self):
        for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            with self.subTest(environment=environment):
                screen = self.shell(environment=environment)
                screen.enter("help")
                screen.see("quite")
                self.leave(screen)
                self.assertIsNone(re.search(rb"\x1b\[[0-9;]+m", screen.raw))
        screen = self.shell()
        self.leave(screen)
        self.assertIsNotNone(re.search(rb"\x1b\[[0-9;]+m", screen.raw), "and colours otherwise")

    def test_names_cannot_turn_the_writing_round(self):
        self.prepare("evil\u202ename", b"")
        screen = self.shell()
        screen.type("get evi\t\t")
        screen.see("evi")
        screen.type(CTRL_C)
        screen.see_last(self.prompt())
        screen.enter("ls")
        screen.see(r"evil\xe2\x80\xaename")
        self.leave(screen)


@over("local")
class Scripts(ClientTest):
    """Without a terminal: no prompts, no echo, no colours."""

    def test_lines_from_standard_input(self):
        self.prepare("file", b"content")
        done = self.gantry(self.url(), text="# fetch\nls\n\nget 'file' \"other name\"\n!echo local\n")
        self.assertEqual((self.scratch / "other name").read_bytes(), b"content")
        self.assertIn("file\n", done.out)
        self.assertIn("local\n", done.out)
        self.assertNotIn(">", done.out)
        self.assertNotIn("\x1b", done.out + done.err)

    def test_what_failed_is_in_the_exit_code_and_the_rest_is_done(self):
        self.prepare("file", b"content")
        self.gantry(self.url(), text="get nothing\nget file\n", expect=3)
        self.assertTrue((self.scratch / "file").exists())
        self.gantry(self.url(), text="get nothing\n", expect=8)
        self.gantry(self.url(), text="nonsense", expect=64)

    def test_a_batch_ends_with_the_first_failure(self):
        self.prepare("file", b"content")
        batch = self.scratch / "batch"
        batch.write_text("get nothing\nget file\n")
        self.gantry("--batch", batch, self.url(), expect=8)
        self.assertFalse((self.scratch / "file").exists())
        self.gantry("--batch", batch, "--keep-going", self.url(), expect=3)
        self.assertTrue((self.scratch / "file").exists())
        self.gantry("--batch", self.scratch / "nothing", self.url(), expect=7)


@over("local")
class Progress(Terminal, ProxyTest):
    SIZE = 8 << 20

    def bars(self, screen):
        return [line for line in screen.lines() if re.search(r"\d+%", line)]

    def stalled(self, after=3_000_000, **options):
        """A shell whose download of `big.bin` stands still in the middle."""
        self.prepare("big.bin", content("big", self.SIZE))
        fault = self.proxy.on_data(STALL, after=after)
        screen = self.shell(**options)
        screen.enter("get big.bin")
        fault.wait()
        screen.wait(lambda: self.bars(screen), "a bar")
        return screen, fault

    def test_a_bar_is_drawn_in_place(self):
        screen, fault = self.stalled()
        # It is drawn again and again: the rate falls to nothing while nothing moves.
        screen.wait(lambda: " 0/s" in self.bars(screen)[0], "a rate of nothing")
        self.assertEqual(len(self.bars(screen)), 1, screen.text())
        self.assertEqual(screen.scrolled(), 0)
        self.assertFalse(screen.cursor_seen())
        fault.release()
        screen.see("big.bin: 8.0 MiB in ")
        screen.see_last(self.prompt())
        self.assertEqual(self.bars(screen), [], "the bar is gone")
        self.assertTrue(screen.cursor_seen())
        self.assert_same((self.scratch / "big.bin").read_bytes(), content("big", self.SIZE), "downloaded")
        self.leave(screen)

    def test_ctrl_c_leaves_the_shell_alive_and_the_file_to_be_continued(self):
        screen, _ = self.stalled()
        # The proxy stands still when it has sent so much; the client may not have read any of it yet.
        screen.wait(lambda: re.search(r"[1-9]\d*%", self.bars(screen)[0]), "something came")
        screen.type(CTRL_C)
        screen.see("stopped")
        screen.see_last(self.prompt())
        self.assertTrue(screen.cursor_seen())
        self.assertFalse((self.scratch / "big.bin").exists())
        part = (self.scratch / "big.bin.part").stat().st_size
        self.assertGreater(part, 0)
        self.proxy.forgive()
        screen.enter("get big.bin")
        screen.see("continued at")
        self.assert_same((self.scratch / "big.bin").read_bytes(), content("big", self.SIZE), "downloaded")
        self.leave(screen)
        self.assertLess(self.moved_last(), self.SIZE, "not all of it came again")

    def moved_last(self):
        return self.proxy.of_kind("data")[-1].flowed["down"]

    def test_ctrl_c_of_one_command(self):
        self.prepare("big.bin", content("big", self.SIZE))
        fault = self.proxy.on_data(STALL, after=3_000_000)
        screen = self.terminal("get", self.url("big.bin"))
        fault.wait()
        screen.wait(lambda: self.bars(screen), "a bar")
        screen.type(CTRL_C)
        self.assertEqual(screen.see_end(), 130)
        self.assertTrue(screen.cursor_seen())
        self.assertFalse((self.scratch / "big.bin").exists())

    def test_a_signal_gives_the_cursor_back(self):
        for number, code in ((signal.SIGTERM, 130), (signal.SIGQUIT, -signal.SIGQUIT)):
            with self.subTest(signal=number.name):
                self.prepare("big.bin", content("big", self.SIZE))
                fault = self.proxy.on_data(STALL, after=3_000_000)
                screen = self.terminal("get", self.url("big.bin"), number.name)
                fault.wait()
                screen.wait(lambda: not screen.cursor_seen(), "a bar")
                screen.signal(number)
                self.assertEqual(screen.see_end(), code)
                self.assertTrue(screen.cursor_seen())

    def test_ctrl_z_in_a_transfer(self):
        screen, fault = self.stalled(under=JOB_CONTROL)
        screen.type(CTRL_Z)
        screen.see("ASLEEP")
        self.assertTrue(screen.cursor_seen())
        self.assertEqual(self.bars(screen), [])
        screen.type("\r")
        screen.wait(lambda: self.bars(screen) and not screen.cursor_seen(), "the bar again")
        self.assertEqual(len(self.bars(screen)), 1, screen.text())
        fault.release()
        screen.see("big.bin: 8.0 MiB in ")
        self.leave(screen)

    def test_a_narrow_window_and_a_new_size(self):
        screen, fault = self.stalled(columns=100)
        self.assertIn("[", self.bars(screen)[0])
        screen.resize(30, 24)
        screen.wait(lambda: len(self.bars(screen)) == 1 and "[" not in screen.text() and len(self.bars(screen)[0]) < 30,
                    "one line, with no room for a bar")
        screen.resize(100, 24)
        screen.wait(lambda: len(self.bars(screen)) == 1 and "[" in self.bars(screen)[0], "the bar again")
        fault.release()
        screen.see("big.bin: 8.0 MiB in ")
        self.leave(screen)

    def test_wide_names_keep_the_columns(self):
        self.prepare("中文文件名字很长很长很长很长的一个文件.bin", content("big", self.SIZE))
        fault = self.proxy.on_data(STALL, after=3_000_000)
        screen = self.shell()
        screen.enter("get 中文文件名字很长很长很长很长的一个文件.bin here.bin")
        fault.wait()
        screen.wait(lambda: self.bars(screen), "a bar")
        fault.release()
        screen.see("here.bin: 8.0 MiB in ")
        self.leave(screen)

    def test_storing_is_shown_and_no_full_bar(self):
        (self.scratch / "up.bin").write_bytes(content("up", self.SIZE))
        fault = self.proxy.on_control(STALL, reply="226")
        screen = self.shell(ways_in=self.clear())
        screen.enter("put up.bin")
        fault.wait()
        screen.see("storing")
        self.assertEqual(self.bars(screen), [])
        fault.release()
        screen.see("up.bin: 8.0 MiB in ")
        self.leave(screen)

    def test_the_shell_tells_the_server_that_it_is_there(self):
        fault = self.proxy.on_control(STALL, command="NOOP")
        screen = self.shell("--keep-alive", "1s", ways_in=self.clear())
        fault.wait()
        screen.type("typing goes on")
        screen.see_last(self.prompt() + " typing goes on")
        fault.release()
        screen.type(CTRL_C)
        screen.see_last(self.prompt())
        self.leave(screen)

    def test_a_lost_connection_comes_back(self):
        self.prepare("file", b"")
        screen = self.shell()
        self.proxy.cut_all()
        screen.enter("ls")
        screen.wait(lambda: "file" in screen.lines(), "the listing")
        self.leave(screen)

    def test_json_for_machines(self):
        self.prepare("big.bin", content("big", self.SIZE))
        done = self.gantry("get", "--progress", "json", self.url("big.bin"))
        lines = [json.loads(line) for line in done.err.splitlines()]
        ended = next(line for line in lines if line["event"] == "ended")
        self.assertEqual((ended["name"], ended["result"], ended["moved"]), ("big.bin", "done", self.SIZE))
        self.assertEqual((lines[-1]["event"], lines[-1]["done"], lines[-1]["bytes"]), ("total", 1, self.SIZE))

    def test_no_terminal_means_lines(self):
        self.prepare("big.bin", content("big", self.SIZE))
        done = self.gantry("get", self.url("big.bin"))
        self.assertEqual(done.out, "")
        self.assertRegex(done.err, r"(?m)^big\.bin: 8\.0 MiB in \d+:\d\d, \d+(\.\d)? \w+/s")
        self.assertNotIn("\x1b", done.err)
        done = self.gantry("get", "--quiet", self.url("big.bin"), "other")
        self.assertEqual((done.out, done.err), ("", ""))


class ScreenTest(Terminal, ClientTest):
    """That the tests see what a terminal shows."""

    def test_what_is_typed_and_shown(self):
        screen = Screen("/bin/cat", environment=dict(os.environ), cwd=self.scratch)
        self.addCleanup(screen.close)
        screen.enter("中文")
        screen.wait(lambda: screen.lines() == ["中文", "中文"], "the line and its echo")
        screen.type(CTRL_D)
        self.assertEqual(screen.see_end(), 0)

    def test_a_program_may_close_the_terminal_before_it_ends(self):
        screen = Screen("/bin/sh", "-c", "exec <&- >&- 2>&-; sleep 0.5; exit 7", environment=dict(os.environ),
                        cwd=self.scratch)
        self.addCleanup(screen.close)
        self.assertEqual(screen.see_end(), 7)
