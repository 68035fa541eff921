"""What evil or broken servers do to clients, one class (or maker of classes) each, to be given to FakeFtp.

    with FakeFtp(changing_size()) as server: ...

Each is honest in everything but what it is about. What is said without end is made as it is sent: `FakeFtp.taken` tells
how much of it the client took. Each docstring says what a client must not let happen, where it is not plain.
"""

import hashlib
import itertools
import socket
import threading

from fake_ftp import LIMIT, FakeFtp, Session, certificate, server_context, wait_for_end
from gantry import Setup, free_port

GIB = 1 << 30


def saying(**answers):
    """Answers these verbs (GREETING: the connection itself) with these bytes, or an iterable of pieces that a function
    makes, and goes on; nothing is added to them."""

    def answer(said):
        return lambda self, _="": self.send(said() if callable(said) else said)

    return type("Saying", (Session,), {"greet" if verb == "GREETING" else "do_" + verb: answer(said)
                                       for verb, said in answers.items()})


# ---- addresses


class Canary:
    """Listens where no client may come, on 127.0.0.3, and counts who does."""

    host = "127.0.0.3"

    def __init__(self):
        self._came = 0
        self._last = None
        self._listener = socket.create_server((self.host, free_port()))  # a port that 127.0.0.1 has free too
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self):
        while True:
            connection, address = self._listener.accept()
            connection.close()
            if address == self._last:
                return
            self._came += 1

    def stop(self):
        """Returns how many came. Comes itself, last: who is still in the listener's queue is ahead of it."""
        with socket.socket() as last:
            last.bind((self.host, 0))
            self._last = last.getsockname()
            last.connect((self.host, self.port))
            self._thread.join(LIMIT)
        self._listener.close()
        return self._came


