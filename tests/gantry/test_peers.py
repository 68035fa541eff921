"""The servers that the client is tested against: they run, and offer what tests/support/peers.py says of them."""

import subprocess

from ftp_wire import Connection, wait_until
from gantry import Setup, client_context
from harness import CLEAR, ClientTest, content, over
from peers import PEERS

# How to ask for what FEAT does not tell, and the codes of a server that has it.
ASKED = {"SITE CHMOD": ("SITE CHMOD 600 file", (200,)), "MLSD": ("MLST file", (250,)), "MFMT": ("MFMT 20200102030405 file", (213,)),
         "HASH": ("HASH file", (213,)), "XCRC": ("XCRC file", (250,)), "XMD5": ("XMD5 file", (250,)),
         "XSHA256": ("XSHA256 file", (250,)), "RANG": ("RANG 0 10", (350,)), "SIZE": ("SIZE file", (213,)),
         "MDTM": ("MDTM file", (213,)), "REST STREAM": ("REST 5", (350,))}


@over(*PEERS)
class Peers(ClientTest):
    without_client = True

    def connect(self):
        session = Connection(self.server.address)
        self.addCleanup(session.close)
        session.expect(220)
        return session

    def test_offers(self):
        self.prepare("file", b"0123456789")
        session = self.connect()
        session.login()
        session.command(f"CWD {self.place}", 250)
        found = {name for name, (line, codes) in ASKED.items() if session.command(line).code in codes}
        self.assertEqual(found, set(self.server.offers))

    def test_password_is_checked(self):
        session = self.connect()
        session.command("USER demo", 331)
        session.command("PASS wrong", 530)

    def curl(self, *words):
        # libcurl 7.88 resets TLS 1.3 connections at the end of uploads, and vsftpd then has lost the rest.
        options = ["--ssl-reqd", "--tls-max", "1.2"] if self.server_name not in CLEAR else []
        subprocess.run(["curl", "-sS", "--max-time", "60", "--cacert", Setup.certificate()[0], "-u", "demo:demo", *options,
                        *words], check=True, cwd=self.scratch, stdin=subprocess.DEVNULL)

    def test_up_and_down(self):
        source = self.scratch / "source"
        source.write_bytes(content("source", 1_000_000))
        url = f"ftp://{self.server.host}:{self.server.port}/{self.place}/a/file"
        self.curl("--ftp-create-dirs", "-T", source, url)
        self.assert_stored("a/file", source.read_bytes())
        self.curl("-o", "back", url)
        self.assert_same((self.scratch / "back").read_bytes(), source.read_bytes(), "downloaded")

    def test_tls(self):
        server = PEERS[self.server_name](tls=True)
        self.addCleanup(server.stop)
        session = Connection(server.address)
        self.addCleanup(session.close)
        session.expect(220)
        session.auth_tls(client_context())
        session.login()

    def test_stopped(self):
        server = PEERS[self.server_name]()
        session = Connection(server.address)
        self.addCleanup(session.close)
        server.stop()
        wait_until(lambda: session.at_end(), "its connections end with it")
