"""Bench of the requests that each FTP operation costs at the store, against the design's budget."""

import gantry
from measure import session
from request_budget import CASES, count, fill, in_words


def store_requests(report, options):
    """Counts what the fake store was asked for each case, for both dialects."""
    for dialect in ("s3", "cos"):
        with gantry.Gantry(dialect) as server:
            fill(server.fake)
            for what, before, counted, allowed in CASES:
                with session(server) as connection:
                    asked = count(server.fake, connection, before, counted)
                report.add("store-requests", f"{dialect}: {what}" + (f" ({in_words(asked)})" if asked else ""),
                           [asked.total()], "requests", allowed)
