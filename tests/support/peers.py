"""Other FTP servers, started for a test: vsftpd, ProFTPD, Pure-FTPd and pyftpdlib.

Each serves an empty directory of its own on 127.0.0.1 to the user demo, password demo; with TLS or without. `./dev setup`
unpacks the first three below build/peers: nothing of them is installed, and nothing outside the scratch directory
changes. They end with their whole process group; what they say is kept and told when they fail.

`offers` are the extensions that a client may find, by the names that FEAT uses where it names them. The classes tell
what else is known about their behaviour; tests/gantry/test_peers.py asks the servers themselves.
"""

import contextlib
import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import time

from gantry import ROOT, START_LIMIT, STOP_LIMIT, SUPPORT, Setup, claim, free_port

UNPACKED = ROOT / "build" / "peers"
NOBODY = 65534
PASSIVE_PORTS = 64  # sessions at once, and those whose ports rest after use
MANY_PASSIVE_PORTS = range(20000, 32000)  # below those of outgoing connections; nobody asks whether they are free


class Ports(list):
    """Numbers that nobody else is given while this object lives."""


def free_ports(count, host="127.0.0.1"):
    """A range below the ports of outgoing connections, none of it in use. `count` is the same for all who ask: the
    first of a range stands for it."""
    while True:
        first = random.randrange(20000, 32000 - count, count)
        ports = Ports(range(first, first + count))
        ports.claimed = claim(first)
        if ports.claimed is None:
            continue
        with contextlib.ExitStack() as probes, contextlib.suppress(OSError):
            for port in ports:
                probes.enter_context(socket.socket()).bind((host, port))
            return ports


