"""A COS bucket whose listings stay behind: what one session did is seen at once by every other, on any lane."""

import re

from harness import Server, case, content

FROZEN = 10**9  # writes that listings do not show


def names(session, path):
    """Name to facts, as MLSD tells them."""
    lines = session.retrieve(f"MLSD {path}").decode().splitlines()
    entries = {name: dict(f.split("=", 1) for f in facts.rstrip(";").split(";")) for facts, _, name in
               (line.partition(" ") for line in lines)}
    return {name: facts for name, facts in entries.items() if facts["type"].lower() in ("file", "dir")}


def nobody_can_enter(server, path):
    """Asked by a new session: the others may believe for a few seconds in what they made themselves."""
    with server.connect() as session:
        session.command(f"CWD {path}", 550)


@case((), short=True)
def what_was_done_is_listed_although_the_store_does_not():
    server = Server("cos", server={"lanes": 2})
    try:
        with server.connect() as one, server.connect() as other:
            one.command("MKD old", 257)
            for name in ("kept", "changed", "gone"):
                one.store(f"STOR old/{name}", b"12345")
            server.control("PUT", "listing_lag", str(FROZEN))
            one.store("STOR old/changed", b"1234567")
            one.store("STOR old/fresh", content(30_000))
            one.command("MFMT 20010909014640 old/fresh", 213)
            one.command("DELE old/gone", 250)
            one.command("MKD made", 257)
            shown = names(other, "old")
            assert set(shown) == {"kept", "changed", "fresh"}, shown
            assert shown["changed"]["size"] == "7" and shown["fresh"]["size"] == "30000", shown
            assert shown["fresh"]["modify"].startswith("20010909014640"), shown
            assert re.search(r"2001.* fresh\r?\n", other.retrieve("LIST old").decode()), "LIST shows the time given"
            other.command("CWD /made", 250)
            other.command("CWD /", 250)

            other.command("RMD old", 550)
            other.command("RMD made", 250)
            nobody_can_enter(server, "/made")
            other.command("RNFR old", 350)
            other.command("RNTO new", 250)
            assert set(names(one, "/")) == {"new"}
            assert set(names(one, "new")) == {"kept", "changed", "fresh"}
            nobody_can_enter(server, "/old")
            assert server.object("new/changed") == b"1234567" and server.object("old/fresh") is None

            for name in ("kept", "changed", "fresh"):
                one.command(f"DELE new/{name}", 250)
            other.command("RMD new", 250)
            assert names(one, "/") == {}
        assert server.control("GET", "objects") == b"", "nothing is left in the bucket"
        server.stop()
    finally:
        server.kill()
        server.fake.stop()
