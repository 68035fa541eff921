"""Control connections byte by byte: sequences of clients that have no command line, ABOR, pipelines, abuse."""

import re
import socket
import time
from pathlib import Path

from ftp_wire import close_cleanly, read_all, wait_until
from gantry import PROMPT, client_context
from harness import ClientTest, Servers, for_stores
from trees import MIB, content

IAC, IP, DM = b"\xff", b"\xf4", b"\xf2"


@for_stores("local", "memory", "s3", "rgw")
class Control(ClientTest):
    def big_file(self, session):
        """A file that no pair of socket buffers swallows."""
        session.store(f"STOR {self.place}", bytes((16 if Servers.short else 64) * MIB))
        return self.place

    def test_filezilla_sequence(self):
        session = self.ftp(login=False)
        session.auth_tls(client_context())
        for line, code in (("USER demo", 331), ("PASS demo", 230), ("SYST", 215), ("FEAT", 211)):
            answer = session.command(line, code)
        features = {line.strip() for line in answer.lines[1:-1]}
        for feature in ("UTF8", "MDTM", "SIZE", "REST STREAM", "MFMT", "PBSZ", "PROT", "EPSV", "TVFS", "AUTH TLS"):
            self.assertIn(feature, features)
        self.assertTrue(any(re.match(r"MLST .*type\*;.*size\*;.*modify\*;", f) for f in features), features)
        self.assertTrue(all(line.startswith(" ") for line in answer.lines[1:-1]))
        for line in ("CLNT FileZilla", "OPTS UTF8 ON", "PBSZ 0", "PROT P"):
            session.command(line, 200)
        session.private = True
        session.command("PWD", 257)
        session.command(f"CWD /{self.place}", 550)
        session.command(f"MKD /{self.place}", 257)
        session.command(f"CWD /{self.place}", 250)
        session.command("TYPE I", 200)
        data = content("filezilla", 100_000)
        session.store("STOR up.bin", data, "PASV")
        session.command("MFMT 20200102030405 up.bin", 213)
        # A bucket's listing has no room for the time a client set; MDTM of the file knows it.
        time_fact = "20200102030405" if self.store in ("local", "memory") else r"\d{14}"
        listing = session.retrieve("MLSD", "PASV").decode()
        self.assertRegex(listing, rf"(?m)^\S*modify={time_fact};\S* up\.bin\r$")
        self.assertEqual(session.command("SIZE up.bin").text, "213 100000")
        self.assertEqual(session.command("MDTM up.bin").text[:18], "213 20200102030405")
        session.command("REST 50000", 350)
        self.assertEqual(session.retrieve("RETR up.bin", "PASV"), data[50000:])
        session.command("RNFR up.bin", 350)
        session.command("RNTO moved.bin", 250)
        session.command("DELE moved.bin", 250)
        session.command("CDUP", 250)
        session.command(f"RMD {self.place}", 250)
        session.command("QUIT", 221)
        self.assertTrue(session.at_end())

    def test_a_silent_control_connection_is_watched_over(self):
        session = self.ftp()
        server, client = session.socket.getpeername()[1], session.socket.getsockname()[1]

        def timer():
            """What the kernel waits for at the server's end: 2 is the next question whether the client is alive."""
            for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
                fields = line.split()
                if (fields[1][-4:], fields[2][-4:]) == (f"{server:04X}", f"{client:04X}"):
                    return int(fields[5][:2], 16)
        # Until the client has acknowledged the last reply, the kernel waits for that.
        wait_until(lambda: timer() == 2, "the timer of keep-alive")

    def test_winscp_and_others_negotiate(self):
        session = self.ftp(login=False)
        for line in ("OPTS UTF8 ON", "OPTS MLST type;size;modify;unix.mode;", "CSID Name=WinSCP;Version=6;", "HOST localhost",
                     "LANG", "NOOP"):
            self.assertIn(session.command(line).code, (200, 220))
        session.login()
        for line, code in (("OPTS REST STOR", 200), ("AVBL", (213, 550)), ("OPTS HASH SHA-256", 200), ("ALLO 100", 200),
                           ("STRU F", 200), ("MODE S", 200), ("HELP SITE", 214), ("SITE HELP", 214), ("STAT", 211)):
            session.command(line, code)

    def abort_mid_download(self, send):
        session = self.ftp()
        name = self.big_file(session)
        data = session.open_data(session.passive())
        session.command(f"RETR {name}", 150)
        data.recv(1)
        began = time.monotonic()
        send(session)
        session.expect(426)
        session.expect((225, 226))
        self.assertLess(time.monotonic() - began, PROMPT)
        data.close()
        session.command("NOOP", 200)
        session.command(f"DELE {name}", 250)

    def test_abor_while_client_does_not_read(self):
        self.abort_mid_download(lambda session: session.send("ABOR\r\n"))

    def test_abor_with_telnet_interrupt(self):
        self.abort_mid_download(lambda session: session.send(IAC + IP + IAC + DM + b"ABOR\r\n"))

    def test_abor_with_urgent_data_mark(self):
        def send(session):
            session.send(IAC + IP + IAC)
            session.socket.send(DM, socket.MSG_OOB)
            session.send(b"ABOR\r\n")

        self.abort_mid_download(send)

    def test_abor_wholly_urgent(self):
        self.abort_mid_download(lambda session: session.socket.send(b"ABOR\r\n", socket.MSG_OOB))

    def test_control_is_answered_during_a_transfer(self):
        session = self.ftp()
        name = self.big_file(session)
        data = session.open_data(session.passive())
        session.command(f"RETR {name}", 150)
        data.recv(1)
        for line, code in (("NOOP", 200), ("STAT", 211), ("NOOP", 200)):
            began = time.monotonic()
            session.command(line, code)
            self.assertLess(time.monotonic() - began, PROMPT)
        self.assertEqual(len(read_all(data)), (16 if Servers.short else 64) * MIB - 1)
        data.close()
        session.expect(226)
        session.command(f"DELE {name}", 250)

    def test_upload_cut_by_abor_leaves_nothing_visible_to_others(self):
        session = self.ftp()
        data = session.transfer(f"STOR {self.place}")
        data.sendall(content("cut", 9 * MIB))
        session.send("ABOR\r\n")
        session.expect(426)
        session.expect((225, 226))
        data.close()
        stored = self.server.stored()
        if stored is not None:
            self.assertNotIn(self.place, stored)
        session.command(f"DELE {self.place}", (250, 550))

    def test_client_that_vanishes_leaves_nothing(self):
        session = self.ftp()
        data = session.transfer(f"STOR {self.place}")
        data.sendall(content("gone", 2 * MIB))
        session.socket.close()
        data.close()
        other = self.ftp()

        def settled():
            return self.place not in (self.server.stored() or {})

        wait_until(lambda: other.command("NOOP").code == 200, "the server goes on")
        self.assertTrue(settled())

    def test_pipelined_commands_are_answered_in_order(self):
        session = self.ftp()
        session.send("NOOP\r\nPWD\r\nSYST\r\nTYPE A\r\nTYPE I\r\nNOOP\r\nFEAT\r\nNOOP\r\n")
        self.assertEqual([session.reply().code for _ in range(8)], [200, 257, 215, 200, 200, 200, 211, 200])

    def test_commands_in_single_bytes(self):
        session = self.ftp()
        for byte in b"NOOP\r\nPWD\r\n":
            session.send(bytes([byte]))
        self.assertEqual([session.reply().code for _ in range(2)], [200, 257])

    def test_long_line_is_refused_once_and_not_split(self):
        session = self.ftp()
        session.send(b"NOOP " + b"x" * 100_000 + b"\r\n")
        session.expect(500)
        session.command("NOOP", 200)

    def test_nul_and_bare_cr_are_refused(self):
        session = self.ftp()
        for line in (b"MKD a\0b\r\n", b"MKD a\rb\r\n"):
            session.send(line)
            session.expect((500, 501, 553))
        session.command("NOOP", 200)

    def test_web_request_ends_the_session(self):
        session = self.ftp(login=False)
        session.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.assertTrue(session.at_end())

    def test_stranger_on_the_passive_port_gets_nothing(self):
        session = self.ftp()
        session.store(f"STOR {self.place}", b"for the right client only")
        address = session.passive()
        session.send(f"RETR {self.place}\r\n")
        try:
            stranger = socket.create_connection(address, 5, source_address=("127.0.0.2", 0))
            stranger.settimeout(5)
            try:
                self.assertEqual(stranger.recv(100), b"")
            except ConnectionError:
                pass
            stranger.close()
        except ConnectionError:
            pass
        data = session.open_data(address)
        session.expect(150)
        self.assertEqual(read_all(data), b"for the right client only")
        data.close()
        session.expect(226)

    def test_active_mode_goes_to_the_client_only(self):
        session = self.ftp()
        for line in ("PORT 10,0,0,1,200,10", "PORT 127,0,0,2,200,10", "EPRT |1|10.0.0.1|51210|", "PORT 127,0,0,1,0,22",
                     "EPRT |1|127.0.0.1|22|"):
            self.assertIn(session.command(line).code, range(500, 505), line)

    def test_data_connection_broken_by_the_client(self):
        session = self.ftp()
        name = self.big_file(session)
        data = session.transfer(f"RETR {name}")
        data.recv(1000)
        data.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        data.close()
        session.expect(426)
        session.command("NOOP", 200)
        session.command(f"DELE {name}", 250)

    def test_quit_waits_for_the_transfer(self):
        session = self.ftp()
        session.store(f"STOR {self.place}", content("quit", 3 * MIB))
        data = session.transfer(f"RETR {self.place}")
        session.send("QUIT\r\n")
        self.assertEqual(read_all(data), content("quit", 3 * MIB))
        data.close()
        session.expect(226)
        session.expect(221)
        self.assertTrue(session.at_end())

    def test_a_failed_upload_keeps_the_old_file(self):
        session = self.ftp()
        old = content("old", 100_000)
        session.store(f"STOR {self.place}", old)
        data = session.transfer(f"STOR {self.place}")
        data.sendall(content("new", 50_000))
        session.send("ABOR\r\n")
        session.expect(426)
        session.expect((225, 226))
        data.close()
        stored = self.server.stored()
        if stored is not None:
            self.assertEqual(stored[self.place], len(old))

    def test_upload_and_download_by_two_sessions_at_once(self):
        first, second = self.ftp(), self.ftp()
        old, new = content("old", 5 * MIB), content("new", 5 * MIB)
        first.store(f"STOR {self.place}", old)
        up = first.transfer(f"STOR {self.place}")
        up.sendall(new[: 3 * MIB])
        self.assertEqual(second.retrieve(f"RETR {self.place}"), old)
        up.sendall(new[3 * MIB :])
        close_cleanly(up)
        first.expect(226)
        self.assertEqual(second.retrieve(f"RETR {self.place}"), new)

    def test_what_another_session_made_is_seen_at_once(self):
        # A mirror with several connections lists with one, makes directories with another and enters them with a third.
        first, second = self.ftp(), self.ftp()
        first.command(f"MKD {self.place}", 257)
        first.retrieve(f"MLSD {self.place}")
        second.command(f"MKD {self.place}/new", 257)
        second.store(f"STOR {self.place}/file", b"12345")
        first.command(f"CWD {self.place}/new", 250)
        self.assertEqual(first.command("SIZE ../file").text, "213 5")
