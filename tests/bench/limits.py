"""Bench of the speed limits: how near to the limit transfers of ten seconds come, and how equal shares are."""

import threading
import time

import gantry
from measure import GIB, KIB, MIB, download, session, upload
from transfers import SharedMemoryGantry

SECONDS = 10
RATES = {"64 KiB/s": 64 * KIB, "1 MiB/s": MIB, "16 MiB/s": 16 * MIB, "256 MiB/s": 256 * MIB, "1 GiB/s": GIB,
         "no limit": 0}
LARGEST_FILE = 512 * MIB  # more than that is moved in several transfers
SHARING, SHARED_RATE = 8, 16 * MIB


def limits(report, options):
    """Each rate up and down, plain and TLS; then sessions that share one limit."""
    users = [{"name": f"r{rate}", "password": "r", "max_upload": rate, "max_download": rate}
             for rate in RATES.values()]
    with SharedMemoryGantry(users=users) as server:
        for label, context in (("plain", None), ("TLS", gantry.client_context())):
            for verb, move in (("STOR", upload), ("RETR", download)):
                for name, rate in RATES.items():
                    reached = _reached(server, context, move, rate)
                    what = f"{verb}, {label}, {name}"
                    if rate:
                        report.add("limits", what, [100 * reached / rate], "% of the limit")
                    else:
                        report.add("limits", what, [reached / MIB], "MiB/s")
        _shares(report, server)


def _reached(server, context, move, rate):
    """Bytes per second over about ten seconds."""
    total = rate * SECONDS or LARGEST_FILE
    size = min(total, LARGEST_FILE)
    (server.root / "bench").unlink(missing_ok=True)
    if move is download:
        with open(server.root / "bench", "wb") as file:
            for _ in range(max(1, size // MIB)):
                file.write(bytes(min(size, MIB)))
    with session(server, context, user=f"r{rate}", password="r") as connection:
        begin = time.monotonic()
        moved = 0
        while moved < total:
            move(connection, "bench", size)
            moved += size
        return moved / (time.monotonic() - begin)


def _shares(report, server):
    """What each of several downloads got in ten seconds, as a part of its share."""
    with open(server.root / "bench", "wb") as file:
        file.truncate(GIB)
    got = [0] * SHARING
    end = threading.Event()

    def take(index):
        with session(server, user=f"r{SHARED_RATE}", password="r") as connection:
            data = connection.transfer("RETR bench")
            while not end.is_set():
                got[index] += len(data.recv(64 * KIB))
            data.close()

    threads = [threading.Thread(target=take, args=(index,)) for index in range(SHARING)]
    for thread in threads:
        thread.start()
    while not all(got):
        time.sleep(0.01)
    before = list(got)
    time.sleep(SECONDS)
    taken = [now - then for now, then in zip(got, before)]
    end.set()
    for thread in threads:
        thread.join()
    share = SHARED_RATE * SECONDS / SHARING
    report.add("limits", f"{SHARING} sessions share 16 MiB/s: each", [100 * one / share for one in taken], "% of its share")
