"""Settings that change how transfers go: MODE Z, the masquerade address, the passive range, the size limit."""

import re
import zlib

from ftp_wire import Connection, close_cleanly, read_all
from gantry import Gantry
from harness import ClientTest, for_stores
from trees import content


@for_stores("memory")
class Modes(ClientTest):
    def session(self, server):
        connection = Connection(server.address)
        self.addCleanup(connection.close)
        connection.expect(220)
        connection.login()
        return connection

    def test_mode_z_up_and_down(self):
        data = content("mode z", 300_000) + b"a line that repeats\n" * 50_000
        with Gantry("memory", server={"mode_z": True}) as server:
            session = self.session(server)
            self.assertIn(" MODE Z", session.command("FEAT", 211).lines)
            session.command("MODE Z", 200)
            session.store("STOR z.bin", zlib.compress(data))
            self.assertEqual(zlib.decompress(session.retrieve("RETR z.bin")), data)
            self.assertIn(b"z.bin", zlib.decompress(session.retrieve("MLSD")))
            session.command("MODE S", 200)
            self.assertEqual(session.retrieve("RETR z.bin"), data)

    def test_a_cut_or_damaged_mode_z_stream_is_no_file(self):
        with Gantry("memory", server={"mode_z": True}) as server:
            session = self.session(server)
            session.command("MODE Z", 200)
            whole = zlib.compress(content("cut", 100_000))
            for broken in (whole[:-10], b"not zlib at all", whole + b"more"):
                session.store("STOR broken", broken, final=426)
                session.command("SIZE broken", 550)

    def test_masquerade_address_and_passive_range(self):
        settings = {"masquerade_address": "localhost", "passive_ports": "23400-23403"}
        with Gantry("memory", server=settings) as server:
            session = self.session(server)
            for _ in range(6):
                shown = session.command("PASV", 227).text
                numbers = [int(n) for n in re.search(r"\(([\d,]+)\)", shown).group(1).split(",")]
                self.assertEqual(numbers[:4], [127, 0, 0, 1])
                self.assertIn(numbers[4] * 256 + numbers[5], range(23400, 23404))
            data = session.open_data(session.passive("PASV"))
            session.command("LIST", 150)
            self.assertEqual(read_all(data), b"")
            close_cleanly(data)
            session.expect(226)

    def test_a_file_beyond_the_limit_is_refused_and_leaves_nothing(self):
        with Gantry("memory", transfer={"max_file_size": "100KiB"}) as server:
            session = self.session(server)
            session.command("ALLO 102401", 552)
            data = session.transfer("STOR large")
            try:
                data.sendall(b"x" * 102_401)
            except ConnectionError:
                pass
            data.close()
            session.expect(552)
            session.command("SIZE large", 550)
            session.store("STOR fits", b"x" * 102_400)
