"""A join whose outcome nobody heard, on a real RADOS Gateway: there an Abort behind a Complete that had done its work
takes the object away again, so none may ever follow."""

import contextlib
import socket
import threading

from harness import Server, case, check_same, close_cleanly, content, fresh_path, reset, wait_until

PART = 5 << 20


class Middleman:
    """Between gantryd and the gateway: hands requests on one by one, and can keep the answers to itself."""

    def __init__(self, host, port):
        self.upstream = (host, port)
        self.requests = []  # first lines
        self.mute_from = None  # from the request on whose first line has all these words, no answer is handed back
        self.muted = False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        client.settimeout(60)
        with contextlib.suppress(OSError), client:
            head = b""
            while b"\r\n\r\n" not in head:
                block = client.recv(65536)
                if not block:
                    return
                head += block
            head, _, body = head.partition(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            self.requests.append(lines[0])
            fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
            if fields.get("expect"):
                client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            if self.mute_from and all(word in lines[0] for word in self.mute_from):
                self.muted = True
                answer = self.ask(client, lines, body, fields)  # the gateway does it
            elif self.muted:
                answer = b""
            else:
                answer = self.ask(client, lines, body, fields)
            if self.muted:
                reset(client)
            else:
                client.sendall(answer)

    def ask(self, client, lines, body, fields):
        """The whole answer. Neither header is signed."""
        kept = [line for line in lines if not line.lower().startswith(("connection:", "expect:"))]
        with socket.create_connection(self.upstream, 60) as gateway:
            gateway.sendall("\r\n".join([*kept, "Connection: close", "", ""]).encode("latin-1") + body)
            left = int(fields.get("content-length", 0)) - len(body)
            while left > 0:
                block = client.recv(min(left, 1 << 18))
                if not block:
                    return b""
                gateway.sendall(block)
                left -= len(block)
            answer = b""
            while block := gateway.recv(1 << 18):
                answer += block
            return answer


class Between(Server):
    """A gantryd that reaches the gateway through the middleman."""

    def _store_settings(self, *arguments):
        settings = super()._store_settings(*arguments)
        host, _, port = settings["endpoint"].removeprefix("http://").partition(":")
        self.middleman = Middleman(host, int(port))
        return {**settings, "endpoint": self.middleman.endpoint, "retry_deadline": "2s", "request_timeout": "5s",
                "join_timeout": "2s"}


def is_abort(line):
    return line.startswith("DELETE ") and "uploadId=" in line


@case((), limit=150)
def uncertain_join_is_never_aborted():
    with Between("rgw", transfer={"part_size": PART}) as server, contextlib.closing(server.middleman) as middleman:
        path, body = fresh_path("joined"), content(2 * PART + 777)
        middleman.mute_from = ("POST ", "uploadId=")
        with server.connect() as session:
            data = session.transfer(f"STOR {path}")
            data.sendall(body)
            close_cleanly(data)
            session.expect(451)
        joins = [line for line in middleman.requests if line.startswith("POST ") and "uploadId=" in line]
        assert joins and middleman.muted, middleman.requests
        middleman.mute_from, middleman.muted = None, False
        with server.connect() as session:
            wait_until(lambda: session.command(f"SIZE {path}").text == f"213 {len(body)}", "the whole file is there", 30)
            check_same(body, session.retrieve(f"RETR {path}"), "though nobody said so, the gateway has")
            # Whoever goes on where SIZE says, or begins again, gets what he wants, too.
            session.command(f"REST {len(body)}", 350)
            session.store(f"STOR {path}", b"")
            check_same(body, session.retrieve(f"RETR {path}"), "continued at its end, it is")
        assert not any(is_abort(line) for line in middleman.requests), middleman.requests
        with server.connect() as session:
            session.command(f"DELE {path}", 250)
