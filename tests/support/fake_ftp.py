"""A small honest FTP server over a tree in memory, in threads: the ground that hostile_server.py stands on.

Everybody may log in. What clients sent and how much they took is on record. A scenario is a Session that overrides what
it does wrong; do_VERB methods answer verbs.
"""

import contextlib
import hashlib
import posixpath
import socket
import ssl
import subprocess
import threading

from gantry import Setup

LIMIT = 60  # seconds that a thread here waits for a client
SOON = 10
FILES = {"/file": b"0123456789" * 10_000, "/directory/inner": b"inner"}


def certificate(label, names="DNS:localhost,IP:127.0.0.1", days=30):
    """Paths of one more self-made certificate and its key; `days` may be negative: expired."""
    base = Setup.scratch() / f"certificate-{label}"
    cert, key, request, extensions = (base.with_suffix(suffix) for suffix in (".pem", ".key", ".csr", ".ext"))
    if not cert.exists():
        extensions.write_text(f"subjectAltName={names}\n")
        for words in (["req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={label}", "-keyout", key, "-out", request],
                      ["x509", "-req", "-in", request, "-signkey", key, "-days", str(days), "-extfile", extensions, "-out",
                       cert]):
            subprocess.run(["openssl", *words], check=True, capture_output=True)
    return cert, key


