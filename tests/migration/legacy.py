"""gantryd started with a vsftpd.conf as the COS FTP Server tool had it, in front of fake stores of the COS dialect.

Configurations are text, as people wrote them; @NAME@ in it stands for what a run decides (ports, endpoints).
"""

import contextlib
import itertools
import pathlib
import random
import re
import socket
import struct
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from ftp_wire import Connection, close_cleanly, read_all, wait_until  # noqa: E402,F401
from gantry import (  # noqa: E402,F401
    ACCESS_KEY, SECRET_KEY, Daemon, FakeStore, Gantry, Setup, cpu_seconds, free_port, memory_of, stop, stop_each,
)

PHOTOS, INVOICES = "photos-1250000001", "invoices-1250000002"
PART = 1 << 20        # of the usual server: min_part_size
LIMIT = 10_000_000    # of the usual server: single_file_max_size
SMALL, LARGE = 100_000, 6_000_000
START_LIMIT = 30      # seconds until gantryd has said what is wrong with a file
FOR_EVER = 100_000    # times of a rule for a fake store
FORBIDDEN = {"action": "error", "status": 403, "code": "AccessDenied", "times": FOR_EVER}
IMPATIENT = {"retry_deadline": "1500ms", "request_timeout": "1s", "connect_timeout": "1s"}

# Two people and three buckets' worth of habits: the same home_dir twice, a bucket shared by four accounts.
USUAL = """\
[COS_ACCOUNT_0]
cos_secretid = @ID@
cos_secretkey = @KEY@
cos_bucket = photos-1250000001
cos_region = ap-guangzhou
cos_protocol = http
cos_endpoint = @PHOTOS@
home_dir = @NOWHERE@/anna
ftp_login_user_name=anna
ftp_login_user_password=anna-pass
authority=RW
delete_enable=true

[COS_ACCOUNT_1]
cos_secretid = @ID@
cos_secretkey = @KEY@
cos_bucket = photos-1250000001
cos_region = ap-guangzhou
cos_protocol = http
cos_endpoint = @PHOTOS@
home_dir = @NOWHERE@/reader
ftp_login_user_name=reader
ftp_login_user_password=reader-pass
authority=R

[COS_ACCOUNT_2]
cos_secretid = @ID@
cos_secretkey = @KEY@
cos_bucket = photos-1250000001
cos_region = ap-guangzhou
cos_protocol = http
cos_endpoint = @PHOTOS@
home_dir = @NOWHERE@/writer
ftp_login_user_name=writer
ftp_login_user_password=writer-pass
authority=W

[COS_ACCOUNT_3]
cos_secretid = @ID@
cos_secretkey = @KEY@
cos_bucket = photos-1250000001
cos_region = ap-guangzhou
cos_protocol = http
cos_endpoint = @PHOTOS@
home_dir = @NOWHERE@/keeper
ftp_login_user_name=keeper
ftp_login_user_password=keeper-pass
authority=RW
delete_enable=false

[COS_ACCOUNT_4]
cos_secretid = @ID@
cos_secretkey = @KEY@
cos_bucket = invoices-1250000002
cos_region = ap-guangzhou
cos_protocol = http
cos_endpoint = @INVOICES@
home_dir = @NOWHERE@/anna
ftp_login_user_name=bert
ftp_login_user_password=bert-pass
authority=RW

[NETWORK]
listen_port = @PORT@
passive_port = 60000,65535

[FILE_OPTION]
single_file_max_size = 10000000

[OPTIONAL]
min_part_size       = 1048576
upload_thread_num   = 4
max_connection_num  = 0
log_level           = INFO
log_dir             = log
"""


def change(text, **values):
    """The text with other values for some keys, wherever they stand; None takes the line out."""
    for key, value in values.items():
        line = "" if value is None else f"{key} = {value}\n"
        text, count = re.subn(rf"(?m)^[ \t]*{key}[ \t]*=.*\n", lambda _, line=line: line, text)
        if not count:
            raise AssertionError(f"no {key} to change")
    return text


def check_file(path, *arguments):
    """What gantryd says about a file that it must not serve: (exit status, all of its output)."""
    done = subprocess.run(
        [Setup.program("src/gantryd/gantryd"), *arguments, "--config", str(path)], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=START_LIMIT, check=False, cwd=path.parent)
    return done.returncode, done.stdout.decode()


