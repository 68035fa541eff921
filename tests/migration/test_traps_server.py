"""The COS FTP Server tool's traps 16 and 17: what the network sees of the server, and how it takes its configuration."""

import contextlib
import re
import socket
import subprocess
import time

from ftp_wire import Connection
from gantry import client_context
from legacy import SECRET_KEY, USUAL, Legacy, MigrationTest, Setup, change, check_file, free_port, long, wait_until


def two_free_ports():
    """A pair of neighbours that nobody listens on."""
    while True:
        first = free_port()
        try:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", first + 1))
                return first
        except OSError:
            continue


class Network(MigrationTest):
    """16. Data goes to the client only, within the ports configured, privately where asked for."""

    def test_trap_16_foreign_addresses_are_refused(self):
        session = self.connect()
        for line in ("PORT 127,0,0,2,200,10", "PORT 10,0,0,1,200,10", "EPRT |1|127.0.0.2|51210|", "PORT 127,0,0,1,0,22"):
            self.assertIn(session.command(line).code, range(500, 505), line)

    def test_trap_16_strangers_get_no_data(self):
        self.store.put(self.path("secret.txt"), b"not for others")
        session = self.connect()
        address = session.passive("PASV")
        session.send(f"RETR {self.path('secret.txt')}\r\n")
        try:
            with socket.create_connection(address, 5, source_address=("127.0.0.2", 0)) as stranger:
                self.assertEqual(stranger.recv(100), b"")
        except ConnectionError:
            pass
        with session.open_data(address) as data:
            session.expect(150)
            self.assertEqual(data.recv(100), b"not for others")
        session.expect(226)

    def test_trap_16_passive_range_holds_its_last_port(self):
        first = two_free_ports()
        server = self.start(change(USUAL, passive_port=f"{first},{first + 1}"))
        one, other = server.connect(), server.connect()
        ports = {one.passive("PASV")[1], other.passive("EPSV")[1]}
        self.assertEqual(ports, {first, first + 1})

    def test_trap_16_one_port_means_up_to_65535(self):
        server = self.start(change(USUAL, passive_port="64000"))
        with server.connect() as session:
            for _ in range(10):
                self.assertIn(session.passive("PASV")[1], range(64000, 65536))

    def test_trap_16_masquerade_address_is_told(self):
        server = self.start(USUAL.replace("[NETWORK]\n", "[NETWORK]\nmasquerade_address = 127.0.0.9\n"))
        with server.connect() as session:
            self.assertEqual(session.passive("PASV")[0], "127.0.0.9")

    def test_trap_16_tls(self):
        cert, key = Setup.certificate()
        server = self.start(USUAL + f"\n[TLS]\ncertificate = {cert}\nkey = {key}\nrequired = true\n")
        with Connection(server.address) as session:
            session.expect(220)
            self.assertIn(session.command("USER anna").code, (421, 503, 522, 530, 534))
            session.auth_tls(client_context())
            session.login("anna", "anna-pass")
            session.protect()
            session.store("STOR private.bin", b"encrypted")
            self.assertEqual(session.retrieve("RETR private.bin"), b"encrypted")
        self.assertEqual(server.photos.object("private.bin"), b"encrypted")

    @long
    def test_trap_16_guessing_passwords_gets_slow(self):
        server = self.start(USUAL)
        refused, begun = 0, time.monotonic()
        while time.monotonic() - begun < 30 and refused < 8:
            with Connection(server.address, timeout=30) as session:
                session.expect(220)
                session.command("USER anna", 331)
                answer = session.command("PASS wrong", (421, 530))
                refused += 1
        # The first five are free; without a pause all eight would take no time at all.
        self.assertGreater(time.monotonic() - begun, 3)
        self.assertNotIn("anna-pass", answer.text)

    def test_trap_16_connection_ends_after_three_wrong_passwords(self):
        server = self.start(USUAL)
        with Connection(server.address) as session:
            session.expect(220)
            for _ in range(3):
                session.command("USER bert", 331)
                session.command("PASS wrong", (421, 530))
            self.assertTrue(session.at_end())

    def test_trap_16_hashed_passwords_work_in_the_old_file(self):
        done = subprocess.run([Setup.program("src/gantryd/gantryd"), "hash-password"], input=b"anna-pass\n",
                              stdout=subprocess.PIPE, check=True, timeout=60)
        server = self.start(USUAL.replace("password=anna-pass", "password=" + done.stdout.decode().strip()))
        with server.connect() as session:
            session.command("PWD", 257)


