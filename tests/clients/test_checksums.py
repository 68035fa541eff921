"""Checksums of objects: kept where they passed, read once where they did not, never those of other bytes."""

import hashlib
import random
import re
import time

from ftp_wire import wait_until
from gantry import PROMPT
from harness import ClientTest, Gantry, for_stores

SMALL, LARGE = 100_000, 9_000_000  # one PUT; two parts
RATE = 200_000


def content(size, seed):
    return random.Random(seed).randbytes(size)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class ChecksumTest(ClientTest):
    def setUp(self):
        """Each test needs settings of its own."""

    def start(self, **options):
        self.server = Gantry(self.store, **options)
        self.addCleanup(self.server.stop)
        return self.ftp()

    def asked(self, session, line, expect):
        """The reply, and the operations that the store was asked for on the file that ends the line."""
        before = len(self.server.fake.requests())
        reply = session.command(line, expect)
        target = f"/{line.split()[-1]} "
        return reply, [one.split(" ")[2] for one in self.server.fake.requests()[before:] if target in one]

    def assert_sha256(self, session, path, data, operations):
        reply, asked = self.asked(session, f"HASH {path}", 213)
        self.assertEqual(reply.text, f"213 SHA-256 0-{len(data) - 1} {sha256(data)} /{path}")
        self.assertEqual(asked, operations)


KNOWN, READ = ["HeadObject"], ["HeadObject", "GetObject"]


@for_stores("s3", "cos")
class KeptChecksums(ChecksumTest):
    def test_they_outlive_the_server_and_cost_one_request(self):
        session = self.start(transfer={"digests": ["crc64", "sha256"]})
        files = {"small.bin": content(SMALL, 1), "large.bin": content(LARGE, 2)}
        for path, data in files.items():
            session.store(f"STOR {path}", data)
        self.server.kill()
        self.server.start()
        session = self.ftp()
        for path, data in files.items():
            self.assert_sha256(session, path, data, KNOWN)
            reply, asked = self.asked(session, f"XSHA256 {path}", 250)
            self.assertEqual((reply.text, asked), ("250 " + sha256(data).upper(), KNOWN))
            reply, asked = self.asked(session, f"SITE CHECKSUM {path}", 213)
            self.assertIn(" sha256 " + sha256(data), reply.lines)
            self.assertTrue(any(line.startswith(" crc64 ") for line in reply.lines), reply)
            self.assertEqual(asked, KNOWN)
            session.command("RANG 5 99", 350)
            reply, asked = self.asked(session, f"HASH {path}", 213)
            self.assertEqual(reply.text, f"213 SHA-256 5-99 {sha256(data[5:100])} /{path}")
            self.assertEqual(asked, READ)

    def test_what_others_overwrite_has_no_old_checksum(self):
        session = self.start(transfer={"digests": ["crc64", "sha256"]})
        for path, size in (("small.bin", SMALL), ("large.bin", LARGE)):
            session.store(f"STOR {path}", content(size, 1))
            self.server.fake.put(path, content(size, 2))
            self.assert_sha256(session, path, content(size, 2), READ)

    def test_what_continued_is_not_read_for_the_crc64(self):
        session = self.start(transfer={"digests": ["crc64", "sha256"]})
        first, second = content(LARGE, 1), content(SMALL, 2)
        session.store("STOR whole.bin", first + second)
        session.store("STOR grown.bin", first)
        session.store("APPE grown.bin", second)
        session.command("OPTS HASH CRC64", 200)
        whole, _ = self.asked(session, "HASH whole.bin", 213)
        grown, asked = self.asked(session, "HASH grown.bin", 213)
        self.assertEqual(grown.text.split()[3], whole.text.split()[3])
        self.assertEqual(asked, KNOWN)
        session.command("OPTS HASH SHA-256", 200)
        self.assert_sha256(session, "grown.bin", first + second, READ)


@for_stores("s3", "cos")
class ComputedChecksums(ChecksumTest):
    def test_they_are_no_faster_than_the_user_may_download(self):
        session = self.start(demo={"max_download": RATE})
        data = content(3 * RATE, 1)
        self.server.fake.put("others.bin", data)
        began = time.monotonic()
        self.assert_sha256(session, "others.bin", data, READ)
        self.assertGreater(time.monotonic() - began, 1)

    def test_they_end_with_the_session(self):
        session = self.start(demo={"max_download": RATE})
        self.server.fake.put("others.bin", content(100 * RATE, 1))
        session.command("OPTS HASH MD5", 200)
        session.send("HASH others.bin\r\n")
        wait_until(lambda: re.search("others.bin: [1-9]", session.command("STAT", 211).text), "it reads")
        session.close()
        wait_until(lambda: "verb=HASH argument=others.bin reply=426" in self.server.log(), "it ends", 20)

    def test_abor_ends_them(self):
        session = self.start(demo={"max_download": RATE})
        self.server.fake.put("others.bin", content(100 * RATE, 1))
        # What COS itself knows would be an answer.
        session.command("OPTS HASH MD5", 200)
        for line in ("HASH others.bin", "XMD5 others.bin", *(["SITE CHECKSUM others.bin"] if self.store == "s3" else [])):
            session.send(line + "\r\n")
            session.command("NOOP", 200)
            wait_until(lambda: re.search("others.bin: [1-9]", session.command("STAT", 211).text), "it reads")
            began = time.monotonic()
            session.send("ABOR\r\n")
            session.expect(426)
            session.expect((225, 226))
            self.assertLess(time.monotonic() - began, PROMPT)
            session.command("NOOP", 200)
