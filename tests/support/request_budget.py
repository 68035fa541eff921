"""What one FTP operation may ask of the store (docs/behaviour.md, docs/performance.md), and counting what it does ask."""

import collections

from ftp_wire import close_cleanly

MIB = 1 << 20

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
BLOCK = bytes(range(256)) * 4096


def fill(store):
    """Puts what the cases need into a fake store."""
    names = ["d/small", "d/gone", "last/gone", *(f"many/{i}" for i in range(LISTED)), *(f"tree/{i}" for i in range(TREE))]
    for name in names:
        store.put(name, b"x" * 100)


def count(store, connection, before, counted):
    """Requests by kind that the lines `counted` cost after the lines `before`, in a session that did nothing yet."""
    for line in before:
        _run(connection, line)
    store.control("DELETE", "requests")
    for line in counted:
        _run(connection, line)
    return collections.Counter(line.split()[2] for line in store.requests())


def in_words(asked):
    return " + ".join(f"{n} {op}" if n > 1 else op for op, n in asked.items())


def _run(connection, line):
    verb, _, rest = line.partition(" ")
    if verb in ("MLSD", "LIST", "NLST", "RETR"):
        connection.retrieve(line)
    elif verb in ("STOR", "APPE"):
        name, size = rest.split()
        _upload(connection, f"{verb} {name}", int(size))
    else:
        answer = connection.command(line)
        missing = "missing" in line
        if missing != (answer.code not in ENDS_WELL):
            raise AssertionError(f"{line!r} was answered {answer!r}")


def _upload(connection, line, size):
    data = connection.transfer(line)
    try:
        for begin in range(0, size, len(BLOCK)):
            data.sendall(BLOCK[: size - begin])
    finally:
        close_cleanly(data)
    connection.expect(226)
