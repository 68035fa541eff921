#!/usr/bin/env python3
"""Measures memory, processor, disk use and store requests of a built gantryd, and gantry beside other clients; prints one
Markdown table.

  run.py [--build DIR] [--repeat N] [--json FILE] [--compare FILE] [NAME...]     names: see --list

Exit status 1 when a value passes its limit. Times are printed and never judged, but for the
median of NOOP, which is far below its limit unless a session waits for another one's store.
"""

import argparse
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import measure  # noqa: E402  (also makes tests/support importable)
import bucket_far  # noqa: E402
import bucket_lists  # noqa: E402
import bucket_slow  # noqa: E402
import buckets  # noqa: E402
import client  # noqa: E402
import gantry  # noqa: E402
import limits  # noqa: E402
import local_disk  # noqa: E402
import resumption  # noqa: E402
import logins  # noqa: E402
import scale  # noqa: E402
import sessions  # noqa: E402
import soak  # noqa: E402
import store_requests  # noqa: E402
import transfers  # noqa: E402

BENCHES = {
    "bucket-transfer": transfers.bucket_transfer,
    "bucket-relay": buckets.bucket_relay,
    "bucket-memory": buckets.bucket_memory,
    "bucket-far": bucket_far.bucket_far,
    "bucket-first-byte": bucket_far.bucket_first_byte,
    "bucket-leavers": bucket_far.bucket_leavers,
    "bucket-slow": bucket_slow.bucket_slow,
    "bucket-lists": bucket_lists.bucket_lists,
    "bucket-rename": bucket_lists.bucket_rename,
    "local-transfer": transfers.local_transfer,
    "limits": limits.limits,
    "resume": resumption.resume,
    "noop-latency": sessions.noop_latency,
    "idle-sessions": sessions.idle_sessions,
    "logins": logins.logins,
    "store-requests": store_requests.store_requests,
    "client": client.client,
    "scale": scale.scale,
    "logins-steady": scale.logins_steady,
    "soak": soak.soak,
    "local-disk": local_disk.local_disk,
}


def words(text):
    return text.split(",")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="benches to run (default: all)")
    parser.add_argument("--build", default="build/release", help="build directory")
    parser.add_argument("--repeat", type=int, default=3, help="times a transfer is measured")
    parser.add_argument("--json", metavar="FILE", help="write the rows here too")
    parser.add_argument("--compare", metavar="BASE.json", help="show what the rows were in this earlier --json FILE")
    parser.add_argument("--rows", type=words, metavar="NAME,...", help="of local-disk: only these rows")
    parser.add_argument("--programs", type=words, metavar="NAME,...", help="of local-disk: only these servers")
    parser.add_argument("--size", type=int, metavar="MIB", help="of local-disk: size of big files (1024)")
    parser.add_argument("--on", metavar="DIRECTORY", help="of local-disk: where the files lie (/dev/shm)")
    parser.add_argument("--largest", type=int, default=8, metavar="GIB", help="of bucket-memory: the largest upload (8; at most 1024)")
    parser.add_argument("--minutes", type=float, default=30, help="of soak: how long (30)")
    parser.add_argument("--list", action="store_true", help="print the names and stop")
    options = parser.parse_args()
    if options.list:
        print("\n".join(BENCHES))
        return 0
    unknown = [name for name in options.names if name not in BENCHES]
    if unknown:
        parser.error(f"no such bench: {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    gantry.Setup.build = pathlib.Path(options.build).resolve()
    base = json.loads(pathlib.Path(options.compare).read_text(encoding="utf-8")) if options.compare else ()
    report = measure.Report(options.json)
    for name in options.names or BENCHES:
        print(f"== {name}", file=sys.stderr, flush=True)
        BENCHES[name](report, options)
    print(report.markdown(base))
    return 0 if report.ok else 1


if __name__ == "__main__":
    sys.exit(main())
