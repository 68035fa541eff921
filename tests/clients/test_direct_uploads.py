"""Uploads that go from socket to file in the kernel: all of their bytes arrive, and only they do."""

import re
import socket

from ftp_wire import close_cleanly, wait_until
from harness import ClientTest, for_stores
from trees import content


def has_checksum(server, name):
    """Whether the log knows a CRC-64 of the upload: that it went through the server's memory."""
    lines = [line for line in server.log().splitlines() if re.search(rf" transfer .*direction=upload path=\S*{name} ", line)]
    return " crc64=" in lines[-1]


@for_stores("local")
class Direct(ClientTest):
    def test_large_ones_in_clear_and_binary_are(self):
        large, session, private = content("large", 1_000_000), self.ftp(), self.ftp(tls="explicit")
        session.store("STOR direct", large)
        session.store("STOR small", large[:200_000])
        private.store("STOR private", large)
        session.command("TYPE A", 200)
        session.store("STOR text", b"line\r\n" * 100_000)
        session.command("TYPE I", 200)
        self.assertEqual(session.retrieve("RETR direct"), large)
        for name, expected in (("direct", False), ("small", True), ("private", True), ("text", True)):
            self.assertEqual(has_checksum(self.server, name), expected, name)


@for_stores("local", "memory", "s3")
class Urgent(ClientTest):
    """TCP's urgent bytes, which the kernel does not pass to a pipe."""

    def upload(self, name, wait=None):
        before, after = content("before", 1_000_000), content("after", 100_000)
        session = self.ftp()
        data = session.transfer(f"STOR {name}")
        data.sendall(before)
        data.send(b"!", socket.MSG_OOB)
        data.sendall(after)
        if wait:
            wait(session)
        close_cleanly(data)
        session.expect(226)
        self.assertEqual(session.retrieve(f"RETR {name}"), before + b"!" + after)

    def test_they_are_part_of_the_file(self):
        self.upload("urgent")

    def test_they_are_taken_before_the_end(self):
        def all_is_there(session):
            wait_until(lambda: str(1_100_001) in session.command("STAT").text, "all bytes arrived")

        self.upload("waiting", all_is_there)
