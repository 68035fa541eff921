"""A slow store and clients that take silence for death: curl waits a minute for the last reply, FileZilla 20 seconds
for a byte on either connection.

Nothing can be said to them meanwhile: a second 1yz reply fails curl, FileZilla, ncftp, tnftp and Python's ftplib, and
226- promises what is not certain yet. So the wait itself must be short.
"""

import contextlib
import pathlib
import re
import select
import subprocess
import threading
import time

from harness import Connection, Server, Setup, case, check_same, content, fresh_path, wait_until

MIB = 1 << 20
PART = 5 * MIB


class GaveUp(Exception):
    """FileZilla heard nothing for too long and left."""


class FileZilla:
    """Its commands over raw sockets, and its patience (FileZilla 3: "Timeout in seconds", 20 by default)."""

    patience = 20

    def __init__(self, server):
        self.session = Connection(server.address)
        self.session.expect(220)
        for command, codes in (("USER demo", 331), ("PASS demo", 230), ("SYST", 215), ("FEAT", 211), ("PWD", 257),
                               ("TYPE I", 200), ("CWD /", 250)):
            self.session.command(command, codes)
        self.session.retrieve("MLSD", "PASV")

    def upload(self, path, body):
        """STOR of everything: (seconds of the longest silence, seconds from the last byte to 226)."""
        data = self.session.transfer(f"STOR {path}", "PASV")
        data.setblocking(False)
        control, left = self.session.socket, memoryview(body)
        alive = ended = time.monotonic()
        silence = 0
        while True:
            heard, ready, _ = select.select([control], [data] if left else [], [],
                                            max(0, alive + self.patience - time.monotonic()))
            silence = max(silence, time.monotonic() - alive)
            if not heard and not ready:
                data.close()
                self.session.close()
                raise GaveUp(f"after {len(body) - len(left)} of {len(body)} bytes")
            alive = time.monotonic()
            if heard:
                self.session.expect(226)
                return silence, time.monotonic() - ended
            left = left[data.send(left[:MIB]):]
            if not left:
                data.close()
                ended = time.monotonic()


def size_of(session, path):
    return re.fullmatch(r"213 (\d+)|550 .*", session.command(f"SIZE {path}").text)[1]


def watched(server):
    """Seconds until the kernel asks each of the server's quiet control connections whether its client still lives."""
    found = []
    for line in pathlib.Path(f"/proc/{server.pid}/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        timer, _, ticks = fields[5].partition(":")
        if fields[1].endswith(f":{server.port:04X}") and fields[3] == "01":
            found.append(int(ticks, 16) / 100 if timer == "02" else None)
    return found


@case(("s3",), ("cos",), short=lambda store: store == "s3", limit=120)
def join_that_takes_longer_than_filezilla_waits(store):
    """curl stays; FileZilla leaves, comes back and finds its file whole. Whoever asks is answered at once meanwhile, and
    no limit of the server's own strikes."""
    with Server(store, transfer={"part_size": PART},
                server={"idle_timeout": "3s", "data_stall_timeout": "2s"}) as server:
        body = content(PART + 12345)
        source = Setup.directory("slow") / "file"
        source.write_bytes(body)
        server.fault(op="CompleteMultipartUpload", action="latency", ms=22_000, times=3)
        by_curl, by_filezilla, asking = (fresh_path(name) for name in ("curl", "filezilla", "asking"))
        curl = subprocess.Popen(["curl", "-sS", "-T", source, f"ftp://demo:demo@127.0.0.1:{server.port}/{by_curl}"],
                                stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        gone = []
        leaving = threading.Thread(target=lambda: gone.append(leaves(server, by_filezilla, body)))
        leaving.start()
        ask_all_the_time(server, asking, body)
        leaving.join()
        assert "12345" in gone[0] or str(len(body)) in gone[0], f"FileZilla left {gone[0]}"
        assert curl.wait(30) == 0, curl.stderr.read()
        with contextlib.closing(FileZilla(server).session) as again:
            wait_until(lambda: size_of(again, by_filezilla) == str(len(body)), "the file is there when it comes back")
        for path in (by_curl, by_filezilla, asking):
            check_same(body, server.object(path), f"the store has {path}")
        assert len(server.requests("CompleteMultipartUpload")) == 3


def leaves(server, path, body):
    """What FileZilla says when it leaves."""
    try:
        return f"never: {FileZilla(server).upload(path, body)}"
    except GaveUp as reason:
        return str(reason)


def ask_all_the_time(server, path, body):
    """NOOP and STAT from the last byte to 226."""
    with server.connect() as session:
        data = session.transfer(f"STOR {path}")
        data.sendall(body)
        data.close()
        wait_until(lambda: len(server.requests("UploadPart")) == 6, "all parts of all three have arrived", 20)
        wait_until(lambda: len(due := watched(server)) == 3 and all(when is not None and when <= 30 for when in due),
                   "silent connections are looked after")
        slowest, answered = 0, 0
        while not select.select([session.socket], [], [], 0.5)[0]:
            for command, code in (("NOOP", 200), ("STAT", 211)):
                begun = time.monotonic()
                session.send(command + "\r\n")
                reply = session.reply()
                slowest = max(slowest, time.monotonic() - begun)
                if reply.code == 226:  # it came just now; the answer follows
                    session.expect(code)
                    return
                session.check(command, reply, code)
                answered += 1
        session.expect(226)
        assert answered > 20 and slowest < 2, f"{answered} answers, the slowest after {slowest:.1f} s"


@case(("s3",), limit=120)
def line_to_the_store_slower_than_the_client(store):
    """60 MiB from a fast client over a line of 3 MiB/s, and a join of 2 seconds: never as silent as FileZilla bears."""
    with Server(store, transfer={"part_size": PART}, store_arguments=("--uplink", str(3 * MIB))) as server:
        server.fault(op="CompleteMultipartUpload", action="latency", ms=2000, times=1)
        path, body = fresh_path("line"), content(60 * MIB)
        silence, last = FileZilla(server).upload(path, body)
        print(f"FileZilla heard nothing for {silence:.1f} s at most; 226 came {last:.1f} s after the last byte")
        check_same(body, server.object(path), "the store has")