class PasvElsewhere(Session):
    """The option `canary` is where PASV points; the server itself listens on the same port, and refuses EPSV. A client
    goes there or nowhere."""

    features = ("SIZE", "PASV")
    canary = None

    def do_EPSV(self, argument):
        self.say("500 not known")

    def do_PASV(self, argument):
        if not self.listener:
            self.listener = self.server.listen(port=self.canary.port)
        numbers = [*self.canary.host.split("."), str(self.canary.port // 256), str(self.canary.port % 256)]
        self.say(f"227 there ({','.join(numbers)})")


class EpsvElsewhere(PasvElsewhere):
    """An address in 229, which RFC 2428 leaves empty."""

    def do_EPSV(self, argument):
        self.say(f"229 there (|1|{self.canary.host}|{self.canary.port}|)")


NONSENSE_229 = (b"229 no brackets\r\n", b"229 (|||0|)\r\n", b"229 (|||65536|)\r\n", b"229 (|||-1|)\r\n", b"229 (|||80\r\n",
                b"229 ()\r\n", b"229 (||||)\r\n", b"229 (|||" + b"9" * 10_000 + b"|)\r\n", b"229 (|||1e3|)\r\n",
                b"229 (|||\x00|)\r\n")
NONSENSE_227 = (b"227 no brackets\r\n", b"227 (1,2,3)\r\n", b"227 (256,0,0,1,1,1)\r\n", b"227 (127,0,0,1,999,1)\r\n",
                b"227 (127,0,0,1,0,0)\r\n", b"227 (" + b"1," * 5_000 + b")\r\n")
ODD_257 = (b'257 "unclosed\r\n', b"257 no quotes\r\n", b'257 ""\r\n', b'257 "relative"\r\n', b'257 "/../.."\r\n',
           b'257 "/a""b"\r\n', b'257 "\r\n', b'257 "/nul\x00here"\r\n', b'257 "/\x1b[2J"\r\n', b'257 "/' + b"x" * 100_000 + b'"\r\n')


# ---- replies

ESCAPES = b"\x1b[2J\x1b]0;owned\x07\x00\x08\x7f\x9b31m\r"  # clears the screen, sets the title, goes back


def one_long_line(code=b"220 ", size=GIB):
    """A line of a GiB, then its end."""
    return itertools.chain([code], itertools.repeat(b"x" * (1 << 16), size >> 16), [b"\r\n"])


def endless_lines(code=b"220", size=GIB):
    """Lines that go on and never end, a GiB of them."""
    lines = (code + b"-there is more\r\n") * 4096
    return itertools.repeat(lines, size // len(lines))


def banner(lines=100):
    """A greeting of so many lines, which is legal."""
    return b"".join(b"220-line %d\r\n" % number for number in range(lines)) + b"220 ready\r\n"


def two_finals(verb, first=b"200 ok\r\n", second=b"550 no\r\n"):
    """Two answers at once: the second must not pass for the answer to the next command."""
    return saying(**{verb: first + second})


class EarlyEnd(Session):
    """226 before the first byte of data, of which all then comes."""

    def send_data(self, pieces, final=None):
        self.say("150 here it comes")
        connection = self.accept_data()
        self.say("226 done")
        self._feed(connection, pieces)
        self.end_data(connection)


class NeverFollowed(Session):
    """150, and then nothing more, for as long as the client stays."""

    def send_data(self, pieces, final=None):
        self.say("150 here it comes")
        connection = self.accept_data()
        wait_for_end(self.connection)
        self.end_data(connection)

    def receive_data(self):
        self.send_data(())
        return b""


class Delayed(Session):
    """120 first; 220 when the option `go`, a threading.Event, is set."""

    go = None

    def greet(self):
        self.say("120 ready in a minute")
        if self.go.wait(LIMIT):
            self.say("220 ready")


def full_for(first=1, last=1):
    """421 for the connections with these numbers."""

    class Full(Session):
        def run(self):
            if not first <= self.number <= last:
                super().run()
                return
            self.say("421 too many connections")
            self.server.drop(self.connection)

    return Full


class WantsAccount(Session):
    """332: needs ACCT, which the client does not have."""

    def do_PASS(self, argument):
        self.say("332 which account?")


class RefusesLogin(Session):
    def do_PASS(self, argument):
        self.say("530 no")


def refusing(verb, code, text="no", after_data=False, times=None):
    """Refuses a transfer command with this code, before the data or after having taken it; `times`: only so often."""
    turns = itertools.count() if times is None else iter(range(times))

    def answer(self, argument):
        if next(turns, None) is None:
            return getattr(Session, "do_" + verb)(self, argument)
        if after_data:
            self.receive_data()
        return self.say(f"{code} {text}")

    return type("Refusing", (Session,), {"do_" + verb: answer})


# ---- listings

EVIL_NAMES = (
    b"../escaped", b"../../escaped", b"/tmp/absolute", b"a/../../escaped", b"sub/file", b"..", b".", b"..\\escaped",
    b"C:\\windows", b"|touch owned", b"-rf", b"--help", b"~root", b"$(touch owned)", b"`touch owned`", b"nul\x00byte",
    b"bell\x07", b"\x1b[2Jcleared", b"carriage\rreturn", b"tab\tname", b"\x7fdelete", b"\xff\xfe not utf-8", b" ", b"x" * 300,
    b"x" * 100_000, "\u202egpj.exe".encode(), "c1\u009b31m".encode(),
)


class EvilNames(Session):
    """Every name of EVIL_NAMES, and "good", each a file with the same content. Nothing may be written outside the target
    directory, or reach the terminal as it is."""

    def content(self, path):
        return None if self.is_directory(path) else b"evil"

    def lines(self, verb, path):
        for name in (*EVIL_NAMES, b"good"):
            yield self.line(verb, name, "file", 4)


class LinkThenInside(Session):
    """A symbolic link to the option `target`, and a directory of the same name with a file in it: what follows the link
    that it made writes "inside" there."""

    target = "/tmp"
    features = tuple(one for one in Session.features if not one.startswith("MLST"))

    def content(self, path):
        return b"inside" if path.endswith("/link/inside") else None

    def is_directory(self, path):
        return True

    def lines(self, verb, path):
        if path.endswith("/link"):
            yield self.line(verb, "inside", "file", 6)
            return
        if verb == "LIST":
            yield b"lrwxrwxrwx 1 ftp ftp 4 Jan  2  2020 link -> " + self.target.encode()
        else:
            yield f"type=OS.unix=slink:{self.target};size=4;modify={self.modified}; link".encode()
        yield self.line(verb, "link", "dir")


class LinkInMlsd(LinkThenInside):
    features = Session.features


ODD_SIZES = (str(1 << 63), str((1 << 64) + 5), "-1", "1e9", "", "0x10", "9" * 1000)


class OddSizes(Session):
    """MLSD and SIZE claim every size of ODD_SIZES, for the files size0, size1, ...; the content is four bytes."""

    def content(self, path):
        return b"four"

    def size(self, path):
        number = path.rpartition("size")[2]
        return ODD_SIZES[int(number)] if number.isdigit() and int(number) < len(ODD_SIZES) else None

    def entries(self, path):
        return [(f"size{number}", "file", size) for number, size in enumerate(ODD_SIZES)]


class Bottomless(Session):
    """Every directory holds "d", a directory: a client must stop at some depth and say so."""

    def content(self, path):
        return None

    def is_directory(self, path):
        return True

    def entries(self, path):
        return [("d", "dir", 0)]


def huge_listing(count=10_000_000):
    """A directory of so many files."""

    class Huge(Session):
        def lines(self, verb, path):
            batch = 1000
            for first in range(0, count, batch):
                yield b"\r\n".join(self.line(verb, f"file-{number}") for number in range(first, min(first + batch, count)))

    return Huge


# ---- files


def sending(more):
    """RETR sends that many bytes more than SIZE says, or fewer."""

    class Sending(Session):
        def send_data(self, pieces, final="226 done"):
            if isinstance(pieces, bytes):
                pieces = pieces + bytes(more) if more >= 0 else pieces[:more]
            super().send_data(pieces, final)

    return Sending


class RefusingMidway(Session):
    """RETR sends half of the file, and then says that it does not know how."""

    def send_data(self, pieces, final="226 done"):
        if isinstance(pieces, bytes) and final.startswith("226"):
            pieces, final = pieces[:len(pieces) // 2], "502 not implemented"
        super().send_data(pieces, final)


class ChangingSize(Session):
    """Every question for a size is answered with another one: one byte more each time."""

    _asked = itertools.count(1)

    def size(self, path):
        size = super().size(path)
        return None if size is None else size + next(self._asked)


class LyingHash(Session):
    """A well-formed SHA-256 of something else."""

    def do_HASH(self, argument):
        size = self.size(self.path(argument))
        self.say(f"213 SHA-256 0-{size} {hashlib.sha256(b'something else').hexdigest()} {argument}")


class Corrupting(Session):
    """The last byte of each download is another one; SIZE and HASH are right."""

    def send_data(self, pieces, final="226 done"):
        if isinstance(pieces, bytes) and pieces:
            pieces = pieces[:-1] + bytes([pieces[-1] ^ 1])
        super().send_data(pieces, final)


class Forgetting(Session):
    """226 for an upload of which it keeps the first half."""

    def receive_data(self):
        data = super().receive_data()
        return data[:len(data) // 2]


class IgnoringRest(Session):
    """350 to REST, and then RETR sends from the beginning."""

    def do_REST(self, argument):
        self.say("350 go on")


# ---- TLS


def with_tls(cert=None, base=Session):
    """Honest TLS with a certificate: (certificate, key); the default is the one that clients trust here."""
    return type("WithTls", (base,), {"tls": server_context(*(cert or Setup.certificate()))})


def other_name():
    """The certificate's paths: for another host, otherwise good."""
    return certificate("other", "DNS:elsewhere.example")


def expired():
    return certificate("expired", days=-1)


class Injecting(Session):
    """Plain text right behind the 234, in the same segment: replies that an attacker wants believed as if they had come
    through TLS."""

    injected = b"230 you are logged in\r\n"

    def do_AUTH(self, argument):
        self.send(b"234 go ahead\r\n" + self.injected)
        self.start_tls()


def injecting():
    return with_tls(base=Injecting)


class PlainAfterAuth(Session):
    """234, and then no TLS but more plain text."""

    def do_AUTH(self, argument):
        self.say("234 go ahead")
        if self.connection.recv(65536):
            self.say("220 who needs TLS?")


def changing_certificate():
    """The certificate of the first connection is the one that clients trust; later ones have another, self-made."""
    contexts = [server_context(*Setup.certificate()), server_context(*certificate("later"))]

    class Changing(Session):
        def do_AUTH(self, argument):
            self.tls = contexts[0 if self.number == 1 else 1]
            super().do_AUTH(argument)

    Changing.tls = contexts[0]
    return Changing


def other_certificate_for_data():
    """Data connections show another certificate than the control connection."""
    other = server_context(*certificate("data"))

    class ForData(with_tls()):
        def accept_data(self):
            mine, self.tls = self.tls, other
            try:
                return super().accept_data()
            finally:
                self.tls = mine

    return ForData

