#!/usr/bin/env python3
"""Plays the conversations in *.ftp against gantryd and checks every reply.

A file opens with a comment that names its RFC sections. Then, line by line:

  # server: tls.required=true     settings of the server the file wants (before anything else); \\n is a line end
  # user: NAME {"deny": ["*.exe"]} one more user, whose password is the name, with these settings (JSON)
  # stores: local s3              only on these stores (otherwise on every one of the run, each time a fresh server)
  ! new                           another connection to the same server
  ! greeting                      the next S: lines are of the greeting
  ! put NAME TEXT                 uploads a file for what follows
  ! login [USER]                  USER, PASS (the password is the name), TYPE I
  ! tls | ! implicit | ! protect  AUTH TLS and handshake | a new connection to the implicit port | PBSZ 0, PROT P
  ! tls NAME                      AUTH TLS with a client certificate of that name
  ! passive [PASV|EPSV]           announces a passive data connection; it opens when bytes are due
  ! active [PORT|EPRT]            announces an active one
  ! urgent TEXT                   sends the last byte of TEXT as urgent data; \\xNN is a byte
  ! raw TEXT                      sends exactly TEXT, \\r \\n \\xNN understood
  ! stall                         leaves the open data connection unread from here on
  ! closed                        the server must close the control connection now
  C: LINE                         sends LINE and CRLF
  S: PATTERN                      the next reply line; * is anything. "S: ..." is any number of further lines
  S~ EXPRESSION                   the next reply line as a regular expression
  D> TEXT                         sends TEXT on the data connection; "D> end" ends it
  D< TEXT                         the next line of what the server sends there; "D< end" is its end
  D= TEXT                         all that the server sends there, exactly, to its end
  D~ EXPRESSION                   ... as a regular expression

Every verb that HELP, SITE HELP and OPTS offer must occur once with success and once refused; the exceptions stand
below with their reasons.
"""

import argparse
import fnmatch
import json
import pathlib
import re
import socket
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
import ftp_wire  # noqa: E402
import gantry  # noqa: E402

NEVER_REFUSED = {
    "FEAT": "answers everybody, so that clients learn about TLS",
    "NOOP": "has no argument to get wrong and needs no login",
    "QUIT": "everybody may leave",
    "SYST": "answers everybody",
    "OPTS MLST": "unknown facts are dropped, not refused (RFC 3659 section 7.9)",
    "OPTS REST": "answers a question only",
}
NEVER_ALLOWED = {
    "CCC": "the control connection stays protected by policy",
    "SMNT": "there is nothing to mount",
}


def unescape(text):
    simple = {"r": b"\r", "n": b"\n", "\\": b"\\", "0": b"\0"}

    def one(match):
        code = match.group(1)
        return bytes([int(code[1:], 16)]) if code[0] == b"x"[0] else simple[code.decode()]

    return re.sub(rb"\\(x[0-9a-fA-F]{2}|[rn0\\])", one, text.encode())


