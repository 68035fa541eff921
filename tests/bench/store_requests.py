"""Bench of the requests that each FTP operation costs at the store, against the design's budget."""

import collections

import gantry
from measure import MIB, control, session, upload

PART = 8 * MIB
LISTED = 2500  # entries of the large directory: three pages
TREE = 40      # files of the directory that is renamed

# (what, commands before that are not counted, counted commands, requests allowed). STOR and
# APPE are followed by the number of bytes. Each case has a session of its own: nothing was listed before it.
CASES = [
    ("CWD", [], ["CWD /d"], 1),
    ("CWD, just listed", ["MLSD /"], ["CWD /d"], 0),
    ("CWD /", [], ["CWD /"], 0),
    (f"MLSD of {LISTED} entries", ["CWD /many"], ["MLSD"], 3),
    (f"LIST of {LISTED} entries", ["CWD /many"], ["LIST"], 3),
    (f"NLST of {LISTED} entries", ["CWD /many"], ["NLST"], 3),
    ("MLST", [], ["MLST /d/small"], 2),
    ("SIZE", [], ["SIZE /d/small"], 2),
    ("SIZE, just listed", ["MLSD /d"], ["SIZE /d/small"], 0),
    ("MDTM", [], ["MDTM /d/small"], 2),
    ("MDTM, just listed", ["MLSD /d"], ["MDTM /d/small"], 0),
    ("SIZE of a missing file", [], ["SIZE /d/missing"], 2),
    ("RETR, small", [], ["RETR /d/small"], 1),
    ("RETR, small, from the middle", [], ["REST 10", "RETR /d/small"], 1),
    ("STOR, small, new", [], ["STOR /d/new 1000"], 2),
    ("STOR, small, after CWD", ["CWD /d"], ["STOR fresh 1000"], 2),
    ("STOR, small, over an old one", [], ["STOR /d/new 2000"], 2),
    ("STOR, small, just listed", ["MLSD /d"], ["STOR /d/new 3000"], 1),
    ("STOR, one part", [], [f"STOR /d/part {PART}"], 2),
    ("STOR, five parts", [], [f"STOR /d/parts {5 * PART}"], 2 + 5 + 1),
    ("APPE to five parts", [], ["APPE /d/parts 1000"], 2 + 2 + 2),
    ("MKD", [], ["MKD /d/made"], 3),
    ("RMD", [], ["RMD /d/made"], 3),
    ("DELE", [], ["DELE /d/gone"], 3),
    ("DELE, the last file", [], ["DELE /last/gone"], 3),
    ("RNFR + RNTO of a file", ["MLSD /d"], ["RNFR /d/new", "RNTO /d/renamed"], 3),
    ("RNFR + RNTO of a file, nothing listed", [], ["RNFR /d/renamed", "RNTO /d/again"], 3 + 2),
    (f"RNFR + RNTO of {TREE} files", ["MLSD /"], ["RNFR /tree", "RNTO /moved"], 3 * TREE),
    ("MFMT", [], ["MFMT 20200102030405 /d/small"], 2),
]
ENDS_WELL = range(200, 400)


def store_requests(report, options):
    """Counts what the fake store was asked for each case, for both dialects."""
    for dialect in ("s3", "cos"):
        with gantry.Gantry(dialect) as server:
            _fill(server)
            for what, before, counted, allowed in CASES:
                with session(server) as connection:
                    for line in before:
                        _run(connection, line)
                    control(server, "DELETE", "/_fake/requests")
                    for line in counted:
                        _run(connection, line)
                asked = collections.Counter(line.split()[2] for line in control(server, "GET", "/_fake/requests"))
                detail = " + ".join(f"{n} {op}" if n > 1 else op for op, n in asked.items())
                report.add("store-requests", f"{dialect}: {what}" + (f" ({detail})" if detail else ""),
                           [asked.total()], "requests", allowed)


def _fill(server):
    names = ["d/small", "d/gone", "last/gone", *(f"many/{i}" for i in range(LISTED)), *(f"tree/{i}" for i in range(TREE))]
    for name in names:
        control(server, "PUT", "/_fake/objects/" + name, b"x" * 100)


def _run(connection, line):
    verb, _, rest = line.partition(" ")
    if verb in ("MLSD", "LIST", "NLST", "RETR"):
        connection.retrieve(line)
    elif verb in ("STOR", "APPE"):
        name, size = rest.split()
        upload(connection, name, int(size), verb)
    else:
        answer = connection.command(line)
        missing = "missing" in line
        if missing != (answer.code not in ENDS_WELL):
            raise AssertionError(f"{line!r} was answered {answer!r}")
