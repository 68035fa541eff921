#!/usr/bin/env python3
"""pyftpdlib's server as a program: pyftpd.py PORT FIRST_PASSIVE LAST_PASSIVE ROOT USER PASSWORD [CERTIFICATE KEY]

With a certificate it offers explicit TLS and demands nothing.
"""

import logging
import sys
import warnings

warnings.simplefilter("ignore")  # it stands on asyncore, whose end Python announces
from pyftpdlib.authorizers import DummyAuthorizer  # noqa: E402
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler  # noqa: E402
from pyftpdlib.servers import FTPServer  # noqa: E402


def main(port, first, last, root, user, password, certificate=None, key=None):
    logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
    handler = TLS_FTPHandler if certificate else FTPHandler
    if certificate:
        handler.certfile, handler.keyfile = certificate, key
    handler.authorizer = DummyAuthorizer()
    handler.authorizer.add_user(user, password, root, perm="elradfmwMT")
    handler.passive_ports = range(int(first), int(last) + 1)
    handler.auth_failed_timeout = 0
    FTPServer(("127.0.0.1", int(port)), handler).serve_forever()


main(*sys.argv[1:])
