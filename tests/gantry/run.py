#!/usr/bin/env python3
"""Tests the client: run.py [--build DIR] [--short] [--server S]... [--jobs N] [--counts FILE] [pattern...]

Each test_*.py here is a suite; a pattern selects tests whose "module.Class.test" contains it.
--short: small files, fewer kinds of servers, and nothing that runs without the client, for sanitized builds.
"""

import pathlib
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import harness  # noqa: E402
import suites  # noqa: E402
from gantry import Setup  # noqa: E402


def main():
    parser = suites.parser(__doc__, Setup.build)
    parser.add_argument("--server", action="append", choices=harness.SERVERS)
    arguments = parser.parse_args()
    Setup.build = arguments.build.resolve()
    harness.Servers.short = arguments.short
    # The other servers differ from each other in what sanitizers do not see; one of them is enough there.
    harness.Servers.wanted = arguments.server or ((*harness.GANTRYD, "vsftpd") if arguments.short else harness.SERVERS)

    def load_tests():
        tests = suites.load(HERE, arguments.patterns)
        return [test for test in tests if not (arguments.short and getattr(test, "without_client", False))]

    return suites.run_shared("gantry", arguments, load_tests, lambda test: getattr(test, "server_name", ""),
                             harness.Servers.stop_all)


sys.exit(main())
