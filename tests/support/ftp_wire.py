"""FTP as bytes on sockets: for tests that must see and send exactly what is on the wire."""

import re
import socket
import ssl
import time


class Reply:
    def __init__(self, code, lines):
        self.code, self.lines = code, lines
        self.text = "\n".join(lines)

    def __repr__(self):
        return f"<{self.text}>"


class Connection:
    """A control connection. Every read has the time limit given at the start."""

    def __init__(self, address, timeout=20, context=None, source=None):
        self.timeout = timeout
        self.socket = socket.create_connection(address, timeout, source_address=source)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.peer = address
        self.buffer = b""
        self.context = None
        self.private = False  # data connections are wrapped in TLS
        if context:
            self.wrap(context)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    # ---- lines and replies

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode("utf-8", "surrogateescape"))

    def read_line(self):
        """The next line without its end; EOFError when the server closed."""
        while b"\n" not in self.buffer:
            chunk = self.socket.recv(65536)
            if not chunk:
                raise EOFError(f"connection closed after {self.buffer!r}")
            self.buffer += chunk
        line, _, self.buffer = self.buffer.partition(b"\n")
        if not line.endswith(b"\r"):
            raise AssertionError(f"line without CR: {line!r}")
        return line[:-1].decode("utf-8", "surrogateescape")

    def reply(self):
        lines = [self.read_line()]
        if not re.match(r"\d{3}[ -]", lines[0]):
            raise AssertionError(f"not a reply: {lines[0]!r}")
        code = lines[0][:3]
        if lines[0][3] == "-":
            while not lines[-1].startswith(code + " "):
                lines.append(self.read_line())
        return Reply(int(code), lines)

    def command(self, line, expect=None):
        """Sends one line, returns its reply; a code or a tuple of codes is checked."""
        self.send(line + "\r\n")
        answer = self.reply()
        if expect is not None:
            self.check(line, answer, expect)
        return answer

    def expect(self, codes):
        answer = self.reply()
        self.check("(reply)", answer, codes)
        return answer

    @staticmethod
    def check(line, answer, codes):
        codes = codes if isinstance(codes, tuple) else (codes,)
        if answer.code not in codes:
            raise AssertionError(f"{line!r} was answered {answer!r}, not {codes}")

    def at_end(self, limit=5):
        """True when the server closes within the limit, whatever it says before."""
        self.socket.settimeout(limit)
        try:
            while self.socket.recv(4096):
                pass
            return True
        except (ConnectionError, ssl.SSLError):
            return True
        except TimeoutError:
            return False

    # ---- login and TLS

    def wrap(self, context, session=None):
        self.context = context
        self.socket = context.wrap_socket(self.socket, server_hostname="localhost", session=session)

    def auth_tls(self, context):
        self.command("AUTH TLS", 234)
        self.wrap(context)

    def protect(self):
        self.command("PBSZ 0", 200)
        self.command("PROT P", 200)
        self.private = True

    def login(self, user="demo", password="demo"):
        self.command(f"USER {user}", 331)
        self.command(f"PASS {password}", 230)
        self.command("TYPE I", 200)

    # ---- data connections

    def passive(self, verb="EPSV"):
        """Announces a passive transfer; returns where to connect."""
        if verb == "PASV":
            numbers = re.search(r"\((\d+),(\d+),(\d+),(\d+),(\d+),(\d+)\)", self.command("PASV", 227).text)
            octets = [int(n) for n in numbers.groups()]
            return ".".join(map(str, octets[:4])), octets[4] * 256 + octets[5]
        port = re.search(r"\(\|\|\|(\d+)\|\)", self.command("EPSV", 229).text)
        return self.peer[0], int(port.group(1))

    def open_data(self, address, source=None):
        data = socket.create_connection(address, self.timeout, source_address=source)
        return data

    def wrap_data(self, data, resume=True):
        """TLS on a data connection after the 150, with the control connection's session."""
        if not self.private:
            return data
        session = self.socket.session if resume else None
        return self.context.wrap_socket(
            data, server_hostname="localhost", session=session, suppress_ragged_eofs=False
        )

    def transfer(self, line, verb="EPSV", resume=True):
        """Announces, connects, sends the command, expects 150; returns the open data connection."""
        data = self.open_data(self.passive(verb))
        try:
            self.command(line, (125, 150))
            return self.wrap_data(data, resume)
        except BaseException:
            data.close()
            raise

    def retrieve(self, line, verb="EPSV", final=226):
        data = self.transfer(line, verb)
        try:
            content = read_all(data)
        finally:
            close_cleanly(data)
        self.expect(final)
        return content

    def store(self, line, content, verb="EPSV", final=226):
        data = self.transfer(line, verb)
        try:
            data.sendall(content)
        finally:
            close_cleanly(data)
        return self.expect(final)


def read_all(data):
    parts = []
    while chunk := data.recv(1 << 18):
        parts.append(chunk)
    return b"".join(parts)


def close_cleanly(data):
    """As a good client ends: close_notify (and the peer's awaited) on TLS, then FIN."""
    try:
        if isinstance(data, ssl.SSLSocket):
            data.unwrap()
    except (OSError, ValueError):
        pass
    data.close()


def wait_until(condition, what, limit=60):
    """Polls a condition; AssertionError naming what was awaited when the limit passes."""
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {limit} s: {what}")
        time.sleep(0.01)