class Legacy(Daemon):
    """One gantryd on directory/conf/vsftpd.conf, as the tool's own directory looked."""

    def __init__(self, text=USUAL, encoding="utf-8", started=True):
        self.directory = Setup.directory("legacy")
        self.nowhere = self.directory / "nowhere"  # home_dir of the accounts; never made
        self.port = free_port()
        self.photos, self.invoices = FakeStore("cos", bucket=PHOTOS), FakeStore("cos", bucket=INVOICES)
        values = {"PORT": self.port, "ID": ACCESS_KEY, "KEY": SECRET_KEY, "NOWHERE": self.nowhere,
                  "PHOTOS": self.photos.endpoint.removeprefix("http://"),
                  "INVOICES": self.invoices.endpoint.removeprefix("http://")}
        for name, value in values.items():
            text = text.replace(f"@{name}@", str(value))
        self.config = self.directory / "conf" / "vsftpd.conf"
        self.config.parent.mkdir()
        self.config.write_bytes(text.encode(encoding))
        self.log_file = self.directory / "output"  # standard output and error
        self.process = None
        if started:
            self.start()

    def start(self):
        try:
            super().start()
        except BaseException:
            for store in self.stores_behind():
                store.stop()
            raise

    def stores_behind(self):
        return [self.photos, self.invoices]

    def stop_process(self):
        """Stops gantryd alone: start() goes on with the same stores."""
        status = stop(self.process)
        if status != 0:
            raise AssertionError(f"gantryd ended with {status}: {self.log()[-3000:]}")

    def end(self):
        """Ends it however it stands: with sessions that still wait for a store, a stop would wait for them."""
        if self.process:
            self.kill()
        for store in self.stores_behind():
            store.stop()

    def own_log(self):
        """The log file, where log_dir = log puts it."""
        file = self.directory / "log" / "gantryd.log"
        return file.read_text(errors="replace") if file.exists() else ""

    def log(self):
        return super().log() + self.own_log()

    def connect(self, user="anna", password=None):
        session = Connection(self.address)
        session.expect(220)
        session.login(user, password or f"{user}-pass")
        return session


class Servers:
    """Servers that several tests share, by configuration."""

    running = {}

    @classmethod
    def get(cls, text=USUAL):
        if text not in cls.running or cls.running[text].process.poll() is not None:
            cls.running[text] = Legacy(text)
        server = cls.running[text]
        for store in server.stores_behind():
            store.forgive()
        return server

    @classmethod
    def stop_all(cls):
        """Stops every server; returns what was wrong with any of them."""
        return stop_each(cls.running)


_names = itertools.count(1)


def content(size, seed=1):
    return random.Random(seed).randbytes(size)


def long(test):
    """Marks what a shortened run leaves out."""
    test.long = True
    return test


def permissions(line):
    """The letters of the perm fact (RFC 3659 section 7.5.5) in a line of MLSD."""
    return re.search(r"perm=([a-z]*);", line.lower()).group(1)


def reset(connection):
    """Ends it with RST instead of FIN."""
    plain = getattr(connection, "socket", connection)
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    plain.close()


class MigrationTest(unittest.TestCase):
    """Has a server of the usual configuration, shared with other tests, and a directory of its own in the bucket."""

    text = USUAL
    maxDiff = 2000

    def setUp(self):
        self.server = Servers.get(self.text)
        self.store = self.server.photos
        self.place = f"t{next(_names)}"
        self.store.put(self.place + "/", b"")

    def connect(self, user="anna", password=None):
        session = self.server.connect(user, password)
        self.addCleanup(session.close)
        return session

    def start(self, text, **options):
        """A server of the test's own."""
        server = Legacy(text, **options)
        self.addCleanup(server.end)
        return server

    def start_impatient(self, **options):
        """One that gives a failing store up soon, for which the old file has no keys."""
        server = Gantry("cos", store_settings=IMPATIENT, **options)
        self.addCleanup(server.stop)
        return server

    def connect_to(self, server):
        """A session of the user demo of a server that has another configuration."""
        session = Connection(server.address, timeout=120)
        self.addCleanup(session.close)
        session.expect(220)
        session.login()
        return session

    def path(self, name="file.bin"):
        return f"{self.place}/{name}"

    def upload(self, session, path, data, codes=226, verb="STOR"):
        """The last reply; a refusal before 150 counts as well."""
        channel = session.open_data(session.passive())
        answer = session.command(f"{verb} {path}")
        if answer.code == 150:
            with contextlib.suppress(OSError):  # the server refused the rest; its reply says why
                channel.sendall(data)
            close_cleanly(channel)
            answer = session.reply()
        channel.close()
        session.check(f"{verb} {path}", answer, codes)
        return answer

    def assert_stored(self, path, expected, store=None):
        stored = (store or self.store).object(path)
        self.assertEqual(None if stored is None else len(stored), None if expected is None else len(expected), path)
        self.assertTrue(stored == expected, f"{path}: other bytes of the same number")

    def assert_no_open_uploads(self, path):
        wait_until(lambda: not self.store.open_uploads(path), f"no multipart upload of {path} is open")

    def names(self, session, line="NLST"):
        return session.retrieve(line).decode("utf-8", "surrogateescape").splitlines()
