"""Bench of logins: what a password costs, cold and remembered."""

import contextlib
import functools
import subprocess
import time

import gantry
from ftp_wire import Connection
from measure import Usage, in_parallel

COLD, WARM, THREADS, AT_ONCE = 100, 2000, 8, 10


def hashed(password):
    done = subprocess.run([gantry.Setup.program("src/gantryd/gantryd"), "hash-password"], input=password + "\n",
                          stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()


def log_in(server, user):
    with Connection(server.address, timeout=120) as connection:
        connection.expect(220)
        connection.command(f"USER {user}", 331)
        connection.command("PASS secret", 230)


def logins(report, options):
    """Logins per second with argon2id hashes of the default cost: eight users at a time, each login a connection."""
    names = [f"user{i}" for i in range(THREADS)]
    stored = hashed("secret")
    users = [{"name": name, "password": stored, "home": "main:/"} for name in names]
    for label, remember, count in (("cold", "0s", COLD), ("remembered", "10m", WARM)):
        with gantry.Gantry("memory", passwords={"remember": remember}, users=users) as server:
            for name in names:
                log_in(server, name)
            rates, costs = [], []

            def one_client(name):
                for _ in range(count // THREADS):
                    log_in(server, name)

            for _ in range(options.repeat):
                with Usage(server.pid) as usage:
                    in_parallel([functools.partial(one_client, name) for name in names])
                rates.append(count // THREADS * THREADS / usage.wall)
                costs.append(usage.cpu * 1000 / (count // THREADS * THREADS))
            report.add("logins", f"{label}: logins", rates, "1/s")
            report.add("logins", f"{label}: processor of one login", costs, "ms")
    # Ten connections of one client at once: the first of them hashes, the others wait for it.
    with gantry.Gantry("memory", users=users) as server, contextlib.ExitStack() as stack:
        opened = []
        for _ in range(AT_ONCE):
            connection = stack.enter_context(Connection(server.address, timeout=120))
            connection.expect(220)
            connection.command(f"USER {names[0]}", 331)
            opened.append(connection)
        with Usage(server.pid) as usage:
            start = time.perf_counter()
            for connection in opened:
                connection.send("PASS secret\r\n")
            for connection in opened:
                connection.expect(230)
            took = time.perf_counter() - start
        report.add("logins", f"{AT_ONCE} first logins of one user at once: until all are in", [took * 1000], "ms")
        report.add("logins", f"{AT_ONCE} first logins of one user at once: processor", [usage.cpu * 1000], "ms")
