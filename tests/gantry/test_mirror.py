"""mirror and sync: whole trees both ways, what is skipped, what is removed and when it is not."""

import os
import pathlib
import subprocess
import time

from harness import ClientTest, content, over
import hostile_server as hostile
import pexpect
from fake_ftp import FILES as FAKE_FILES
from fake_ftp import FakeFtp, Session
from gantry import Gantry, Setup

FILES = 200
TIME = 1_700_000_000


def make_tree(root, files=FILES):
    """Files with Chinese names and blanks, empty ones, empty directories."""
    for i in range(files):
        folder = ("", "目录 一/", "目录 一/deep/更深/", "two  blanks/", "100%/")[i % 5]
        path = root / f"{folder}{('file', '文件', 'with blank ', '[x]*?')[i % 4]}{i}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content(i, (0, 1, 700, 5000)[i % 4]))
        os.utime(path, (TIME + i, TIME + i))
    (root / "empty").mkdir()
    (root / "目录 一" / "空").mkdir()
    return root


def snapshot(root):
    """Path -> content; None for directories."""
    return {str(path.relative_to(root)): None if path.is_dir() else path.read_bytes()
            for path in pathlib.Path(root).rglob("*")}


def actions(done):
    return [line for line in done.out.splitlines() if not line.startswith("total:")]


class MirrorTest(ClientTest):
    def tree(self, name="source", files=FILES):
        root = self.scratch / name
        root.mkdir()
        return make_tree(root, files)

    def assert_nothing_to_do(self, done):
        self.assertEqual(actions(done), [])
        self.assertIn("total: 0 files to copy", done.out)


@over()
class BothWays(MirrorTest):
    def test_up_and_down(self):
        source, back = self.tree(files=60), self.scratch / "back"
        planned = self.gantry("mirror", "--dry-run", source, self.url("tree"))
        done = self.gantry("mirror", source, self.url("tree"))
        self.assertEqual(done.out, planned.out)
        self.assertIn("total: 60 files to copy", done.out)
        self.assert_nothing_to_do(self.gantry("mirror", source, self.url("tree")))

        planned = self.gantry("mirror", "--dry-run", self.url("tree"), back)
        self.assertFalse(back.exists())
        done = self.gantry("mirror", self.url("tree"), back)
        self.assertEqual(done.out, planned.out)
        self.assertEqual(snapshot(back), snapshot(source))
        self.assert_nothing_to_do(self.gantry("mirror", self.url("tree"), back))

        (source / "file0").write_bytes(b"changed")
        (source / "new").write_bytes(b"new")
        (source / "100%" / "文件9").unlink()
        planned = self.gantry("sync", "--dry-run", source, self.url("tree"))
        done = self.gantry("sync", "--yes", source, self.url("tree"))
        self.assertEqual(done.out, planned.out)
        self.assertEqual(len(actions(done)), 3)
        self.gantry("sync", "--yes", self.url("tree"), back)
        self.assertEqual(snapshot(back), snapshot(source))


