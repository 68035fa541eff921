"""Transfers that are killed again and again, and go on each time: the copy is equal in the end."""

import contextlib
import os
import pathlib
import random
import signal
import subprocess
import threading
import time

from harness import LIMIT, ClientTest, Servers, start_gantryd

ROUNDS = 100  # in each direction
SHORT_ROUNDS = 12
SIDE_BY_SIDE = 4
RATE = 6 << 20  # bytes a second of one session: a kill lands inside
SIZES = (1 << 20, 5 << 20)
KILLS_OF_ONE = 8  # at most, of one file
LANDED = 3  # at least one kill in so many must hit a running transfer, or the test says nothing
ENDS = (-signal.SIGKILL, -signal.SIGINT, 130)


class Lane:
    """Kills clients that move one file after the other, until the rounds are used up."""

    def __init__(self, test, number, rounds, seed):
        self.test, self.number, self.rounds = test, number, rounds
        self.random = random.Random(seed)
        # In clear the server sees the same end of a connection from a killed client as from one that is done.
        self.ways_in = ["--password-file", test.password_file(), "--plain"] if number % 2 else test.ways_in()
        self.landed = self.complete = 0
        self.problem = None

    def run(self):
        try:
            while self.rounds > 0:
                self.one_file()
        except Exception as problem:  # pylint: disable=broad-except; the main thread reports it
            self.problem = problem

    def one_file(self):
        name = f"{self.test.direction}-{self.number}-{self.complete}"
        source, target = self.test.ends_of(name)
        source.write_bytes(self.random.randbytes(self.random.randrange(*SIZES)))
        for _ in range(KILLS_OF_ONE):
            if self.rounds == 0 or not self.kill_once(name, source.stat().st_size):
                break
        self.test.gantry(*self.test.words(name), ways_in=self.ways_in)
        self.test.assert_same(target.read_bytes(), source.read_bytes(), name)
        self.test.assertEqual([path.name for path in self.test.scratch.glob(f"{name}.*")], [])
        self.complete += 1

    def kill_once(self, name, size):
        """One round. False when the client came to its end before."""
        self.rounds -= 1
        client = self.test.begin(*self.ways_in, *self.test.words(name), stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        wanted = self.test.arrived(name, client) + self.random.randrange(size // 2)
        deadline = time.monotonic() + LIMIT
        while client.poll() is None and self.test.arrived(name, client) < wanted and time.monotonic() < deadline:
            time.sleep(0.005)
        client.send_signal(self.random.choice((signal.SIGKILL, signal.SIGINT)))
        out = client.communicate(timeout=LIMIT)[0]
        if client.returncode == 0:
            return False
        self.test.assertIn(client.returncode, ENDS, f"{name}: {out}")
        self.landed += 1
        return True


class Kills(ClientTest):
    """Both directions against a server of their own that is slow."""

    direction = None

    def setUp(self):
        if "slow" not in Servers.running:
            Servers.running["slow"] = start_gantryd(
                "local", demo={"max_session_download": RATE, "max_session_upload": RATE})
        self.server_name = "slow"
        super().setUp()

    def kill_and_go_on(self):
        seed = random.SystemRandom().randrange(1 << 32)
        rounds = SHORT_ROUNDS if Servers.short else ROUNDS
        lanes = [Lane(self, number, rounds // SIDE_BY_SIDE, seed + number) for number in range(SIDE_BY_SIDE)]
        threads = [threading.Thread(target=lane.run) for lane in lanes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        landed, complete = sum(lane.landed for lane in lanes), sum(lane.complete for lane in lanes)
        print(f"      {self.direction}: seed {seed}, {landed} kills of {rounds} hit a running transfer, "
              f"{complete} files equal", flush=True)
        for problem in filter(None, (lane.problem for lane in lanes)):
            raise problem
        self.assertGreaterEqual(landed * LANDED, rounds)


class Down(Kills):
    direction = "down"

    def words(self, name):
        return "get", self.url(name), name

    def ends_of(self, name):
        return self.server.root / self.place / name, self.scratch / name

    def arrived(self, name, _client):
        with contextlib.suppress(FileNotFoundError):
            return os.stat(self.scratch / f"{name}.part").st_size
        return 0

    def test_killed_downloads_go_on_and_end_equal(self):
        self.kill_and_go_on()


class Up(Kills):
    direction = "up"

    def words(self, name):
        return "put", name, self.url(name)

    def ends_of(self, name):
        return self.scratch / name, self.server.root / self.place / name

    def arrived(self, name, client):
        """What lies held beside its place, hidden under another name, or how far the client has read by now."""
        sizes = [0]
        with contextlib.suppress(OSError):
            sizes += [path.stat().st_size for path in (self.server.root / self.place).iterdir() if name in path.name]
        open_files = pathlib.Path(f"/proc/{client.pid}/fd")
        with contextlib.suppress(OSError):
            for number in open_files.iterdir():
                if os.readlink(number).endswith(f"/{name}"):
                    position = open_files.with_name("fdinfo").joinpath(number.name).read_text().split()[1]
                    sizes.append(int(position))
        return max(sizes)

    def test_killed_uploads_go_on_and_end_equal(self):
        self.kill_and_go_on()
