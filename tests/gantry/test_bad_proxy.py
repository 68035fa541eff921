"""The misbehaving proxy that the client's tests use: it passes everything on, and errs where it is told to."""

import socket
import time

from bad_proxy import CLOSE, DOWN, RESET, STALL, UP
from ftp_wire import Connection, close_cleanly, read_all, wait_until
from gantry import client_context
from harness import ProxyTest, content, over

SIZE = 1_000_000


class Session(ProxyTest):
    without_client = True

    def connect(self, tls=False):
        session = Connection(self.proxy.address, timeout=60)
        self.addCleanup(session.close)
        session.expect(220)
        if tls:
            session.auth_tls(client_context())
        session.login()
        if tls:
            session.protect()
        session.command(f"CWD {self.place}", 250)
        return session


@over("local", "vsftpd", "proftpd", "pureftpd", "pyftpdlib")
class Passing(Session):
    def test_both_ways(self):
        for tls in (False, self.server_name != "pyftpdlib"):
            session = self.connect(tls)
            data = content("both ways", SIZE)
            session.store("STOR file", data)
            self.assert_stored("file", data)
            self.assert_same(session.retrieve("RETR file"), data, "downloaded")
        self.assertGreaterEqual(self.proxy.of_kind("data")[0].flowed[UP], SIZE)

    def test_download_cut(self):
        self.prepare("file", content("file", SIZE))
        self.proxy.on_data(CLOSE, after=300_000)
        session = self.connect()
        data = session.transfer("RETR file")
        self.assertEqual(len(read_all(data)), 300_000)
        data.close()
        self.assert_same(self.connect().retrieve("RETR file"), content("file", SIZE), "the second time")


@over("local")
class Misbehaving(Session):
    """The rest, against one server: nothing of it depends on which."""

    def test_download_reset(self):
        self.prepare("file", content("file", SIZE))
        fault = self.proxy.on_data(RESET, after=300_000)
        data = self.connect().transfer("RETR file")
        with self.assertRaises(ConnectionResetError):
            read_all(data)
        data.close()
        fault.wait()

    def test_upload_cut(self):
        self.proxy.on_data(CLOSE, after=300_000, way=UP)
        session = self.connect()
        data = session.transfer("STOR file")
        with self.assertRaises(OSError):
            while True:
                data.sendall(bytes(65536))
        data.close()
        session.reply()
        wait_until(lambda: len(self.stored("file") or b"") == 300_000, "the server has what passed")

    def test_stall_and_release(self):
        self.prepare("file", content("file", SIZE))
        fault = self.proxy.on_data(STALL, after=300_000)
        session = self.connect()
        data = session.transfer("RETR file")
        fault.wait()
        received = b""
        data.settimeout(0.5)
        with self.assertRaises(TimeoutError):
            while True:
                received += data.recv(1 << 16)
        self.assertEqual(len(received), 300_000)
        fault.release()
        data.settimeout(60)
        received += read_all(data)
        data.close()
        session.expect(226)
        self.assert_same(received, content("file", SIZE), "downloaded")

    def test_command_not_delivered(self):
        self.proxy.on_control(RESET, command="NOOP", skip=1)
        session = self.connect()
        session.command("NOOP", 200)
        with self.assertRaises(ConnectionResetError):
            session.command("NOOP")

    def test_reply_lost(self):
        self.proxy.on_control(CLOSE, reply="226")
        session = self.connect()
        data = session.transfer("STOR file")
        data.sendall(b"content")
        close_cleanly(data)
        with self.assertRaises(EOFError):
            session.reply()
        self.assert_stored("file", b"content")

    def test_control_over_tls(self):
        session = self.connect(tls=True)
        self.proxy.on_control(CLOSE, skip=2)
        session.command("NOOP", 200)
        session.command("NOOP", 200)
        with self.assertRaises((EOFError, OSError)):
            session.command("NOOP")

    def test_refused(self):
        session = self.connect()
        for kind in ("control", "data"):
            self.proxy.refuse(kind)
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(self.proxy.address)
        with self.assertRaises(ConnectionRefusedError):
            session.open_data(session.passive())
        for kind in ("control", "data"):
            self.proxy.accept(kind)
        self.connect().command("NOOP", 200)

    def test_cut_all(self):
        session = self.connect()
        self.proxy.cut_all()
        with self.assertRaises(ConnectionResetError):
            session.command("NOOP")

    def test_rate(self):
        """Each connection has the rate for itself."""
        self.prepare("file", content("file", SIZE))
        self.proxy.rate = SIZE
        sessions = [self.connect() for _ in range(2)]
        begun = time.monotonic()
        streams = [session.transfer("RETR file") for session in sessions]
        for stream in streams:
            read_all(stream)
            stream.close()
        self.assertGreater(time.monotonic() - begun, 0.9)
        for passage in self.proxy.of_kind("data"):
            wait_until(lambda: passage.ended, "the connection has ended")
            self.assertEqual(passage.flowed[DOWN], SIZE)
            self.assertGreater(passage.ended - passage.begun, 0.9)

    def test_latency(self):
        self.prepare("file", content("file", SIZE))
        self.proxy.latency = 0.05
        session = self.connect()
        begun = time.monotonic()
        for _ in range(4):
            session.command("NOOP", 200)
        self.assertGreater(time.monotonic() - begun, 0.2)
        self.assert_same(session.retrieve("RETR file"), content("file", SIZE), "downloaded")