class Peer:
    """A running server; subclasses say how to start it. Attributes: host, port, address, user, password, root (the
    directory that the user sees as /), passive (its ports for data), tls, offers."""

    name = None
    needs_root = True  # changes to the user that owns the files, and locks him in his directory
    offers = frozenset()
    user, password = "demo", "demo"

    @classmethod
    def obstacle(cls):
        """Why it cannot run here; None when it can."""
        if cls.needs_root and os.getuid() != 0:
            return f"{cls.name} needs root"
        return None

    def __init__(self, tls=False, swift=False, certificate=None, host="127.0.0.1"):
        """`swift`: set up to cost as little as it can and to carry thousands: no logs, a cheap password hash, no limit
        on sessions, many ports for data.
        `certificate`: (certificate, key) in place of the tests' own."""
        self.tls, self.swift, self.host = tls, swift, host
        self.directory = Setup.directory(self.name)
        self.root = self.directory / "root"
        self.root.mkdir()
        if self.needs_root:
            # The server's user must get there, whatever the directories above allow.
            os.chown(self.root, NOBODY, NOBODY)
            for above in (Setup.scratch(), self.directory):
                above.chmod(0o711)
        self.port, self.passive = free_port(host), MANY_PASSIVE_PORTS if swift else free_ports(PASSIVE_PORTS)
        self.log_file = self.directory / "log"
        self.certificate, self.key = certificate or Setup.certificate()
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen([str(word) for word in self.command()], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, cwd=self.directory, start_new_session=True)
        self._await_greeting()

    def command(self):
        """Writes what configuration it needs; returns what to run, which stays in the foreground."""
        raise NotImplementedError

    @property
    def address(self):
        return (self.host, self.port)

    @property
    def pid(self):
        return self.process.pid

    def hashed(self):
        """The password as crypt(3) takes it."""
        kind = "-1" if self.swift else "-6"
        done = subprocess.run(["openssl", "passwd", kind, "-stdin"], input=self.password, stdout=subprocess.PIPE, text=True,
                              check=True)
        return done.stdout.strip()

    def log(self):
        """All that it wrote about itself."""
        return "".join(path.read_text(errors="replace") for path in sorted(self.directory.glob("*log")))

    def _await_greeting(self):
        deadline = time.monotonic() + START_LIMIT
        while not self._greets():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"{self.name} did not start on port {self.port}:\n{self.log()[-4000:]}")
            time.sleep(0.02)

    def _greets(self):
        with contextlib.suppress(OSError), socket.create_connection(self.address, START_LIMIT) as probe:
            greeting = probe.recv(4096)
            probe.sendall(b"QUIT\r\n")
            return greeting.startswith(b"220")
        return False

    def stop(self):
        """Ends it and whatever it started."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_LIMIT)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.stop()
        if kind is not None:
            print(f"--- the end of {self.name}'s log:\n{self.log()[-3000:]}", file=sys.stderr)


def _settings(values, between):
    return "".join(f"{name}{between}{value}\n" for name, value in values.items())


class Vsftpd(Peer):
    """No MLSD, no MLST, no MFMT, no HASH: LIST is all there is, without names that begin with a dot (LIST -a has them).
    MDTM with a time before the name sets it. REST beyond the end of a file is accepted. Data connections must resume the
    control connection's TLS session. Of uploads by libcurl 7.88 over TLS 1.3, which closes connections with unread session
    tickets and so resets them, it often loses the end (426); over TLS 1.2 it does not.

    It knows users by PAM alone, so it runs in a mount namespace with files of its own instead of /etc/pam.d, /etc/passwd
    and /etc/shadow."""

    name = "vsftpd"
    offers = frozenset({"REST STREAM", "SIZE", "MDTM", "SITE CHMOD"})

    @classmethod
    def obstacle(cls):
        if super().obstacle():
            return super().obstacle()
        done = subprocess.run(["unshare", "-m", "mount", "--bind", "/etc", "/etc"], capture_output=True, check=False)
        return None if done.returncode == 0 else "vsftpd needs a mount namespace, which this machine does not allow"

    def command(self):
        (self.directory / "empty").mkdir()
        values = {
            "listen": "YES", "listen_address": self.host, "listen_port": self.port, "background": "NO",
            "anonymous_enable": "NO", "local_enable": "YES", "write_enable": "YES", "local_umask": "022",
            "chroot_local_user": "YES", "allow_writeable_chroot": "YES", "connect_from_port_20": "NO",
            "pam_service_name": "vsftpd", "secure_chroot_dir": self.directory / "empty",
            "pasv_min_port": self.passive[0], "pasv_max_port": self.passive[-1],
            "seccomp_sandbox": "NO", "isolate": "NO", "isolate_network": "NO", "delay_failed_login": "0",
            "xferlog_enable": "YES", "dual_log_enable": "YES", "log_ftp_protocol": "YES",
            "vsftpd_log_file": self.directory / "vsftpd.log", "xferlog_file": self.directory / "transfers.log",
        }
        if self.swift:
            values |= {"xferlog_enable": "NO", "dual_log_enable": "NO", "log_ftp_protocol": "NO", "max_clients": 0,
                       "max_per_ip": 0}
        if self.tls:
            values |= {"ssl_enable": "YES", "force_local_logins_ssl": "NO", "force_local_data_ssl": "NO",
                       "rsa_cert_file": self.certificate, "rsa_private_key_file": self.key}
        config = self.directory / "vsftpd.conf"
        config.write_text(_settings(values, "="))
        mounts = [f"mount --bind {mine} {real}" for mine, real in self._who_may_log_in()]
        return ["unshare", "-m", "sh", "-c", " && ".join([*mounts, f"exec {UNPACKED}/usr/sbin/vsftpd {config}"])]

    def _who_may_log_in(self):
        """(file of ours, what it takes the place of)."""
        services = self.directory / "pam.d"
        services.mkdir()
        (services / "vsftpd").write_text(
            "auth required pam_unix.so\naccount required pam_permit.so\nsession required pam_permit.so\n")
        passwd, shadow = self.directory / "passwd", self.directory / "shadow"
        passwd.write_text(pathlib.Path("/etc/passwd").read_text()
                          + f"{self.user}:x:{NOBODY}:{NOBODY}::{self.root}:/bin/sh\n")
        shadow.touch(0o600)
        shadow.write_text(f"{self.user}:{self.hashed()}:19000:0:99999:7:::\n")
        return [(services, "/etc/pam.d"), (passwd, "/etc/passwd"), (shadow, "/etc/shadow")]


class Proftpd(Peer):
    """Has everything: MLSD, MFMT and MFF, HASH and the X commands (mod_digest), SITE UTIME. REST beyond the end is 554.
    Data connections must resume the control connection's TLS session."""

    name = "proftpd"
    offers = frozenset({"REST STREAM", "SIZE", "MDTM", "SITE CHMOD", "MLSD", "MFMT", "HASH", "XCRC", "XMD5", "XSHA256", "RANG"})

    def command(self):
        users = self.directory / "users"
        users.touch(0o600)
        users.write_text(f"{self.user}:{self.hashed()}:{NOBODY}:{NOBODY}::{self.root}:/bin/sh\n")
        values = {
            "ServerName": "test", "ServerType": "standalone", "DefaultAddress": self.host, "SocketBindTight": "on",
            "Port": self.port, "PassivePorts": f"{self.passive[0]} {self.passive[-1]}", "UseIPv6": "off",
            "UseReverseDNS": "off", "User": "nobody", "Group": "nogroup", "PidFile": self.directory / "pid",
            "ScoreboardFile": "none", "DelayEngine": "off", "WtmpLog": "off", "AuthOrder": "mod_auth_file.c",
            "SystemLog": self.directory / "proftpd.log", "TransferLog": "none", "AuthUserFile": users,
            "RequireValidShell": "off", "DefaultRoot": "~", "AllowOverwrite": "on", "AllowStoreRestart": "on",
            "Umask": "022", "TimesGMT": "on", "ControlsEngine": "off",
            "ModulePath": UNPACKED / "usr/lib/proftpd",
        }
        if self.swift:
            values["SystemLog"] = "none"
        config = self.directory / "proftpd.conf"
        config.write_text(_settings(values, " ") + "LoadModule mod_digest.c\nDigestEngine on\n" + self._tls())
        return [UNPACKED / "usr/sbin/proftpd", "--nodaemon", "--quiet", "--config", config]

    def _tls(self):
        kind = "EC" if "BEGIN EC" in self.key.read_text() else "RSA"
        return "" if not self.tls else "LoadModule mod_tls.c\n" + _settings(
            {"TLSEngine": "on", "TLSRequired": "off", f"TLS{kind}CertificateFile": self.certificate,
             f"TLS{kind}CertificateKeyFile": self.key, "TLSLog": "none" if self.swift else self.directory / "tls.log"}, " ")


