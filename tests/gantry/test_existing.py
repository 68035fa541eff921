"""What becomes of a target that is there already: the same, a beginning, longer, different, and what each option does."""

import os

from harness import ClientTest, content, over

SIZE = 500_000
SERVERS_HERE = ("local", "s3", "vsftpd")  # with checksums, on a bucket, and without either
KINDS = ("same", "beginning", "longer", "other", "shorter")
# What is there afterwards: "new" or "old", and the exit code.
RESUME = {"same": ("new", 0), "beginning": ("new", 0), "longer": ("old", 8), "other": ("old", 8), "shorter": ("old", 8)}
OPTIONS = {
    "--resume": RESUME,
    "--overwrite": {kind: ("new", 0) for kind in KINDS},
    "--skip": {kind: ("old", 0) for kind in KINDS},
    "--rename": {kind: ("old", 0) for kind in KINDS},
}


def there(kind, source):
    return {"same": source, "beginning": source[:SIZE // 2], "longer": source + b"more",
            "other": content(kind, SIZE), "shorter": content(kind, SIZE // 2)}[kind]


class Existing:
    """The same four tests for both directions."""

    source = content("source", SIZE)

    def ways_in(self):
        return ["--password-file", self.password_file(), "--plain"]  # many short runs

    def play(self, option, kind):
        """(content of the target, its content before, content of the free name beside it, exit code)"""
        raise NotImplementedError

    def check(self, option):
        for kind in KINDS:
            with self.subTest(kind):
                expected, code = OPTIONS[option][kind]
                after, before, beside, done = self.play(option, kind)
                self.assertEqual(done.code, code, done)
                self.assert_same(after, self.source if expected == "new" else before, kind)
                renamed = option == "--rename" and kind != "same"
                self.assert_same(beside, self.source if renamed else None, f"{kind}, under the free name")
                if code:
                    self.assertIn("it is there already", done.err)
                    self.assertIn("--overwrite, --skip or --rename", done.err)

    def test_resume(self):
        self.check("--resume")

    def test_overwrite(self):
        self.check("--overwrite")

    def test_skip(self):
        self.check("--skip")

    def test_rename(self):
        self.check("--rename")


@over(*SERVERS_HERE)
class Get(Existing, ClientTest):
    def play(self, option, kind):
        name = f"{kind}.bin"
        before = there(kind, self.source)
        self.prepare(name, self.source)
        (self.scratch / name).write_bytes(before)
        done = self.gantry(option, "get", self.url(name), name, expect=None)
        beside = self.scratch / f"{kind} (1).bin"
        self.assertFalse((self.scratch / f"{name}.part").exists())
        return ((self.scratch / name).read_bytes(), before, beside.read_bytes() if beside.exists() else None, done)


@over(*SERVERS_HERE)
class Put(Existing, ClientTest):
    def play(self, option, kind):
        name = f"{kind}.bin"
        before = there(kind, self.source)
        self.prepare(name, before)
        source = self.scratch / name
        source.write_bytes(self.source)
        os.utime(source, (1_600_000_000, 1_600_000_000))  # older than what is there: no sign of a later change
        done = self.gantry(option, "put", name, self.url(name), expect=None)
        return self.stored(name), before, self.stored(f"{kind} (1).bin"), done


@over("local")
class Corners(ClientTest):
    def test_nothing_is_moved_when_it_is_there(self):
        self.prepare("file", content("file", SIZE))
        self.gantry("get", self.url("file"), "file")
        stamp = os.stat(self.scratch / "file")
        done = self.gantry("get", self.url("file"), "file")
        self.assertEqual(os.stat(self.scratch / "file").st_ino, stamp.st_ino, done)
        self.assertIn("already there", done.out + done.err)

    def test_times_are_kept_both_ways(self):
        source = self.scratch / "source"
        source.write_bytes(b"content")
        os.utime(source, (1_500_000_000, 1_500_000_000))
        self.gantry("put", "source", self.url("file"))
        self.gantry("get", self.url("file"), "back")
        self.assertEqual(int(os.stat(self.scratch / "back").st_mtime), 1_500_000_000)
        self.gantry("--no-times", "get", self.url("file"), "now")
        self.assertGreater(os.stat(self.scratch / "now").st_mtime, 1_600_000_000)

    def test_empty_files(self):
        (self.scratch / "empty").write_bytes(b"")
        self.gantry("put", "empty", self.url("empty"))
        self.assert_stored("empty", b"")
        self.gantry("get", self.url("empty"), "back")
        self.assertEqual((self.scratch / "back").read_bytes(), b"")
        self.gantry("get", self.url("empty"), "back")
        self.gantry("put", "empty", self.url("empty"))

    def test_directories_are_no_files(self):
        self.prepare("directory/file", b"content")
        self.assertIn("is a directory", self.gantry("get", self.url("directory"), "back", expect=8).err)
        (self.scratch / "source").write_bytes(b"content")
        self.gantry("put", "source", self.url("directory"))
        self.assert_stored("directory/source", b"content")
        self.assertIn("is a directory", self.gantry("put", self.home, self.url("home"), expect=7).err)

    def test_a_missing_file_leaves_nothing_behind(self):
        self.gantry("get", self.url("missing"), "back", expect=8)
        self.assertEqual([path.name for path in self.scratch.glob("back*")], [])