class Player:
    def __init__(self, server, seen):
        self.server, self.seen = server, seen
        self.context = gantry.client_context()
        self.control = ftp_wire.Connection((server.host, server.port))
        self.greeting = self.control.expect(220).lines
        self.reply, self.target, self.listener, self.data = [], None, None, None
        self.received, self.verb, self.stalled = b"", None, False

    def close(self):
        for one in (self.data, self.listener, self.control):
            if one:
                one.close()

    # ---- one line of a transcript

    def play(self, line):
        kind, _, rest = line.partition(" ")
        if not kind.startswith("S") and self.reply:
            raise AssertionError(f"not expected: {self.reply}")
        {"C:": self.say, "S:": self.hear, "S~": self.hear_expression, "D>": self.give, "D<": self.take,
         "D=": self.take_exactly, "D~": self.take_expression, "!": self.direct}[kind](rest)

    def say(self, line):
        words = line.upper().split(" ")
        self.verb = " ".join(words[:2]) if words[0] in ("SITE", "OPTS") else words[0]
        self.control.send(unescape(line) + b"\r\n")

    def fetch(self):
        if not self.reply:
            self.reply = list(self.control.reply().lines)
            self.note(int(self.reply[0][:3]))

    def hear_expression(self, expression):
        self.fetch()
        line = self.reply.pop(0)
        if not re.fullmatch(expression, line):
            raise AssertionError(f"heard {line!r}, expected {expression!r}")

    def hear(self, pattern):
        self.fetch()
        if pattern == "...":
            self.reply = self.reply[-1:]
            return
        line = self.reply.pop(0)
        # "[" and "?" occur in texts; only the star is special here.
        if not fnmatch.fnmatchcase(line, re.sub(r"([\[?])", r"[\1]", pattern)):
            raise AssertionError(f"heard {line!r}, expected {pattern!r}")

    def note(self, code):
        if self.verb and code >= 200:
            for verb in {self.verb, self.verb.split(" ")[0]}:
                self.seen.setdefault(verb, set()).add(code < 400)
            self.verb = None
        elif self.verb and code < 200:
            self.seen.setdefault(self.verb, set()).add(True)

    # ---- data connections

    def open(self):
        if self.data:
            return
        if self.listener:
            self.listener.settimeout(20)
            plain = self.listener.accept()[0]
        else:
            plain = self.control.open_data(self.target)
        self.data = self.control.wrap_data(plain)
        self.received = b""

    def give(self, text):
        self.open()
        if text == "end":
            self.end_data()
        else:
            self.data.sendall(unescape(text))

    def take(self, text):
        self.open()
        if text == "end":
            if self.received or self.data.recv(1):
                raise AssertionError(f"more data than expected: {self.received!r}")
            self.end_data()
            return
        while b"\n" not in self.received:
            chunk = self.data.recv(65536)
            if not chunk:
                break
            self.received += chunk
        line, _, self.received = self.received.partition(b"\n")
        shown = line.removesuffix(b"\r").decode("utf-8", "surrogateescape")
        if not fnmatch.fnmatchcase(shown, re.sub(r"([\[?])", r"[\1]", text)):
            raise AssertionError(f"data {shown!r}, expected {text!r}")

    def rest_of_data(self):
        self.open()
        data = self.received + ftp_wire.read_all(self.data)
        self.received = b""
        self.end_data()
        return data

    def take_exactly(self, text):
        if (data := self.rest_of_data()) != unescape(text):
            raise AssertionError(f"data {data!r}, expected {unescape(text)!r}")

    def take_expression(self, expression):
        data = self.rest_of_data().decode("utf-8", "surrogateescape")
        if not re.fullmatch(expression, data, re.DOTALL):
            raise AssertionError(f"data {data!r}, expected {expression!r}")

    def end_data(self):
        ftp_wire.close_cleanly(self.data)
        if self.listener:
            self.listener.close()
        self.data = self.listener = self.target = None

    # ---- directives

    def direct(self, text):
        name, _, argument = text.partition(" ")
        getattr(self, "do_" + name)(argument)

    def do_new(self, _):
        self.control.close()
        self.control = ftp_wire.Connection((self.server.host, self.server.port))
        self.control.expect(220)

    def do_greeting(self, _):
        self.reply = list(self.greeting)

    def do_put(self, text):
        name, _, content = text.partition(" ")
        self.control.store(f"STOR {name}", unescape(content))

    def do_login(self, user):
        user = user or "demo"
        self.control.login(user, user)
        for verb in ("USER", "PASS", "TYPE"):
            self.seen.setdefault(verb, set()).add(True)

    def do_tls(self, name):
        self.control.auth_tls(gantry.client_context(certificate=name or None))
        self.seen.setdefault("AUTH", set()).add(True)

    def do_implicit(self, _):
        self.control.close()
        self.control = ftp_wire.Connection((self.server.host, self.server.tls_port), context=self.context)
        self.control.private = True
        self.control.expect(220)

    def do_protect(self, _):
        self.control.protect()
        for verb in ("PBSZ", "PROT"):
            self.seen.setdefault(verb, set()).add(True)

    def do_passive(self, verb):
        self.target = self.control.passive(verb or "EPSV")
        self.seen.setdefault(verb or "EPSV", set()).add(True)

    def do_active(self, verb):
        verb = verb or "PORT"
        self.listener = socket.create_server((self.server.host, 0))
        port = self.listener.getsockname()[1]
        host = self.server.host
        argument = f"|1|{host}|{port}|" if verb == "EPRT" else f"{host.replace('.', ',')},{port // 256},{port % 256}"
        self.control.command(f"{verb} {argument}", 200)
        self.seen.setdefault(verb, set()).add(True)

    def do_urgent(self, text):
        data = unescape(text)
        self.verb = None
        self.control.socket.sendall(data[:-1])
        self.control.socket.send(data[-1:], socket.MSG_OOB)

    def do_raw(self, text):
        self.verb = None
        self.control.send(unescape(text))

    def do_stall(self, _):
        self.open()

    def do_closed(self, _):
        if not self.control.at_end():
            raise AssertionError("the server keeps the connection open")


