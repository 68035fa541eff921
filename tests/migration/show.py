"""Prints what a reader may want to see: start-up with each published form, a session, an error, the requests."""

import subprocess

import examples
import test_requests
from ftp_wire import Connection, close_cleanly, read_all
from legacy import Legacy, Setup, change, check_file


class Shown(Connection):
    """Prints both sides of the control connection, the password excepted."""

    def send(self, data):
        line = data.rstrip("\r\n")
        print("C: " + ("PASS ***" if line.startswith("PASS ") else line))
        super().send(data)

    def reply(self):
        answer = super().reply()
        for line in answer.lines:
            print("S: " + line)
        return answer

    def download(self, line):
        data = self.transfer(line)
        body = read_all(data)
        data.close()
        self.expect(226)
        print("".join(f"   | {text}\n" for text in body.decode().splitlines()), end="")

    def upload(self, line, body, final=226):
        data = self.transfer(line)
        data.sendall(body)
        close_cleanly(data)
        self.expect(final)


def everything():
    for name, user, password in (("OLD_DIALECT", "user1", "pass1"), ("NEW_DIALECT", "user0", "pass0")):
        server = Legacy(getattr(examples, name))
        try:
            heading(f"{name}: gantryd --config conf/vsftpd.conf")
            print(shorter(server, server.log()))
            heading(f"{name}: a session")
            with Shown(server.address) as session:
                play(session, server, user, password)
            print("\nKeys in the bucket: " + ", ".join(server.photos.keys()))
        finally:
            server.end()
    show_errors()
    show_import()
    heading("Requests to the store (COS) for each operation")
    server = Legacy(test_requests.TEXT)
    try:
        print(test_requests.as_markdown(test_requests.table(server)))
    finally:
        server.end()


def play(session, server, user, password):
    server.photos.put("相册/사진 1.jpg", b"x" * 2048)
    session.expect(220)
    session.login(user, password)
    session.command("PWD")
    session.download("LIST")
    session.command("CWD 相册")
    session.download("MLSD")
    session.upload("STOR 报表.txt", b"2048 lines\n" * 100)
    session.command("SIZE 报表.txt")
    session.upload("APPE 报表.txt", b"one more\n")
    session.command("MDTM 报表.txt")
    session.command("RNFR 报表.txt")
    session.command("RNTO 二月.txt")
    session.command("CWD ..")
    session.command("RNFR 相册")
    session.command("RNTO 앨범")
    session.download("NLST 앨범")
    session.command("REST 2000")
    session.download("RETR 앨범/사진 1.jpg")
    session.command("MKD 새 폴더")
    session.command("RMD 새 폴더")
    session.command("DELE missing")
    session.command("QUIT")


def show_errors():
    heading("Wrong values: gantryd --config conf/vsftpd.conf")
    wrong = change(examples.NEW_DIALECT, listen_port="70000", authority="ALL", log_level="LOUD",
                   cos_bucket="{bucket name}-123")
    server = Legacy(wrong, started=False)
    try:
        status, output = check_file(server.config)
        print(shorter(server, output) + f"(exit code {status})")
    finally:
        server.end()


def show_import():
    heading("gantryd import conf/vsftpd.conf")
    server = Legacy(examples.OLD_DIALECT, started=False)
    try:
        done = subprocess.run([Setup.program("src/gantryd/gantryd"), "import", str(server.config)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
        print(shorter(server, done.stdout.decode()))
    finally:
        server.end()


def heading(text):
    print(f"\n==== {text}\n")


def shorter(server, text):
    return text.replace(str(server.directory) + "/", "")