class PureFtpd(Peer):
    """Has MLSD and MFMT, no checksums. Cuts listings after 10,000 entries without an error. REST beyond the end, then
    STOR, appends. PWD does not double quotes. Leading and trailing blanks of names become underscores.
    LIST shows `.` and `..`."""

    name = "pureftpd"
    offers = frozenset({"REST STREAM", "SIZE", "MDTM", "SITE CHMOD", "MLSD", "MFMT"})

    def command(self):
        users, database = self.directory / "users", self.directory / "users.pdb"
        # Made here because the hash that pure-pw makes costs seconds at each login.
        users.write_text(f"{self.user}:{self.hashed()}:{NOBODY}:{NOBODY}::{self.root}/./" + ":" * 12 + "\n")
        subprocess.run([UNPACKED / "usr/bin/pure-pw", "mkdb", database, "-f", users], capture_output=True, check=True)
        options = ["-S", f"{self.host},{self.port}", "-l", f"puredb:{database}", "-A", "-E", "-H", "-D", "-u", "1",
                   "-U", "133:022", "-g", self.directory / "pid", "-f", "none"]
        # It takes no more sessions than half of the passive ports, and any port when it is given none.
        options += ["-c", "15000", "-L", "15000:1"] if self.swift else ["-d", "-p", f"{self.passive[0]}:{self.passive[-1]}"]
        if self.tls:
            options += ["-Y", "1", "-2", f"{self.certificate},{self.key}"]
        return [UNPACKED / "usr/sbin/pure-ftpd", *options]


class Pyftpdlib(Peer):
    """Has MLSD and MFMT, no checksums. LIST does not know options. UNIX.mode reads 0o644. Answers QUIT before the end of a
    transfer. One thread serves everybody. Over TLS it resets data connections on which the handshake begins before the
    transfer command, as it does with libcurl 7.87 and later."""

    name = "pyftpdlib"
    needs_root = False
    offers = frozenset({"REST STREAM", "SIZE", "MDTM", "SITE CHMOD", "MLSD", "MFMT"})

    def command(self):
        # It makes a list of the ports at each transfer.
        last = min(self.passive[-1], self.passive[0] + 999)
        words = ["/usr/bin/python3", SUPPORT / "pyftpd.py", self.host, self.port, self.passive[0], last, self.root, self.user,
                 self.password]
        if self.tls:
            words += ["--certificate", self.certificate, "--key", self.key]
        return [*words, "--quiet"] if self.swift else words


PEERS = {peer.name: peer for peer in (Vsftpd, Proftpd, PureFtpd, Pyftpdlib)}
