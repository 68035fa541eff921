"""TLS on control and data connections: what must be refused, and where data could be lost."""

import ssl
import warnings

from ftp_wire import Connection, close_cleanly, read_all
from gantry import Gantry, client_context
from harness import ClientTest, Servers, for_stores
from trees import MIB, content


class Explicit(ClientTest):
    """Helpers for sessions that begin in clear."""

    def session(self, server=None, **options):
        context = client_context(**options)
        session = Connection((server or self.server).address)
        self.addCleanup(session.close)
        session.expect(220)
        session.auth_tls(context)
        session.login()
        session.protect()
        return session


@for_stores("local", "s3", "rgw")
class TlsTransfers(Explicit):
    def fifty_transfers(self, version):
        session = self.session(minimum_version=version, maximum_version=version)
        data = content("fifty", 30_000)
        for i in range(25):
            session.store(f"STOR {self.place}", data[: 1000 * (i + 1)])
            self.assertEqual(session.retrieve(f"RETR {self.place}"), data[: 1000 * (i + 1)])

    def test_fifty_transfers_tls_1_2(self):
        self.fifty_transfers(ssl.TLSVersion.TLSv1_2)

    def test_fifty_transfers_tls_1_3(self):
        self.fifty_transfers(ssl.TLSVersion.TLSv1_3)

    def test_upload_without_close_notify_is_not_a_file(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version=version):
                session = self.session(minimum_version=version, maximum_version=version)
                name = f"{self.place}-{version.name}"
                data = session.transfer(f"STOR {name}")
                data.sendall(content("cut", 300_000))
                data.close()  # FIN, but no close_notify: anybody on the way could have sent it
                session.expect(426)
                stored = self.server.stored()
                if stored is not None:
                    self.assertNotIn(name, stored)

    def test_upload_by_a_client_that_closes_without_reading(self):
        # It writes, says close_notify and closes at once: an unread ticket would turn the close into a reset.
        session = self.session()
        for i in range(15):
            data = session.transfer(f"STOR {self.place}")
            data.sendall(content("hasty", 100_000 + i))
            data.setblocking(False)
            try:
                data.unwrap()
            except ssl.SSLWantReadError:
                pass
            data.close()
            session.expect(226)
            self.assertEqual(session.command(f"SIZE {self.place}").text, f"213 {100_000 + i}")

    def test_download_ends_with_close_notify(self):
        session = self.session()
        session.store(f"STOR {self.place}", content("end", 3 * MIB))
        data = session.transfer(f"RETR {self.place}")
        received = read_all(data)  # raises on an end without close_notify
        close_cleanly(data)
        session.expect(226)
        self.assertEqual(received, content("end", 3 * MIB))


@for_stores("local")
class TlsRules(Explicit):
    def test_plaintext_after_auth_is_never_executed(self):
        session = Connection(self.server.address)
        self.addCleanup(session.close)
        session.expect(220)
        session.send(b"AUTH TLS\r\nUSER demo\r\nNOOP\r\n")
        session.expect(234)
        self.assertEqual(session.buffer, b"")
        try:
            session.wrap(client_context())
        except (ssl.SSLError, ConnectionError):
            return  # the injected bytes broke the handshake: nothing was executed either
        # Were USER executed, there would be a reply in the way, and PASS would be accepted.
        session.command("PASS demo", 503)
        session.command("NOOP", 200)

    def test_foreign_alpn_is_refused(self):
        context = client_context()
        context.set_alpn_protocols(["http/1.1"])
        for implicit in (False, True):
            with self.subTest(implicit=implicit), self.assertRaises((ssl.SSLError, ConnectionError)):
                if implicit:
                    session = Connection((self.server.host, self.server.tls_port), context=context)
                    self.addCleanup(session.close)
                else:
                    session = Connection(self.server.address)
                    self.addCleanup(session.close)
                    session.expect(220)
                    session.auth_tls(context)

    def test_ftp_alpn_is_chosen(self):
        context = client_context()
        context.set_alpn_protocols(["x-filezilla-ftp", "ftp"])
        session = Connection(self.server.address)
        self.addCleanup(session.close)
        session.expect(220)
        session.auth_tls(context)
        self.assertEqual(session.socket.selected_alpn_protocol(), "ftp")

    def test_old_versions_are_refused(self):
        context = client_context()
        context.set_ciphers("DEFAULT@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        session = Connection(self.server.address)
        self.addCleanup(session.close)
        session.expect(220)
        with self.assertRaisesRegex(ssl.SSLError, "(?i)alert|protocol"):
            session.auth_tls(context)

    def test_current_versions_are_spoken(self):
        for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
            session = self.session(minimum_version=version, maximum_version=version)
            self.assertEqual(session.socket.version(), name)

    def test_order_of_security_commands(self):
        session = Connection(self.server.address)
        self.addCleanup(session.close)
        session.expect(220)
        session.command("PBSZ 0", 503)
        session.command("PROT P", 503)
        session.command("AUTH KERBEROS_V4", 504)
        session.command("AUTH", 501)
        session.command("CCC", 533)
        session.auth_tls(client_context())
        session.command("AUTH TLS", (503, 534))
        session.command("PROT P", 503)
        session.command("PBSZ x", 501)
        session.command("PBSZ 0", 200)
        session.command("PROT E", 536)
        session.command("PROT X", 504)
        session.command("PROT p", 200)
        session.command("CCC", (533, 534))
        session.command("NOOP", 200)

    def test_clear_bytes_on_a_private_data_connection(self):
        session = self.session()
        data = session.open_data(session.passive())
        session.command(f"STOR {self.place}", 150)
        data.sendall(b"in clear " * 100)
        data.close()
        self.assertIn(session.reply().code, (425, 426, 522))
        session.command("NOOP", 200)
        session.command(f"SIZE {self.place}", 550)

    def test_half_a_hello_does_not_stop_others(self):
        slow = Connection(self.server.address)
        self.addCleanup(slow.close)
        slow.expect(220)
        slow.command("AUTH TLS", 234)
        slow.send(b"\x16\x03\x01\x02\x00\x01")
        session = self.session()
        session.store(f"STOR {self.place}", b"meanwhile")
        self.assertEqual(session.retrieve(f"RETR {self.place}"), b"meanwhile")


@for_stores("memory")
class TlsPolicies(Explicit):
    def setUp(self):
        self.place = Servers.fresh_name("policy")

    def test_tls_can_be_required(self):
        with Gantry("memory", tls={"required": True}) as server:
            self.server = server
            with Connection(server.address) as clear:
                clear.expect(220)
                clear.command("USER demo", 530)
                clear.command("FEAT", 211)
            session = Connection(server.address)
            self.addCleanup(session.close)
            session.expect(220)
            session.auth_tls(client_context())
            session.login()
            session.passive()
            session.command("LIST", 521)
            session.protect()
            session.command("PROT C", 534)
            session.store("STOR file", b"private")
            session.close()

    def test_session_reuse_can_be_required(self):
        with Gantry("memory", tls={"session_reuse": "require"}) as server:
            self.server = server
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                with self.subTest(version=version.name):
                    session = self.session(server, minimum_version=version, maximum_version=version)
                    for i in range(10):
                        session.store("STOR file", b"x" * (i + 1))
                    data = session.open_data(session.passive())
                    session.command("RETR file", 150)
                    try:
                        private = session.wrap_data(data, resume=False)
                        self.assertEqual(private.recv(10), b"")
                    except (ssl.SSLError, ConnectionError):
                        pass
                    self.assertIn(session.reply().code, (425, 522))
                    session.command("NOOP", 200)
                    session.close()