class Configuration(MigrationTest):
    """17. What is wrong is said; what is right counts; the log survives."""

    def setUp(self):
        pass

    def test_trap_17_wrong_values_do_not_fall_back(self):
        server = Legacy(change(USUAL, listen_port="21x", passive_port="high", authority="EVERYTHING"), started=False)
        self.addCleanup(server.end)
        status, output = check_file(server.config)
        self.assertEqual(status, 78)
        for key in ("listen_port", "passive_port", "authority"):
            self.assertRegex(output, rf"vsftpd\.conf:\d+:\d+: \S*{key}")
        self.assertNotIn(SECRET_KEY, output)

    def test_trap_17_unknown_keys_are_named(self):
        server = self.start(USUAL.replace("[OPTIONAL]\n", "[OPTIONAL]\nmax_conection_num = 7\n"))
        self.assertRegex(server.log(), r"warning: .*vsftpd\.conf:\d+:1: \S*max_conection_num.*max_connection_num")

    def test_trap_17_log_goes_on_after_a_restart(self):
        server = self.start(USUAL)
        with server.connect() as session:
            session.command("MKD before-the-restart", 257)
        wait_until(lambda: "before-the-restart" in server.own_log(), "the log has the first session")
        server.stop_process()
        before = server.own_log()
        server.start()
        with server.connect() as session:
            session.command("MKD after-the-restart", 257)
        wait_until(lambda: "after-the-restart" in server.own_log(), "the log has the second session")
        self.assertTrue(server.own_log().startswith(before), "the log of the first run is gone")

    def test_trap_17_log_dir_keeps_its_letters(self):
        server = self.start(change(USUAL, log_dir="Logs-Of-FTP"))
        self.assertTrue((server.directory / "Logs-Of-FTP" / "gantryd.log").exists())
        self.assertFalse((server.directory / "logs-of-ftp").exists())

    def test_trap_17_each_key_sets_what_it_names(self):
        text = change(USUAL, log_level="WARNING\nlog_rotate_enabled = true\nlog_rotate_when = H\nlog_backup_count = 7\n"
                      "max_list_file = 77", max_connection_num="33", upload_thread_num="3")
        server = Legacy(text, started=False)
        self.addCleanup(server.end)
        status, output = check_file(server.config, "--print-config")
        self.assertEqual(status, 0, output)
        for line in ('rotate = "hour"', "keep_files = 7", "max_list_entries = 77", "max_sessions = 33", 'level = "warning"',
                     "parts_in_flight = 3", 'part_size = "1MiB"', 'max_file_size = "10000000"',
                     f'listen = ["0.0.0.0:{server.port}"]', 'passive_ports = "60000-65535"'):
            self.assertRegex(output, "(?m)^" + re.escape(line) + "$")

    def test_trap_17_number_of_connections_is_the_one_given(self):
        server = self.start(change(USUAL, max_connection_num=2))
        second = []

        def connected():
            with contextlib.suppress(AssertionError):
                second.append(server.connect("bert"))
            return second

        with server.connect():
            # The connection that found the server ready may be counted for a moment more.
            wait_until(connected, "there is room for a second one")
            with second[0], Connection(server.address) as third:
                # Two more are greeted: they might be administrators, whom the old file does not know.
                third.expect(220)
                third.command("USER anna", 331)
                third.command("PASS anna-pass", 421)

    def test_trap_17_log_level_of_the_example_is_no_burden(self):
        """DEBUG wrote a line for each 64 KiB block; here it writes lines for commands and requests."""
        server = self.start(change(USUAL, log_level="DEBUG"))
        with server.connect() as session:
            before = len(server.own_log())
            session.store("STOR big.bin", bytes(8_000_000))
            session.retrieve("RETR big.bin")
            session.command("NOOP", 200)
        self.assertLess(len(server.own_log()) - before, 40_000)
