"""verify: what differs between a tree here and one on a server, and how that is known."""

import json
import os

import hostile_server as hostile
from fake_ftp import FakeFtp
from harness import ClientTest, content, over
from test_mirror import make_tree


class VerifyTest(ClientTest):
    def setUp(self):
        super().setUp()
        self.source = make_tree(self.scratch / "source", files=12)
        self.gantry("mirror", self.source, self.url("tree"))

    def verify(self, *words, expect=0):
        """Its lines, the total without its heading."""
        return self.gantry("verify", *words, self.source, self.url("tree"), expect=expect).out.splitlines()


@over()
class Verify(VerifyTest):
    def test_differences(self):
        lines = self.verify()
        self.assertEqual(len(lines), 1)
        self.assertRegex(lines[0], "^total: 12 same( size)?$")

        (self.source / "file0").write_bytes(b"longer")
        (self.source / "only here").write_bytes(b"")
        (self.source / "empty").rmdir()
        lines = self.verify(expect=8)
        self.assertEqual([line.split(" (")[0].rstrip() for line in lines[:-1]],
                         ["missing here  empty/", "size          file0", "missing there only here"])
        self.assertIn("1 missing here, 1 missing there, 1 size", lines[-1])

    def test_every_byte(self):
        self.assertEqual(self.verify("--download"), ["total: 12 same"])
        changed = self.source / "目录 一" / "with blank 6"
        changed.write_bytes(content("other", changed.stat().st_size))
        lines = self.verify("--download", expect=8)
        self.assertIn("content       目录 一/with blank 6 (byte ", lines[0])
        self.assertEqual(lines[1:], ["total: 11 same, 1 content"])


class VerifyByChecksum(VerifyTest):
    def test_content(self):
        changed = next(self.source.glob("**/with blank 6"))
        before = changed.stat()
        changed.write_bytes(content("other", before.st_size))
        os.utime(changed, (before.st_mtime, before.st_mtime))
        lines = self.verify(expect=8)
        self.assertTrue(lines[0].startswith("content "), lines)
        self.assertEqual(lines[1:], ["total: 11 same, 1 content"])

    def test_json(self):
        (self.source / "only here").write_bytes(b"")
        done = self.gantry("verify", "--json", "--all", self.source, self.url("tree"), expect=8)
        lines = [json.loads(line) for line in done.out.splitlines()]
        self.assertIn({"path": "only here", "ok": False, "verdict": "missing there"}, lines)
        self.assertEqual(lines[-1], {"verdict": "total", "ok": False, "same": 12, "missing there": 1})
        self.assertEqual(sum(line["ok"] for line in lines), 12)

    def test_one_file_and_patterns(self):
        self.assertEqual(self.gantry("verify", self.source / "file0", self.url("tree/file0")).out, "total: 1 same\n")
        (self.source / "file0").write_bytes(b"other")
        self.gantry("verify", self.source / "file0", self.url("tree/file0"), expect=8)
        self.assertEqual(self.verify("--exclude", "/file0"), ["total: 11 same"])

    def test_what_cannot_be_read_is_not_good(self):
        server = FakeFtp(hostile.refusing("MLSD", 450))
        self.addCleanup(server.stop)
        done = self.gantry("verify", self.source, f"ftp://demo@127.0.0.1:{server.port}//", expect=8,
                           ways_in=["--password-file", self.password_file(), "--plain"])
        self.assertIn("unreadable", done.out)