def settings_of(lines):
    wanted = {"server": {}, "tls": {}, "transfer": {}, "anonymous": {}, "login_hook": {}, "users": []}
    for line in lines:
        if match := re.fullmatch(r"# user: (\w+) (.*)", line):
            wanted["users"].append({"name": match[1], **json.loads(match[2])})
        if match := re.fullmatch(r"# server: (\w+)\.(\w+)=(.*)", line):
            section, key, value = match.groups()
            value = value.replace("\\n", "\n")
            parsed = {"true": True, "false": False}.get(value, int(value) if value.isdigit() else value)
            wanted[section][key] = [v for v in value[1:-1].split(",")] if value.startswith("[") else parsed
    return wanted


def stores_of(lines, wanted):
    for line in lines:
        if line.startswith("# stores: "):
            return [store for store in line.removeprefix("# stores: ").split() if store in wanted]
    return wanted


def play_file(path, lines, store, seen):
    if not lines or not re.match(r"# (RFC|draft|\w+ section)", lines[0]):
        raise AssertionError("the first line must name the RFC and section")
    with gantry.Gantry(store, **settings_of(lines)) as server:
        play_lines(path, lines, Player(server, seen))


def play_lines(path, lines, player):
    try:
        for number, line in enumerate(lines, 1):
            if not line.strip() or line.startswith("#"):
                continue
            try:
                player.play(line)
            except Exception as problem:
                raise AssertionError(f"{path.name}:{number}: {line}: {problem!r}") from None
        if player.reply:
            raise AssertionError(f"{path.name}: unread reply lines: {player.reply}")
    finally:
        player.close()


def offered():
    verbs = []
    with gantry.Gantry("memory", server={"mode_z": True}) as server, ftp_wire.Connection(server.address) as control:
        control.expect(220)
        control.login()
        for question, parent in (("HELP", ""), ("SITE HELP", "SITE "), ("HELP OPTS", "OPTS ")):
            verbs += [parent + line.split()[0] for line in control.command(question, 214).lines[1:-1]]
    return verbs


def check_coverage(seen):
    problems = []
    for verb in offered():
        outcomes = seen.get(verb, set())
        if True not in outcomes and verb not in NEVER_ALLOWED:
            problems.append(f"{verb} never succeeds in a transcript")
        if False not in outcomes and verb not in NEVER_REFUSED:
            problems.append(f"{verb} is never refused in a transcript")
        for exceptions, outcome in ((NEVER_REFUSED, False), (NEVER_ALLOWED, True)):
            if verb in exceptions and outcome in outcomes:
                problems.append(f"{verb}: the exception no longer holds ({exceptions[verb]})")
    return problems


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--counts", help="file for 'PASSED FAILED'")
    parser.add_argument("--store", action="append", help="default: local, memory and s3")
    parser.add_argument("files", nargs="*", help="only these; the coverage check is left out then")
    options = parser.parse_args()
    gantry.Setup.build = pathlib.Path(options.build).resolve()
    files = [pathlib.Path(f) for f in options.files] or sorted(HERE.glob("*.ftp"))
    seen, passed, failed = {}, 0, 0
    for path in files:
        lines = path.read_text(encoding="utf-8").splitlines()
        for store in stores_of(lines, options.store or ["local", "memory", "s3"]):
            try:
                play_file(path, lines, store, seen)
                print(f"ok     {path.stem} on {store}", flush=True)
                passed += 1
            except (AssertionError, OSError, EOFError, RuntimeError) as problem:
                print(f"FAILED {path.stem} on {store}: {problem}", flush=True)
                failed += 1
    if not options.files:
        problems = check_coverage(seen)
        print("\n".join(f"FAILED coverage: {p}" for p in problems) or "every verb occurs allowed and refused")
        passed, failed = (passed + 1, failed) if not problems else (passed, failed + 1)
        for verb, reason in sorted({**NEVER_REFUSED, **NEVER_ALLOWED}.items()):
            print(f"exception: {verb}: {reason}")
    print(f"transcripts: {passed} passed, {failed} failed")
    if options.counts:
        pathlib.Path(options.counts).write_text(f"{passed} {failed}\n", encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
