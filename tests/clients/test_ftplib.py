"""Python's ftplib, plain and with TLS; it never resumes TLS sessions on data connections."""

import ftplib
import io
import socket

from gantry import client_context, has_ipv6
from harness import ClientTest, for_stores
from trees import LEADING, MIB, NAMES, content


@for_stores("local", "memory", "s3", "cos", "rgw")
class Ftplib(ClientTest):
    def connect(self, tls=False, host="127.0.0.1"):
        if tls:
            session = ftplib.FTP_TLS(context=client_context(check_hostname=False), timeout=30, encoding="utf-8")
        else:
            session = ftplib.FTP(timeout=30, encoding="utf-8")
        session.connect(host, self.server.port)
        session.login("demo", "demo")
        if tls:
            session.prot_p()
        self.addCleanup(session.close)
        return session

    def in_place(self, **options):
        session = self.connect(**options)
        session.mkd(self.place)
        session.cwd(self.place)
        return session

    @staticmethod
    def get(session, name, rest=None):
        target = io.BytesIO()
        session.retrbinary(f"RETR {name}", target.write, rest=rest)
        return target.getvalue()

    def carry(self, session):
        data = content("ftplib", 2 * MIB + 5)
        session.storbinary("STOR file", io.BytesIO(data), blocksize=1 << 16)
        self.assertEqual(session.size("file"), len(data))
        self.assertEqual(self.get(session, "file"), data)
        self.assertEqual(self.get(session, "file", rest=MIB), data[MIB:])
        self.assertEqual(self.get(session, "file", rest=len(data)), b"")
        with self.assertRaisesRegex(ftplib.error_perm, "^554"):
            self.get(session, "file", rest=len(data) + 1)

    def test_plain(self):
        self.carry(self.in_place())

    def test_tls(self):
        self.carry(self.in_place(tls=True))

    def test_active(self):
        session = self.in_place()
        session.set_pasv(False)
        self.carry(session)

    def test_active_tls(self):
        session = self.in_place(tls=True)
        session.set_pasv(False)
        self.carry(session)

    def test_ipv6(self):
        if not has_ipv6():
            self.skipTest("this machine has no ::1")
        session = self.in_place(host="::1")
        self.carry(session)
        session.set_pasv(False)
        self.carry(session)

    def test_store_from_an_offset(self):
        session = self.in_place()
        data = content("rest", 300_000)
        session.storbinary("STOR file", io.BytesIO(data[:100_000]))
        session.storbinary("STOR file", io.BytesIO(data[100_000:]), rest=100_000)
        self.assertEqual(self.get(session, "file"), data)
        session.storbinary("APPE file", io.BytesIO(b"tail"))
        self.assertEqual(self.get(session, "file"), data + b"tail")
        with self.assertRaisesRegex(ftplib.error_perm, "^554"):
            session.storbinary("STOR file", io.BytesIO(b"x"), rest=10_000_000)

    def test_names_survive_mlsd_and_nlst(self):
        session = self.in_place(tls=True)
        names = [*NAMES, *LEADING]
        for name in names:
            session.storbinary(f"STOR {name}", io.BytesIO(name.encode()))
        facts = {name: fact for name, fact in session.mlsd() if fact["type"] == "file"}
        self.assertEqual(sorted(facts), sorted(names))
        for name in names:
            self.assertEqual(int(facts[name]["size"]), len(name.encode()))
            self.assertEqual(self.get(session, name), name.encode())
        listed = session.nlst()
        self.assertEqual(sorted(n for n in names if not n.startswith(".")), sorted(listed))
        for name in names:
            session.delete(name)
        self.assertEqual([name for name, fact in session.mlsd() if fact["type"] == "file"], [])

    def test_directories_and_renames(self):
        session = self.in_place()
        self.assertEqual(session.mkd('say "hi"'), f'/{self.place}/say "hi"')
        session.cwd('say "hi"')
        self.assertEqual(session.pwd(), f'/{self.place}/say "hi"')
        session.storbinary("STOR a", io.BytesIO(b"aa"))
        session.rename("a", "b")
        self.assertEqual(session.nlst(), ["b"])
        session.cwd("..")
        session.rename('say "hi"', "said")
        self.assertEqual(self.get(session, "said/b"), b"aa")
        with self.assertRaisesRegex(ftplib.error_perm, "^550"):
            session.rmd("said")
        session.delete("said/b")
        session.rmd("said")
        self.assertEqual(session.nlst(), [])

    def test_text_lines(self):
        session = self.in_place()
        session.storlines("STOR text", io.BytesIO(b"one\r\ntwo\r\nthree\r\n"))
        self.assertEqual(self.get(session, "text"), b"one\ntwo\nthree\n")
        lines = []
        session.retrlines("RETR text", lines.append)
        self.assertEqual(lines, ["one", "two", "three"])

    def test_abort_in_mid_download(self):
        for tls in (False, True):
            with self.subTest(tls=tls):
                session = self.connect(tls=tls)
                name = f"{self.place}-{tls}"
                session.storbinary(f"STOR {name}", io.BytesIO(bytes(24 * MIB)), blocksize=1 << 18)
                data = session.transfercmd(f"RETR {name}")
                data.recv(1000)
                # ftplib's abort() sends urgent data, which TLS has not.
                if tls:
                    session.putcmd("ABOR")
                    self.assertEqual(session.getmultiline()[:3], "426")
                else:
                    self.assertEqual(session.abort()[:3], "426")
                data.close()
                self.assertEqual(session.getresp()[:3], "226")
                self.assertEqual(session.voidcmd("NOOP")[:3], "200")
                session.delete(name)

    def test_unique_names(self):
        session = self.in_place()
        with session.transfercmd("STOU") as data:
            data.sendall(b"unique")
            data.shutdown(socket.SHUT_WR)
            self.assertEqual(session.getresp()[:3], "226")
        names = session.nlst()
        self.assertEqual(len(names), 1)
        self.assertEqual(self.get(session, names[0]), b"unique")