class Options(MirrorTest):
    def small(self, name="small", **files):
        root = self.scratch / name
        root.mkdir(exist_ok=True)
        for path, text in files.items():
            target = root / path.replace("__", "/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
            os.utime(target, (TIME, TIME))
        return root

    def mirror(self, *words, expect=0):
        """The lines of the dry run, which must be those of the real one that follows."""
        planned = self.gantry("mirror", "--dry-run", *words, expect=None)
        done = self.gantry("mirror", *words, expect=expect)
        self.assertEqual(actions(planned), actions(done))
        return actions(done)

    def names(self, root):
        return sorted(name for name, content in snapshot(root).items() if content is not None)

    def test_two_hundred_files(self):
        source, back = self.tree(), self.scratch / "back"
        done = self.gantry("mirror", source, self.url("tree"))
        self.assertIn(f"total: {FILES} files to copy", done.out)
        self.assert_nothing_to_do(self.gantry("mirror", source, self.url("tree")))
        self.gantry("mirror", "-P", "3", self.url("tree"), back)
        self.assertEqual(snapshot(back), snapshot(source))
        times = {path.relative_to(back): int(path.stat().st_mtime) for path in back.rglob("*")}
        self.assertEqual(times, {path.relative_to(source): int(path.stat().st_mtime) for path in source.rglob("*")})
        self.assert_nothing_to_do(self.gantry("mirror", self.url("tree"), back))

    def test_delete(self):
        source = self.small(keep="a")
        target = self.small("target", keep="a", old="b", dir__deep__x="c")
        self.gantry("mirror", source, self.url("tree"))
        self.assertEqual(self.mirror(self.url("tree"), target), [])
        self.gantry("mirror", "--delete", "--max-delete", "3", self.url("tree"), target, expect=3)
        self.assertEqual(self.names(target), ["dir/deep/x", "keep", "old"])
        lines = self.mirror("--delete", "--max-delete", "4", self.url("tree"), target)
        self.assertEqual([line.split(" (")[0] for line in lines],
                         ["delete dir/deep/x", "delete dir/deep/", "delete dir/", "delete old"])
        self.assertEqual(self.names(target), ["keep"])
        self.assertFalse((target / "dir").exists())

    def test_delete_first_on_the_server(self):
        self.prepare("tree/old/deep", b"x")
        source = self.small(new="a")
        lines = self.mirror("--delete", "--delete-first", source, self.url("tree"))
        self.assertEqual([line.split()[0] for line in lines], ["delete", "delete", "put"])
        self.assertIsNone(self.stored("tree/old/deep"))

    def test_filters(self):
        source = self.small(a__x="1", a__y="2", b__x="3", c="4", d="5")
        (source / "a" / ".gantryignore").write_text("y\n")
        (source / ".gantryignore").write_text("# comment\nd\n")
        rules = self.scratch / "rules"
        rules.write_text("+ /b/x\n- /b/*\n")
        self.prepare("tree/a/y", b"stays")
        lines = self.mirror("--exclude-from", rules, "--exclude", "/c", "--delete", source, self.url("tree"))
        self.assertEqual([line.split(" (")[0] for line in lines], ["put    a/x", "mkdir  b/", "put    b/x"])
        self.assert_stored("tree/a/y", b"stays")
        self.gantry("mirror", "--exclude", "/", source, self.url("tree"), expect=64)

    def test_what_counts_as_the_same(self):
        source = self.small(f="one")
        self.gantry("mirror", source, self.url("tree"))
        target = self.small("target", f="two")
        os.utime(target / "f", (TIME + 100, TIME + 100))
        for words in (["--by", "size"], ["--only-newer"], ["--ignore-existing"]):
            self.assertEqual(self.mirror(*words, self.url("tree"), target), [], words)
        for words in ([], ["--by", "time"], ["--by", "hash"], ["--ignore-times"]):
            (target / "f").write_text("two")
            os.utime(target / "f", (TIME + 100, TIME + 100))
            self.assertEqual(len(self.mirror(*words, self.url("tree"), target)), 1, words)
            self.assertEqual((target / "f").read_text(), "one")
        self.assertEqual(self.mirror("--by", "hash", self.url("tree"), target), [])
        (target / "f").write_text("new")
        os.utime(target / "f", (TIME, TIME))
        self.assertEqual(self.mirror(self.url("tree"), target), [], "size and time are all that it looks at")
        self.assertEqual(len(self.mirror("--by", "hash", self.url("tree"), target)), 1)

    def test_other_kinds(self):
        source = self.small(a="file", b__inside="x")
        target = self.small("target", a__inside="kept", b="file")
        self.gantry("mirror", source, self.url("tree"))
        self.assertEqual(self.mirror(self.url("tree"), target, expect=3), [])
        self.assertEqual(self.names(target), ["a/inside", "b"])
        self.mirror("--overwrite", self.url("tree"), target)
        self.assertEqual(snapshot(target), snapshot(source))

    def test_no_way_through_a_link(self):
        elsewhere = self.small("elsewhere", x="untouched")
        self.prepare("tree/dir/x", b"from the server")
        target = self.scratch / "target"
        target.mkdir()
        (target / "dir").symlink_to(elsewhere)
        self.gantry("mirror", "--delete", self.url("tree"), target, expect=3)
        self.assertEqual((elsewhere / "x").read_text(), "untouched")
        self.gantry("mirror", "--overwrite", self.url("tree"), target)
        self.assertFalse((target / "dir").is_symlink())
        self.assertEqual((elsewhere / "x").read_text(), "untouched")

    def test_move(self):
        source = self.small(a="1", d__b="2")
        self.assertEqual([line.split()[0] for line in self.mirror("--move", source, self.url("tree"))],
                         ["mkdir", "move", "mkdir", "move"])
        self.assertEqual(self.names(source), [])
        self.assert_stored("tree/a", b"1")
        back = self.scratch / "back"
        self.mirror("--move", self.url("tree"), back)
        self.assertEqual(self.names(back), ["a", "d/b"])
        self.assertIsNone(self.stored("tree/a"))
        self.prepare("tree/a", b"9")  # of the same size, but another one
        os.utime(self.server.root / self.place / "tree/a", (TIME, TIME))
        os.utime(back / "a", (TIME, TIME))
        self.mirror("--move", self.url("tree"), back)
        self.assertEqual((back / "a").read_text(), "9")

    def test_links(self):
        source = self.small(real="1", dir__x="2")
        (source / "link").symlink_to("real")
        (source / "dirlink").symlink_to("dir")
        (source / "dir" / "up").symlink_to("..")
        (source / "broken").symlink_to("nowhere")
        done = self.gantry("mirror", source, self.url("skipped"))
        self.assertEqual(done.err.count("left out: a link"), 4)
        self.assertIsNone(self.stored("skipped/link"))
        done = self.gantry("mirror", "--links", "follow", source, self.url("followed"))
        self.assertEqual(done.err.count("left out: a link"), 3)  # up, twice, and broken
        self.assert_stored("followed/link", b"1")
        self.assert_stored("followed/dirlink/x", b"2")

    def test_names_that_differ_by_case(self):
        source = self.small(README="1", readme="2", Readme="3")
        done = self.gantry("mirror", source, self.url("tree"))
        self.assertEqual(done.err.count("differs from another name by case only"), 2)
        for name, text in (("README", b"1"), ("readme", b"2"), ("Readme", b"3")):
            self.assert_stored("tree/" + name, text)

    def test_directions(self):
        source = self.small(a="1")
        self.gantry("mirror", self.url(), self.url("x"), expect=64)
        self.gantry("mirror", "-R", self.url(), source, expect=64)
        self.gantry("mirror", source, source, expect=64)
        self.gantry("mirror", self.url("nowhere"), source, expect=8)
        self.gantry("mirror", self.scratch / "nowhere", self.url(), expect=7)
        shell = f"mirror -R {source} up\nmirror up down\nbye\n"
        self.gantry(self.url(), text=shell)
        self.assert_stored("up/a", b"1")
        self.assertEqual((self.scratch / "down" / "a").read_text(), "1")

    def test_sync_asks(self):
        source = self.small(a="1")
        self.prepare("tree/old", b"x")
        done = self.gantry("sync", source, self.url("tree"), expect=64)
        self.assertIn("--yes", done.err)
        words = [str(word) for word in (*self.ways_in(), "sync", source, self.url("tree"))]
        for answer, stored in (("n", b"x"), ("y", None)):
            child = pexpect.spawn(Setup.program("src/gantry/gantry"), words, env=self.environment(), timeout=60,
                                  encoding="utf-8")
            self.addCleanup(child.close, True)
            child.expect("delete old")
            child.expect("Do this")
            child.sendline(answer)
            child.expect(pexpect.EOF)
            self.assertEqual(self.stored("tree/old"), stored)
        self.assert_stored("tree/a", b"1")

    def test_killed_mirrors_go_on(self):
        slow = Gantry(demo={"max_session_download": 256 << 10, "max_session_upload": 256 << 10})
        self.addCleanup(slow.stop)
        source, back = self.tree(files=100), self.scratch / "back"
        for path in source.rglob("*"):
            if path.is_file():
                path.write_bytes(content(str(path), 20_000))
        url = f"ftp://demo@{slow.host}:{slow.port}/tree"
        for words, target in (([source, url], slow.root / "tree"), ([url, back], back)):
            client = self.begin(*self.ways_in(), "mirror", *words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            deadline = time.monotonic() + 60
            while sum(path.is_file() for path in target.rglob("*")) < 20:
                self.assertIsNone(client.poll())
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.01)
            client.kill()
            self.assertEqual(client.wait(), -9)
            done = self.gantry("mirror", *words)
            self.assertLess(len([line for line in actions(done) if not line.startswith("mkdir")]), 100)
            self.assertEqual(snapshot(target), snapshot(source))
            self.assert_nothing_to_do(self.gantry("mirror", *words))


class Trouble(MirrorTest):
    """Servers that are broken or evil."""

    def start(self, session=None, **options):
        server = FakeFtp(session, **options)
        self.addCleanup(server.stop)
        self.target = self.scratch / "target"
        self.target.mkdir()
        (self.target / "only here").write_text("precious")
        return server

    def down(self, server, *words, expect=0):
        return self.gantry("mirror", *words, f"ftp://demo@127.0.0.1:{server.port}//", self.target, expect=expect,
                           ways_in=["--password-file", self.password_file(), "--plain", "--tries", "1"])

    def test_second_run_fetches_nothing(self):
        server = self.start()
        self.down(server, "--delete")
        self.assertEqual((self.target / "file").read_bytes(), FAKE_FILES["/file"])
        self.assertFalse((self.target / "only here").exists())
        before = server.verbs().count("RETR")
        self.down(server, "--delete")
        self.assertEqual(server.verbs().count("RETR"), before)

    def test_nothing_is_deleted_when_a_directory_cannot_be_read(self):
        class Broken(Session):
            def do_MLSD(self, argument):
                if not self.path(argument).startswith(self.unreadable):
                    return super().do_MLSD(argument)
                return self.send_data(b"type=file;size=1; x\r\n" * bool(self.partly), self.answer) \
                    if self.answer[0] != "4" or self.partly else self.say(self.answer)

        for answer, partly in (("550 no", False), ("450 busy", False), ("426 cut", True), ("451 cut", True)):
            for unreadable in ("/directory", "/"):
                for words in (["--delete"], ["--delete", "--delete-first"]):
                    with self.subTest(answer=answer, unreadable=unreadable, words=words):
                        server = FakeFtp(Broken, unreadable=unreadable, answer=answer, partly=partly)
                        self.addCleanup(server.stop)
                        self.target = self.scratch / f"{answer} {unreadable[1:]} {len(words)}"
                        self.target.mkdir()
                        (self.target / "only here").write_text("precious")
                        self.assertNotEqual(self.down(server, *words, expect=None).code, 0)
                        self.assertEqual((self.target / "only here").read_text(), "precious")

    def test_no_end(self):
        done = self.down(self.start(hostile.Bottomless), "--delete", expect=3)
        self.assertIn("deeper than", done.err)
        self.assertTrue((self.target / "only here").exists())

    def test_names_that_are_none(self):
        class Evil(hostile.EvilNames):
            def content(self, path):
                return None if path == "/" else super().content(path)

        server = self.start(Evil)
        before = set(self.scratch.iterdir())
        done = self.down(server, expect=None)
        self.assertEqual((self.target / "good").read_bytes(), b"evil")
        self.assertEqual(set(self.scratch.iterdir()), before | {self.scratch / "password-4"})
        self.assertNotIn("\x1b", done.out + done.err)
        for path in self.target.rglob("*"):
            self.assertEqual(path.parent, self.target)

    def test_link_then_inside(self):
        elsewhere = self.scratch / "elsewhere"
        elsewhere.mkdir()
        for kind in (hostile.LinkThenInside, hostile.LinkInMlsd):
            self.scratch = self.scratch / "one"
            self.scratch.mkdir()
            self.down(self.start(kind, target=str(elsewhere)), "--links", "follow", expect=None)
            self.assertEqual(list(elsewhere.iterdir()), [])
