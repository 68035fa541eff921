"""The servers of the benches, each set up to cost as little as it can: gantryd, other FTP servers, and the floor.

Every one serves the same files to the user demo: see Place. Each runs in a group of its own that counts what it costs.
"""

import itertools
import os
import subprocess
import time

import gantry
import peers
from accounting import Group
from gantry import Setup

ENTRIES = 10_000  # of the directory that is listed
SMALL = 4096      # bytes of the small file


def certificate():
    """Paths of a self-made ECDSA certificate and of its key, below the scratch directory."""
    cert, key = Setup.scratch() / "ec-cert.pem", Setup.scratch() / "ec-key.pem"
    if not cert.exists():
        subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key], check=True)
        subprocess.run(["openssl", "req", "-x509", "-key", key, "-days", "30", "-subj", "/CN=localhost", "-out", cert],
                       check=True, capture_output=True)
    return cert, key


class GantryServer(gantry.Gantry):
    name = "gantryd"

    def __init__(self, tls, host):
        self.host = host
        cert, key = certificate()
        super().__init__(tls={"certificate": cert, "key": key}, transfer={"durability": "none"})


class Floor(peers.Peer):
    """The server of tests/bench/floor: the least that any server must do."""

    name = "floor"
    needs_root = False
    receive = "copy"

    def command(self):
        words = [Setup.program("tests/bench/floor"), "--listen", f"{self.host}:{self.port}", "--root", self.root, "--receive",
                 self.receive]
        return [*words, "--certificate", self.certificate, "--key", self.key] if self.tls else words


class SpliceFloor(Floor):
    name = "floor-splice"
    receive = "splice"


def _peer(kind):
    def start(tls, host):
        return kind(tls, swift=True, certificate=certificate(), host=host)
    return start


FLOORS = {kind.name: kind for kind in (Floor, SpliceFloor)}
PROGRAMS = {"gantryd": GantryServer, **{name: _peer(kind) for name, kind in {**FLOORS, **peers.PEERS}.items()}}
# A process for each session: what they do for one is dear enough to be seen in fewer of them.
ONE_PROCESS = frozenset({*FLOORS, "gantryd", "pyftpdlib"})


def obstacle(name):
    """Why it cannot run here; None when it can."""
    if name not in peers.PEERS:
        return None
    if name != "pyftpdlib" and not (peers.UNPACKED / "usr/sbin").is_dir():
        return f"{name} is not unpacked: ./dev setup"
    return peers.PEERS[name].obstacle()


class Place:
    """Files that all servers share by hard links, so that none reads from warmer memory than another: `big` of so many
    bytes, `part` of an eighth, `small`, and the directory `listing`; `up` is for uploads."""

    def __init__(self, big, entries=ENTRIES):
        self._entries = entries
        self.sizes = {"big": big, "part": big // 8, "small": SMALL}
        self._directory = Setup.directory("files")
        block = os.urandom(1 << 20)
        for name, size in self.sizes.items():
            with open(self._directory / name, "wb") as file:
                for at in range(0, size, len(block)):
                    file.write(block[: min(len(block), size - at)])
            os.chmod(self._directory / name, 0o644)

    def furnish(self, root):
        owner = root.stat()
        for name in self.sizes:
            os.link(self._directory / name, root / name)
        for name in ("up", "listing"):
            (root / name).mkdir()
            os.chown(root / name, owner.st_uid, owner.st_gid)
        for number in range(self._entries):
            (root / "listing" / f"entry-{number:05}").touch()


class Contestant:
    """A running server, its files and what it costs."""

    _addresses = itertools.count()

    def __init__(self, name, tls, place=None):
        self.name = name
        # An address of its own: ports at which thousands of connections have just ended are hard to get again.
        self.server = PROGRAMS[name](tls, f"127.0.1.{next(self._addresses) % 250 + 1}")
        self.group = Group()
        try:
            self.group.adopt(self.server.pid)
            if place:
                place.furnish(self.server.root)
        except BaseException:
            self.stop()
            raise

    @property
    def address(self):
        return "%s:%d" % self.server.address

    def uploads(self):
        """The sizes of what was uploaded; it is gone afterwards."""
        files = list((self.server.root / "up").iterdir())
        sizes = [file.stat().st_size for file in files]
        for file in files:
            file.unlink()
        return sizes

    def stop(self):
        try:
            self.server.stop()
        finally:
            # Its last processes leave the group a moment after the first has been waited for.
            deadline = time.monotonic() + gantry.STOP_LIMIT
            while self.group.populated() and time.monotonic() < deadline:
                time.sleep(0.02)
            self.group.remove()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
