#!/usr/bin/env python3
"""pyftpdlib's server as a program. With a certificate it offers explicit TLS and demands nothing."""

import argparse
import logging
import sys
import warnings

warnings.simplefilter("ignore")  # it stands on asyncore, whose end Python announces
from pyftpdlib.authorizers import DummyAuthorizer  # noqa: E402
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler  # noqa: E402
from pyftpdlib.servers import FTPServer  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("host")
    for name in ("port", "first", "last"):  # first and last: of the passive ports
        parser.add_argument(name, type=int)
    for name in ("root", "user", "password"):
        parser.add_argument(name)
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--quiet", action="store_true", help="log nothing but failures")
    options = parser.parse_args()
    logging.basicConfig(level=logging.ERROR if options.quiet else logging.DEBUG, stream=sys.stderr)
    handler = TLS_FTPHandler if options.certificate else FTPHandler
    if options.certificate:
        handler.certfile, handler.keyfile = options.certificate, options.key
    handler.authorizer = DummyAuthorizer()
    handler.authorizer.add_user(options.user, options.password, options.root, perm="elradfmwMT")
    handler.passive_ports = range(options.first, options.last + 1)
    handler.auth_failed_timeout = 0
    server = FTPServer((options.host, options.port), handler)
    server.max_cons = 0  # no limit
    server.serve_forever()


main()
