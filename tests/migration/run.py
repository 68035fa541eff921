#!/usr/bin/env python3
"""gantryd with the COS FTP Server tool's own configuration: run.py [--build DIR] [--counts FILE] [pattern...]

Each test_*.py here is a suite; a pattern selects tests whose "module.Class.test" contains it. `--show` prints what a
reader may want to see: a session with the published examples, the warnings, the requests for each operation.
"""

import argparse
import pathlib
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import legacy  # noqa: E402
import suites  # noqa: E402
from gantry import Setup  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=Setup.build)
    parser.add_argument("--short", action="store_true", help="leave out what only takes long, for slow builds")
    parser.add_argument("--counts", type=pathlib.Path, help="where to write PASSED FAILED")
    parser.add_argument("--show", action="store_true", help="print a transcript instead of testing")
    parser.add_argument("patterns", nargs="*")
    arguments = parser.parse_args()
    Setup.build = arguments.build.resolve()
    if arguments.show:
        import show

        show.everything()
        return 0
    run = suites.Run()
    try:
        for test in suites.load(HERE, arguments.patterns):
            if not (arguments.short and getattr(getattr(test, test._testMethodName), "long", False)):
                run.one(test)
    finally:
        run.problems += legacy.Servers.stop_all()
    return run.finish("migration", arguments.counts)


sys.exit(main())
