"""Every verb that looks or manages, against every kind of server."""

import json
import re

from harness import ClientTest, over


class VerbTest(ClientTest):
    def lines(self, *words, **options):
        return self.gantry(*words, **options).out.splitlines()

    def objects(self, *words, **options):
        return [json.loads(line) for line in self.lines(*words, "--json", **options)]

    def tree(self):
        for name, size in (("a.txt", 3), ("b.txt", 300), (".hidden", 1), ("sub/c.txt", 20), ("sub/deep/d.bin", 1000)):
            self.prepare(name, b"x" * size)


@over()
class Looking(VerbTest):
    def test_ls_names(self):
        self.tree()
        self.assertEqual(self.lines("ls", self.url()), ["a.txt", "b.txt", "sub/"])
        self.assertEqual(self.lines("ls", "-S", self.url())[0], "b.txt")
        self.assertEqual(self.lines("ls", "-r", self.url()), ["sub/", "b.txt", "a.txt"])

    def test_ls_long_has_stable_columns(self):
        self.tree()
        lines = self.lines("ls", "-l", self.url())
        self.assertEqual([line.split()[-1] for line in lines], ["a.txt", "b.txt", "sub/"])
        self.assertEqual([line[0] for line in lines], ["-", "-", "d"])
        self.assertEqual([line.split()[3] for line in lines], ["3", "300", "-"])
        for line in lines[:2]:
            self.assertRegex(line, r" \d{4}-\d\d-\d\d \d\d:\d\d  [ab]\.txt$")
        self.assertEqual(lines, self.lines("dir", self.url()))

    def test_ls_of_a_file_and_of_patterns(self):
        self.tree()
        self.assertEqual([line.rpartition("/")[2] for line in self.lines("ls", self.url("a.txt"))], ["a.txt"])
        self.assertEqual([line.rpartition("/")[2] for line in self.lines("ls", self.url("?.txt"))], ["a.txt", "b.txt"])
        self.assertEqual(self.lines("ls", self.url("s*/d*")), ["d.bin"])
        self.assertEqual(self.lines("ls", self.url("*/*.none"), expect=8), [])

    def test_a_name_with_stars_is_meant_before_its_pattern(self):
        self.prepare("[ab].txt", b"the one")
        self.prepare("a.txt", b"the other")
        self.assertEqual(self.gantry("cat", self.url("[ab].txt")).out, "the one")
        self.gantry("rm", self.url("[ab].txt"))
        self.assertIsNone(self.stored("[ab].txt"))
        self.assert_stored("a.txt", b"the other")

    def test_ls_json(self):
        self.tree()
        entries = {entry["name"]: entry for entry in self.objects("ls", self.url())}
        self.assertEqual(set(entries), {"a.txt", "b.txt", "sub"})
        self.assertEqual([entries["b.txt"]["type"], entries["b.txt"]["size"]], ["file", 300])
        self.assertTrue(entries["b.txt"]["path"].endswith(f"/{self.place}/b.txt"))
        self.assertEqual(entries["sub"]["type"], "directory")
        self.assertRegex(entries["a.txt"]["modified"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")

    def test_missing(self):
        for verb in ("ls", "cat", "stat", "size", "find", "du"):
            done = self.gantry(verb, self.url("none"), expect=8)
            self.assertEqual(done.out, "")
            self.assertRegex(done.err, r"(?m)^gantry: .*none: ")

    def test_some_missing(self):
        self.tree()
        self.assertEqual(self.gantry("cat", self.url("a.txt"), self.url("none"), expect=3).out, "xxx")

    def test_cat(self):
        self.prepare("one", bytes(range(256)))
        self.prepare("two", b"2")
        out = self.gantry("cat", self.url("one"), self.url("two")).out
        self.assertEqual(out.encode("utf-8", "surrogateescape")[-1:], b"2")

    def test_stat_size_modtime(self):
        self.tree()
        self.assertIn("size:        300\n", self.gantry("stat", self.url("b.txt")).out)
        self.assertEqual(self.lines("size", self.url("b.txt")), ["300"])
        self.assertRegex(self.lines("modtime", self.url("b.txt"))[0], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d")
        self.assertEqual(self.objects("stat", self.url("sub"))[0]["type"], "directory")

    def found(self, *options):
        return sorted(re.sub(r"^.*?/" + self.place + "/", "", line) for line in self.lines("find", self.url(), *options))

    def test_find(self):
        self.tree()
        everything = ["a.txt", "b.txt", "sub/", "sub/c.txt", "sub/deep/", "sub/deep/d.bin"]
        self.assertEqual([path for path in self.found() if path != ".hidden"], everything)  # some servers hide it
        self.assertEqual(self.found("--name", "*.TXT", "-i"), ["a.txt", "b.txt", "sub/c.txt"])
        self.assertEqual(self.found("-t", "d"), ["sub/", "sub/deep/"])
        self.assertEqual(self.found("--larger", "300", "-t", "f"), ["b.txt", "sub/deep/d.bin"])
        self.assertEqual(self.found("--smaller", "3", "--name", "?.*"), ["a.txt"])
        self.assertEqual(self.found("--depth", "1", "--name", "[a-z]*"), ["a.txt", "b.txt", "sub/"])
        self.assertEqual(self.found("--older", "2020-01-01"), [])
        self.assertEqual(self.found("--newer", "2020-01-01", "-t", "f", "--name", "b*"), ["b.txt"])

    def test_du(self):
        self.tree()
        self.assertEqual([line.split("\t")[0] for line in self.lines("du", self.url("sub"))], ["1000", "1020"])
        self.assertEqual([line.split("\t")[0] for line in self.lines("du", "-s", self.url("sub"))], ["1020"])
        self.assertEqual([(one["bytes"], one["files"]) for one in self.objects("du", "-s", self.url("sub"))], [(1020, 2)])
        self.assertEqual([line.split("\t")[0] for line in self.lines("du", self.url("b.txt"))], ["300"])

    def test_quote_and_site(self):
        self.assertRegex(self.lines("quote", self.url(), "NOOP")[0], r"^200 ")
        self.assertRegex(self.lines("quote", self.url(), "XYZZY", expect=8)[0], r"^50\d ")
        self.assertTrue(self.lines("site", self.url(), "HELP", expect=None))
        self.assertEqual(json.loads(self.gantry("quote", "--json", self.url(), "NOOP").out)["reply"], 200)


@over()
class Managing(VerbTest):
    def test_mkdir_and_rmdir(self):
        self.gantry("mkdir", self.url("new"))
        self.assertEqual(self.lines("ls", self.url()), ["new/"])
        self.gantry("mkdir", self.url("new"), expect=8)
        self.gantry("mkdir", "-p", self.url("new"), self.url("x/y/z"))
        self.assertEqual(self.lines("ls", self.url("x/y")), ["z/"])
        self.gantry("rmdir", self.url("x"), expect=8)
        self.gantry("rmdir", self.url("x/y/z"), self.url("n*"))
        self.assertEqual(self.lines("ls", self.url()), ["x/"])

    def test_mv(self):
        self.tree()
        self.gantry("mv", self.url("a.txt"), "renamed.txt")
        self.assert_stored("renamed.txt", b"xxx")
        self.assertIsNone(self.stored("a.txt"))
        self.gantry("mv", self.url("renamed.txt"), self.url("b.txt"), self.url("sub/"))
        self.assert_stored("sub/b.txt", b"x" * 300)
        self.assert_stored("sub/renamed.txt", b"xxx")
        self.gantry("mv", self.url("sub"), self.url("there"))
        self.assert_stored("there/deep/d.bin", b"x" * 1000)

    def test_mv_replaces_nothing_unasked(self):
        self.tree()
        done = self.gantry("mv", self.url("a.txt"), "b.txt", expect=8)
        self.assertIn("--overwrite", done.err)
        self.assert_stored("b.txt", b"x" * 300)
        self.gantry("mv", "--overwrite", self.url("a.txt"), "b.txt")
        self.assert_stored("b.txt", b"xxx")

    def test_mv_of_many_needs_a_directory(self):
        self.tree()
        self.gantry("mv", self.url("*.txt"), "none", expect=64)
        self.assert_stored("a.txt", b"xxx")

    def test_rm(self):
        self.tree()
        self.gantry("rm", self.url("*.txt"))
        self.assertEqual(self.lines("ls", self.url()), ["sub/"])
        self.gantry("rm", self.url("a.txt"), expect=8)
        self.gantry("rm", "-f", self.url("a.txt"))
        self.gantry("rm", self.url("sub"), expect=8)

    def test_rm_of_a_tree_needs_consent(self):
        self.tree()
        done = self.gantry("rm", "-r", self.url("sub"), expect=8)
        self.assertIn("--yes", done.err)
        self.assert_stored("sub/c.txt", b"x" * 20)
        results = self.objects("rm", "-r", "--yes", self.url("sub"))
        self.assertEqual([(one["verb"], one["ok"]) for one in results], [("rm", True)] * 4)
        self.assertEqual(self.lines("ls", self.url()), ["a.txt", "b.txt"])

    def test_chmod(self):
        self.prepare("file", b"content")
        self.gantry("chmod", "9x", self.url("file"), expect=64)
        knows = getattr(self.server, "offers", ("SITE CHMOD",) if self.server_name == "local" else ())
        self.gantry("chmod", "600", self.url("file"), expect=0 if "SITE CHMOD" in knows else 8)
        if "SITE CHMOD" in knows:
            self.assertEqual((self.server.root / self.place / "file").stat().st_mode & 0o777, 0o600)

    def test_failures_in_json(self):
        done = self.gantry("rm", "--json", self.url("none"), expect=8)
        told = json.loads(done.out)
        self.assertEqual([told["verb"], told["ok"], told["why"], told["reply"]], ["rm", False, "refused", 550])
        self.assertTrue(told["error"])


@over()
class InTheShell(VerbTest):
    def shell(self, *lines, **options):
        return self.gantry(self.url(), text="\n".join([*lines, "bye"]) + "\n", **options)

    def test_going_about(self):
        self.tree()
        out = self.shell("ls", "cd sub", "ls", "pwd", "cd deep", "cd -", "ls", "cd ..", "ls").out
        self.assertEqual([out.count(name) for name in ("a.txt", "c.txt")], [2, 2])
        self.assertIn(f"/{self.place}/sub\n", out)

    def test_listings_follow_the_directory(self):
        """A listing of a third directory in between must not lead the next one astray."""
        self.prepare("one/in-one", b"1")
        self.prepare("two/in-two", b"2")
        self.prepare("three/in-three", b"3")
        out = self.shell("cd one", "ls", "ls ../three", "cd ../two", "ls", "ls ../three", "cd ../one", "ls ../three").out
        self.assertEqual([out.count(name) for name in ("in-one", "in-two", "in-three")], [1, 1, 3])

    def test_local_side(self):
        (self.scratch / "directory").mkdir()
        (self.scratch / "directory" / "here.txt").write_text("1")
        out = self.shell("lcd directory", "lpwd", "lls", "lls -l").out
        self.assertEqual(out.count("here.txt"), 2)
        self.assertEqual(out.count(str(self.scratch / "directory")), 2)

    def test_status_and_close(self):
        done = self.shell("status", "close", "status", "ls", expect=3)
        self.assertIn(f"ftp://demo@{self.server.host}:{self.server.port}", done.out)
        self.assertIn("not connected", done.out)
        self.assertIn("name a server", done.err)
