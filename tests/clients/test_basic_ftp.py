"""basic-ftp for Node.js, installed from the npm registry when this suite runs."""

import os
import subprocess

from gantry import ROOT, Setup
from harness import TREE_STORES, ClientTest, for_stores
from trees import content

VERSION = "5.0.5"
MODULES = ROOT / "build" / "node"


def install():
    """Installs the pinned version once; says why when it cannot."""
    if (MODULES / "node_modules" / "basic-ftp" / "package.json").exists():
        return
    MODULES.mkdir(parents=True, exist_ok=True)
    (MODULES / "package.json").write_text('{"private": true}\n')
    done = subprocess.run(
        ["npm", "install", "--no-save", "--no-package-lock", "--no-audit", "--no-fund", f"basic-ftp@{VERSION}"],
        cwd=MODULES, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=180,
        check=False,
        # Node.js from elsewhere than Debian brings its own list of authorities: a proxy's may be in the system's only.
        env={"NODE_EXTRA_CA_CERTS": "/etc/ssl/certs/ca-certificates.crt", **os.environ},
    )
    if done.returncode != 0:
        raise AssertionError(f"npm could not install basic-ftp {VERSION}; is the registry reachable?\n{done.stdout[-2000:]}")


@for_stores(*TREE_STORES)
class BasicFtp(ClientTest):
    def carry(self, security):
        install()
        source = self.scratch / "source"
        source.write_bytes(content("node", 700_001))
        port = self.server.tls_port if security == "implicit" else self.server.port
        self.run_client("node", ROOT / "tests/clients/basic_ftp.mjs", MODULES, "127.0.0.1", port, security,
                        Setup.certificate()[0], source, self.place, self.scratch)

    def test_plain(self):
        self.carry("plain")

    def test_explicit_tls(self):
        self.carry("explicit")

    def test_implicit_tls(self):
        self.carry("implicit")
