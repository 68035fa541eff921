"""The fake FTP server and its scenarios: each does to a client what it is there for."""

import ftplib
import socket
import ssl
import threading
import unittest

import hostile_server as hostile
from fake_ftp import FILES, FakeFtp
from ftp_wire import Connection, read_all
from gantry import client_context
from harness import content

ENOUGH = 32 << 20  # what buffers may swallow of an endless reply beyond what a client reads


class HostileServer(unittest.TestCase):
    without_client = True

    def start(self, session=None, **options):
        server = FakeFtp(session, **options)
        self.addCleanup(server.stop)
        return server

    def connect(self, session=None, login=True, **options):
        self.server = self.start(session, **options)
        connection = self.another()
        if login:
            connection.expect(220)
            connection.login()
        return connection

    def another(self):
        connection = Connection(self.server.address)
        self.addCleanup(connection.close)
        return connection

    # ---- the honest ground

    def test_honest(self):
        server = self.start()
        with ftplib.FTP() as client:
            client.connect(*server.address)
            client.login("demo", "demo")
            self.exercise(client)

    def test_honest_tls(self):
        server = self.start(hostile.with_tls())
        with ftplib.FTP_TLS(context=client_context()) as client:
            client.connect("localhost", server.port)
            client.login("demo", "demo")
            client.prot_p()
            self.exercise(client)

    def exercise(self, client):
        self.assertEqual({name for name, _ in client.mlsd()}, {"file", "directory"})
        received = bytearray()
        client.retrbinary("RETR file", received.extend, rest=5)
        self.assertTrue(received == FILES["/file"][5:])
        data = content("stored", 100_000)
        client.cwd("directory")
        with client.transfercmd("STOR new") as channel:
            channel.sendall(data)
            if isinstance(channel, ssl.SSLSocket):
                channel.unwrap()
        client.voidresp()
        self.assertEqual(client.size("new"), len(data))
        client.rename("new", "renamed")
        self.assertEqual(client.nlst(), ["inner", "renamed"])
        client.delete("renamed")

    # ---- addresses

    def test_pasv_elsewhere(self):
        canary = hostile.Canary()
        connection = self.connect(hostile.PasvElsewhere, canary=canary)
        host, port = connection.passive("PASV")
        self.assertEqual((host, port), (canary.host, canary.port))
        socket.create_connection((host, port)).close()
        data = connection.open_data((self.server.host, port))  # as a client does that distrusts the address
        connection.command("RETR file", 150)
        self.assertEqual(len(read_all(data)), len(FILES["/file"]))
        data.close()
        self.assertEqual(canary.stop(), 1)

    def test_said_as_it_is(self):
        for said in (*hostile.NONSENSE_229, *hostile.NONSENSE_227, *hostile.ODD_257, b"200 " + hostile.ESCAPES + b"\r\n"):
            connection = self.connect(hostile.saying(EPSV=said))
            connection.send("EPSV\r\n")
            self.assertEqual(connection.read_line() + "\r\n", said.decode("utf-8", "surrogateescape"))

    # ---- replies

    def test_without_end(self):
        for made in (hostile.one_long_line, hostile.endless_lines):
            connection = self.connect(hostile.saying(GREETING=made), login=False)
            for _ in range(100):
                connection.socket.recv(1 << 16)
            connection.close()
            self.server.stop()
            self.assertGreater(self.server.taken, 100_000)
            self.assertLess(self.server.taken, ENOUGH)

    def test_banner(self):
        connection = self.connect(hostile.saying(GREETING=hostile.banner()), login=False)
        self.assertEqual(len(connection.expect(220).lines), 101)

    def test_two_finals(self):
        connection = self.connect(hostile.two_finals("NOOP"))
        connection.command("NOOP", 200)
        connection.command("SYST", 550)

    def test_early_end(self):
        connection = self.connect(hostile.EarlyEnd)
        data = connection.transfer("RETR file")
        connection.expect(226)
        self.assertTrue(read_all(data) == FILES["/file"])
        data.close()

    def test_never_followed(self):
        connection = self.connect(hostile.NeverFollowed)
        data = connection.transfer("RETR file")
        data.settimeout(0.2)
        self.assertRaises(TimeoutError, data.recv, 1)
        data.close()

    def test_delayed(self):
        go = threading.Event()
        connection = self.connect(hostile.Delayed, login=False, go=go)
        connection.expect(120)
        go.set()
        connection.expect(220)

    def test_full(self):
        self.connect(hostile.full_for(2, 3))
        self.another().expect(421)
        self.another().expect(421)
        self.another().expect(220)

    def test_refused_login(self):
        for session, code in ((hostile.WantsAccount, 332), (hostile.RefusesLogin, 530)):
            connection = self.connect(session, login=False)
            connection.expect(220)
            connection.command("USER demo", 331)
            connection.command("PASS demo", code)

    def test_refused_upload(self):
        for code in (450, 452, 550, 552, 553):
            connection = self.connect(hostile.refusing("STOR", code, times=1))
            connection.command("STOR new", code)
            connection.store("STOR new", b"content")
            connection = self.connect(hostile.refusing("STOR", code, after_data=True))
            connection.store("STOR new", b"content", final=code)

    # ---- listings

    def test_evil_names(self):
        connection = self.connect(hostile.EvilNames)
        for verb in ("MLSD", "LIST"):
            listed = connection.retrieve(verb)
            for name in hostile.EVIL_NAMES:
                self.assertIn(b" " + name + b"\r\n", listed)

    def test_links(self):
        for session, verb in ((hostile.LinkThenInside, "LIST"), (hostile.LinkInMlsd, "MLSD")):
            connection = self.connect(session, target="/elsewhere")
            listed = connection.retrieve(verb)
            self.assertEqual((listed.count(b"/elsewhere"), listed.count(b" link")), (1, 2))
            self.assertIn(b"inside", connection.retrieve(f"{verb} link"))
            self.assertEqual(connection.retrieve("RETR link/inside"), b"inside")

    def test_odd_sizes(self):
        connection = self.connect(hostile.OddSizes)
        self.assertIn(b"size=9223372036854775808;", connection.retrieve("MLSD"))
        self.assertEqual(connection.command("SIZE size2", 213).text, "213 -1")

    def test_bottomless(self):
        connection = self.connect(hostile.Bottomless)
        for _ in range(50):
            connection.command("CWD d", 250)
        self.assertIn(b"type=dir", connection.retrieve("MLSD"))

    def test_huge_listing(self):
        connection = self.connect(hostile.huge_listing(12_345))
        self.assertEqual(connection.retrieve("MLSD").count(b"\r\n"), 12_345)

    # ---- files

    def test_other_length(self):
        for more in (7, -7):
            connection = self.connect(hostile.sending(more))
            size = int(connection.command("SIZE file", 213).text.split()[1])
            self.assertEqual(len(connection.retrieve("RETR file")), size + more)

    def test_changing_size(self):
        connection = self.connect(hostile.ChangingSize)
        self.assertNotEqual(connection.command("SIZE file", 213).text, connection.command("SIZE file", 213).text)

    def test_wrong_content(self):
        connection = self.connect(hostile.Corrupting)
        self.assertNotEqual(connection.retrieve("RETR file"), FILES["/file"])
        connection = self.connect(hostile.IgnoringRest)
        connection.command("REST 5", 350)
        self.assertEqual(connection.retrieve("RETR file"), FILES["/file"])
        connection = self.connect(hostile.Forgetting)
        connection.store("STOR new", b"content!")
        self.assertEqual(self.server.files["/new"], b"cont")

    def test_lying_hash(self):
        told = [self.connect(session).command("HASH file", 213).text.split()[3] for session in (None, hostile.LyingHash)]
        self.assertNotEqual(*told)

    # ---- TLS

    def test_no_tls(self):
        connection = self.connect(login=False)
        connection.expect(220)
        connection.command("AUTH TLS", 502)

    def test_certificates_refused(self):
        for cert in (hostile.other_name(), hostile.expired()):
            context = ssl.create_default_context(cafile=cert[0])
            connection = self.connect(hostile.with_tls(cert), login=False)
            connection.expect(220)
            with self.assertRaises(ssl.SSLCertVerificationError):
                connection.auth_tls(context)

    def test_certificate_changes(self):
        connection = self.connect(hostile.changing_certificate(), login=False)
        connection.expect(220)
        connection.auth_tls(client_context())
        later = self.another()
        later.expect(220)
        with self.assertRaises(ssl.SSLCertVerificationError):
            later.auth_tls(client_context())

    def test_other_certificate_for_data(self):
        connection = self.connect(hostile.other_certificate_for_data(), login=False)
        connection.expect(220)
        connection.auth_tls(client_context())
        connection.login()
        connection.protect()
        with self.assertRaises(ssl.SSLCertVerificationError):
            connection.transfer("RETR file", resume=False)

    def test_injected(self):
        connection = self.connect(hostile.injecting(), login=False)
        connection.expect(220)
        connection.command("AUTH TLS", 234)
        connection.expect(230)  # what a client must not believe
        connection.wrap(client_context())
        connection.login()

    def test_plain_after_auth(self):
        connection = self.connect(hostile.PlainAfterAuth, login=False)
        connection.expect(220)
        with self.assertRaises(ssl.SSLError):
            connection.auth_tls(client_context())


class Untouched(unittest.TestCase):
    """A problem of the fake server itself fails the test that uses it."""

    without_client = True

    def test_broken_scenario(self):
        server = FakeFtp(hostile.saying(SYST=5))
        connection = Connection(server.address)
        connection.expect(220)
        connection.send("SYST\r\n")
        self.assertTrue(connection.at_end())
        connection.close()
        server.join_sessions()
        self.assertRaises(AssertionError, server.stop)