def server_context(cert, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


class FakeFtp:
    """Listens on 127.0.0.1 from its making to stop(); `session` is the class that serves each connection."""

    host = "127.0.0.1"

    def __init__(self, session=None, **options):
        """`options`: attributes of each session."""
        self.session, self.options = session or Session, options
        self.files = dict(FILES)
        self.commands = []  # lines of all clients, as they came
        self.connections = 0
        self.taken = 0  # bytes that clients took of replies and data
        self.problems = []  # what went wrong in this server itself
        self._open, self._threads, self._stopping = set(), [], False
        self._listener = self.listen()
        self.port = self._listener.getsockname()[1]
        self._begin(self._accept_all)

    @property
    def address(self):
        return (self.host, self.port)

    @property
    def tls(self):
        """Does it offer TLS?"""
        return self.session.tls is not None

    def listen(self, host="127.0.0.1", port=0):
        return self.adopt(socket.create_server((host, port)))

    def adopt(self, connection):
        """Closed at the end at the latest."""
        connection.settimeout(LIMIT)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)  # so that `taken` is near the truth
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._open.add(connection)
        return connection

    def drop(self, connection):
        self._open.discard(connection)
        connection.close()

    def verbs(self):
        return [line.split(b" ")[0].decode("latin-1").upper() for line in self.commands]

    def log(self):
        return "\n".join(repr(line) for line in self.commands[-100:])

    def join_sessions(self):
        """Waits until the sessions have ended, with what they have to say of it."""
        for thread in self._threads[1:]:  # the first one accepts
            thread.join(LIMIT)

    def stop(self):
        """Raises what went wrong in a thread."""
        self._stopping = True
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            self.drop(connection)
        for thread in self._threads:
            thread.join(LIMIT)
        if self.problems:
            raise AssertionError("the fake server failed") from self.problems[0]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def _begin(self, function, *arguments):
        thread = threading.Thread(target=self._guarded, args=(function, *arguments), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _guarded(self, function, *arguments):
        try:
            function(*arguments)
        except (OSError, EOFError):
            pass  # the client has gone, or the test ends
        except Exception as problem:  # whatever it is, the test has to know
            if not self._stopping:
                self.problems.append(problem)

    def _accept_all(self):
        self._listener.settimeout(None)
        while True:
            connection, _ = self._listener.accept()
            self.connections += 1
            session = self.session(self, self.adopt(connection), self.connections)
            vars(session).update(self.options)
            self._begin(session.run)


class Session:
    """One control connection."""

    features = ("SIZE", "MDTM", "REST STREAM", "EPSV", "UTF8", "HASH SHA-256*", "MLST type*;size*;modify*;")
    greeting = b"220 ready\r\n"
    modified = "20200102030405"
    tls = None  # the SSLContext of a server that offers TLS

    def __init__(self, server, connection, number):
        self.server, self.connection, self.number = server, connection, number  # the first one is 1
        self.directory = "/"
        self.offset = 0
        self.private = False
        self.listener = None
        self.name = None  # of RNFR
        self._rest = b""

    def run(self):
        try:
            self.greet()
            while (line := self.read_line()) is not None:
                self.server.commands.append(line)
                verb, _, argument = line.partition(b" ")
                answer = getattr(self, "do_" + verb.decode("latin-1").upper(), None)
                if answer is None:
                    self.say("500 not known")
                elif answer(argument.decode("utf-8", "surrogateescape")) is False:
                    break
        finally:
            if self.listener:
                self.server.drop(self.listener)
            self.server.drop(self.connection)

    def greet(self):
        self.send(self.greeting)

    # ---- bytes

    def read_line(self):
        """Without its end; None when the client has closed."""
        while b"\n" not in self._rest:
            chunk = self.connection.recv(65536)
            if not chunk:
                return None
            self._rest += chunk
        line, _, self._rest = self._rest.partition(b"\n")
        return line.removesuffix(b"\r")

    def send(self, pieces):
        """Bytes, or an iterable of them."""
        self._feed(self.connection, pieces)

    def say(self, text):
        self.send(text.encode("utf-8", "surrogateescape") + b"\r\n")

    def _feed(self, connection, pieces):
        for piece in [pieces] if isinstance(pieces, bytes) else pieces:
            connection.sendall(piece)
            self.server.taken += len(piece)

    # ---- data connections

    def listen(self):
        if self.listener:
            self.server.drop(self.listener)
        self.listener = self.server.listen()
        return self.listener.getsockname()[1]

    def accept_data(self):
        self.listener.settimeout(SOON)
        connection, _ = self.listener.accept()
        if self.private:
            connection.settimeout(LIMIT)
            connection = self.tls.wrap_socket(connection, server_side=True)
        return self.server.adopt(connection)

    def end_data(self, connection):
        if self.private:
            with contextlib.suppress(OSError):
                connection = connection.unwrap()
        self.server.drop(connection)

    def send_data(self, pieces, final="226 done"):
        """The way of RETR and the listings."""
        self.say("150 here it comes")
        connection = self.accept_data()
        self._feed(connection, pieces)
        self.end_data(connection)
        self.say(final)

    def receive_data(self):
        self.say("150 send it")
        connection = self.accept_data()
        pieces = []
        while piece := connection.recv(1 << 16):
            pieces.append(piece)
        self.end_data(connection)
        return b"".join(pieces)

    # ---- the tree

    def path(self, argument):
        return posixpath.normpath(posixpath.join(self.directory, argument)) if argument else self.directory

    def content(self, path):
        """Of a file; None: there is none."""
        return self.server.files.get(path)

    def size(self, path):
        content = self.content(path)
        return None if content is None else len(content)

    def is_directory(self, path):
        return path == "/" or any(name.startswith(path + "/") for name in self.server.files)

    def entries(self, path):
        """(name, "file" or "dir", size) of all in a directory."""
        base = path.rstrip("/") + "/"
        below = [name.removeprefix(base) for name in self.server.files if name.startswith(base)]
        for name in sorted({name.split("/")[0] for name in below}):
            size = self.size(base + name)
            yield (name, "dir", 0) if size is None else (name, "file", size)

    def lines(self, verb, path):
        """The lines of a listing, as bytes without their ends."""
        for name, kind, size in self.entries(path):
            yield self.line(verb, name, kind, size)

    def line(self, verb, name, kind="file", size=0):
        raw = name if isinstance(name, bytes) else name.encode("utf-8", "surrogateescape")
        if verb == "MLSD":
            return f"type={kind};size={size};modify={self.modified}; ".encode() + raw
        if verb == "NLST":
            return raw
        return f"{'d' if kind == 'dir' else '-'}rw-r--r-- 1 ftp ftp {size} Jan  2  2020 ".encode() + raw

    def list(self, verb, argument):
        argument = argument if not argument.startswith("-") else ""
        self.send_data(line + b"\r\n" for line in self.lines(verb, self.path(argument)))

    # ---- verbs

    def do_AUTH(self, argument):
        if not self.tls:
            return self.say("502 no TLS here")
        self.say("234 go ahead")
        return self.start_tls()

    def start_tls(self):
        self.connection = self.server.adopt(self.tls.wrap_socket(self.connection, server_side=True))

    def do_PBSZ(self, argument):
        self.say("200 PBSZ=0")

    def do_PROT(self, argument):
        self.private = argument.upper() == "P"
        self.say("200 ok")

    def do_USER(self, argument):
        self.say("331 password")

    def do_PASS(self, argument):
        self.say("230 welcome")

    def do_FEAT(self, argument):
        lines = [*self.features, *(("AUTH TLS", "PBSZ", "PROT") if self.tls else ())]
        self.say("\r\n".join(["211-Features", *(f" {line}" for line in lines), "211 End"]))

    def do_PWD(self, argument):
        self.say('257 "{}"'.format(self.directory.replace('"', '""')))

    def do_CWD(self, argument):
        path = self.path(argument)
        if not self.is_directory(path):
            return self.say("550 no such directory")
        self.directory = path
        return self.say("250 ok")

    def do_CDUP(self, argument):
        self.do_CWD("..")

    def do_NOOP(self, argument):
        self.say("200 ok")

    do_TYPE = do_OPTS = do_CLNT = do_MODE = do_STRU = do_NOOP

    def do_SYST(self, argument):
        self.say("215 UNIX Type: L8")

    def do_QUIT(self, argument):
        self.say("221 bye")
        return False

    def do_EPSV(self, argument):
        self.say(f"229 here (|||{self.listen()}|)")

    def do_PASV(self, argument):
        port = self.listen()
        self.say(f"227 here (127,0,0,1,{port // 256},{port % 256})")

    def do_SIZE(self, argument):
        size = self.size(self.path(argument))
        self.say("550 no such file" if size is None else f"213 {size}")

    def do_MDTM(self, argument):
        self.say("550 no such file" if self.size(self.path(argument)) is None else f"213 {self.modified}")

    def do_MFMT(self, argument):
        self.say(f"213 Modify={argument.partition(' ')[0]}; ok")

    def do_HASH(self, argument):
        content = self.content(self.path(argument))
        if content is None:
            return self.say("550 no such file")
        return self.say(f"213 SHA-256 0-{len(content)} {hashlib.sha256(content).hexdigest()} {argument}")

    def do_MLST(self, argument):
        path = self.path(argument)
        size = self.size(path)
        if size is None and not self.is_directory(path):
            return self.say("550 nothing there")
        facts = f"type={'dir' if size is None else 'file'};size={size or 0};modify={self.modified}; {path}"
        return self.say(f"250-Listing\r\n {facts}\r\n250 End")

    def do_MLSD(self, argument):
        self.list("MLSD", argument)

    def do_LIST(self, argument):
        self.list("LIST", argument)

    def do_NLST(self, argument):
        self.list("NLST", argument)

    def do_REST(self, argument):
        self.offset = int(argument)
        self.say("350 go on")

    def do_RETR(self, argument):
        content, offset = self.content(self.path(argument)), self.offset
        self.offset = 0
        if content is None:
            return self.say("550 no such file")
        return self.send_data(content[offset:])

    def do_STOR(self, argument):
        path, offset = self.path(argument), self.offset
        self.offset = 0
        before = self.server.files.get(path, b"")[:offset]
        self.server.files[path] = before + self.receive_data()
        self.say("226 stored")

    def do_APPE(self, argument):
        self.offset = self.size(self.path(argument)) or 0
        self.do_STOR(argument)

    def do_DELE(self, argument):
        self.say("250 gone" if self.server.files.pop(self.path(argument), None) is not None else "550 no such file")

    def do_MKD(self, argument):
        self.say(f'257 "{self.path(argument)}"')

    def do_RNFR(self, argument):
        self.name = self.path(argument)
        self.say("550 no such file" if self.content(self.name) is None else "350 to where?")

    def do_RNTO(self, argument):
        self.server.files[self.path(argument)] = self.server.files.pop(self.name)
        self.say("250 renamed")


def wait_for_end(connection):
    """Until the client closes."""
    while connection.recv(65536):
        pass
