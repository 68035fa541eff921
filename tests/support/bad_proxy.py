"""A proxy on 127.0.0.2 in front of an FTP server on 127.0.0.1, that misbehaves when a test says so.

It listens on the server's control port and on all of its passive ports, under the same numbers: so data connections pass
through it too, in clear and over TLS, and no reply is rewritten. A client that believes the address in a 227 reply goes
past it. Data connections are told by what flows through them, not by the commands behind them.

What it does is bound to counts of bytes, commands and replies, never to time. Its own thread runs it.
"""

import asyncio
import contextlib
import dataclasses
import socket
import struct
import threading
import time

HOST = "127.0.0.2"
CHUNK = 1 << 16
UP, DOWN = "up", "down"  # from the client to the server, and back
CLOSE = "close"  # who receives gets FIN after the last byte; who sends finds that nobody reads any more
RESET = "reset"  # RST to both
STALL = "stall"  # nothing flows, nothing closes
_APPLICATION_DATA = 0x17


@dataclasses.dataclass(eq=False)
class Fault:
    """What is to happen, and to whom. Made by BadProxy.on_data and on_control."""

    do: str
    skip: int  # connections, commands or replies that fit and are spared first
    times: int  # how often it happens then
    happened: int = 0
    changed: threading.Condition = dataclasses.field(default_factory=threading.Condition)
    released: threading.Event = dataclasses.field(default_factory=threading.Event)

    def take(self):
        """True when it is this one's turn; counts."""
        with self.changed:
            if self.skip > 0:
                self.skip -= 1
                return False
            if self.happened >= self.times:
                return False
            self.happened += 1
            self.changed.notify_all()
            return True

    def wait(self, count=1, limit=60):
        """Until it has happened so often."""
        with self.changed:
            if not self.changed.wait_for(lambda: self.happened >= count, limit):
                raise AssertionError(f"not within {limit} s: {self.do} {count} times; it was {self.happened}")

    def release(self):
        """What stalls flows again."""
        self.released.set()


@dataclasses.dataclass(eq=False)
class DataFault(Fault):
    after: int = 0  # bytes
    way: str = DOWN


@dataclasses.dataclass(eq=False)
class ControlFault(Fault):
    command: str | None = None
    reply: str | None = None
    deliver: bool = False

    def fits(self, way, unit, secure):
        if way == UP and self.command is not None:
            return not secure and unit.split(b" ")[0].strip().upper() == self.command.encode()
        if way == DOWN and self.reply is not None:
            return not secure and unit.startswith(self.reply.encode() + b" ")
        # Any command: a line, or a record of TLS.
        return way == UP and self.reply is None and (not secure or unit[0] == _APPLICATION_DATA)


class Passage:
    """One connection through the proxy: kind ("control" or "data"), and how many bytes flowed each way."""

    def __init__(self, kind, client, server):
        self.kind, self.client, self.server = kind, client, server
        self.flowed = {UP: 0, DOWN: 0}
        self.begun, self.ended = time.monotonic(), None
        self.secure = False  # a control connection after AUTH
        self.asked_for_tls = False
        self.stalled_by = None
        self.met = set()  # the data faults that have looked at it
        self.task = None
        self.end = CLOSE  # how both sides are told that it is over

    def close(self):
        for side in (self.client, self.server):
            if self.end == RESET:
                with contextlib.suppress(OSError):
                    side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            side.close()


class _Ended(Exception):
    """The passage is at its end by a fault: what it does, and which way flowed what brought it about."""


class BadProxy:
    """Runs from its making to stop(). `server` has a port and `passive`, its range of ports for data."""

    def __init__(self, server):
        self.host, self.port = HOST, server.port
        self.passages = []  # all since the beginning, in their order
        self.latency = 0  # seconds that each round trip takes longer; for connections that begin later
        self.rate = 0  # bytes a second and direction, for each data connection; 0: no limit
        self._faults = []
        self._ports = {"control": [server.port], "data": list(server.passive)}
        self._listeners = {"control": [], "data": []}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        for kind in self._ports:
            self.accept(kind)

    @property
    def address(self):
        return (self.host, self.port)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self._call(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    # ---- what a test may ask for

    def on_data(self, do, after, way=DOWN, skip=0, times=1):
        """`do` happens to a data connection once exactly `after` bytes have flowed that way (RST may overtake the last). Connections that carry
        less (listings of few names) are not concerned and do not count."""
        return self._add(DataFault(do, skip, times, after=after, way=way))

    def on_control(self, do, command=None, reply=None, deliver=False, skip=0, times=1):
        """`do` happens to a control connection instead of passing on a command ("RETR"; None: any) or the last line of a
        reply ("226"); deliver: after having passed it on. Over TLS only "any command" is known, as a record from the
        client; the end of a TLS 1.3 handshake is one too."""
        return self._add(ControlFault(do, skip, times, command=command, reply=reply, deliver=deliver))

    def forgive(self):
        """No faults, limits or latency any more; what stalls flows again."""
        faults, self._faults = self._faults, []
        for fault in faults:
            fault.release()
        self.latency = self.rate = 0

    def refuse(self, kind):
        """New connections of this kind are refused by the kernel, until accept."""
        self._call(self._unlisten(kind))

    def accept(self, kind):
        self._call(self._listen(kind))

    def cut_all(self):
        """RST to every open connection."""
        self._call(self._reset_all())

    def of_kind(self, kind):
        return [passage for passage in self.passages if passage.kind == kind]

    def _add(self, fault):
        self._faults.append(fault)
        return fault

    # ---- in the proxy's thread

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    async def _listen(self, kind):
        if self._listeners[kind]:
            return
        for port in self._ports[kind]:
            listener = socket.create_server((HOST, port), backlog=128)
            listener.setblocking(False)
            task = self._loop.create_task(self._accept_all(kind, listener, port))
            self._listeners[kind].append((listener, task))

    async def _unlisten(self, kind):
        listeners, self._listeners[kind] = self._listeners[kind], []
        for listener, task in listeners:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            listener.close()

    async def _reset_all(self):
        open_ones = [passage for passage in self.passages if passage.ended is None]
        for passage in open_ones:
            passage.end = RESET
            passage.task.cancel()
        await asyncio.gather(*(passage.task for passage in open_ones), return_exceptions=True)

    async def _stop(self):
        for kind in self._ports:
            await self._unlisten(kind)
        await self._reset_all()

    async def _accept_all(self, kind, listener, port):
        while True:
            client, _ = await self._loop.sock_accept(listener)
            passage = Passage(kind, client, socket.socket())
            passage.task = self._loop.create_task(self._serve(passage, port))
            self.passages.append(passage)

    async def _serve(self, passage, port):
        client, server = passage.client, passage.server
        pumps = []
        try:
            for side in (client, server):
                side.setblocking(False)
                side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await self._loop.sock_connect(server, ("127.0.0.1", port))
            pumps = [self._loop.create_task(self._pump(passage, UP, client, server)),
                     self._loop.create_task(self._pump(passage, DOWN, server, client))]
            await asyncio.gather(*pumps)
        except OSError:
            passage.end = RESET  # as one side did, or has nobody listening
        except _Ended as fault:
            await self._end(pumps)
            passage.end = fault.args[0]
            if passage.end == CLOSE:
                await self._say_goodbye(*((client, server) if fault.args[1] == UP else (server, client)))
        finally:
            await self._end(pumps)
            passage.close()
            passage.ended = time.monotonic()

    @staticmethod
    async def _end(pumps):
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)

    async def _pump(self, passage, way, source, target):
        pipe = _Pipe(self._loop, target, self.latency / 2)
        units = _Units(passage, way)
        try:
            while chunk := await self._loop.sock_recv(source, self._most()):
                if passage.kind == "data":
                    await self._pass_data(passage, way, chunk, pipe)
                else:
                    for unit in units.split(chunk):
                        await self._pass_unit(passage, way, unit, pipe)
            await self._while_stalled(passage)
            await pipe.flush()
            target.shutdown(socket.SHUT_WR)
        finally:
            pipe.cancel()

    def _most(self):
        """Small pieces make an even rate."""
        return max(1024, min(CHUNK, self.rate // 100)) if self.rate else CHUNK

    async def _pass_data(self, passage, way, chunk, pipe):
        for fault in [one for one in self._faults if isinstance(one, DataFault) and one.way == way]:
            left = fault.after - passage.flowed[way]
            if left <= len(chunk) and fault not in passage.met:
                passage.met.add(fault)
                if fault.take():
                    await self._send(passage, way, chunk[:left], pipe)
                    await self._do(fault, passage, way, pipe)
                    chunk = chunk[left:]
        await self._send(passage, way, chunk, pipe)

    async def _pass_unit(self, passage, way, unit, pipe):
        for fault in [one for one in self._faults if isinstance(one, ControlFault)]:
            if fault.fits(way, unit, passage.secure) and fault.take():
                if fault.deliver:
                    await self._send(passage, way, unit, pipe)
                    unit = b""
                await self._do(fault, passage, way, pipe)
                break
        await self._send(passage, way, unit, pipe)

    async def _send(self, passage, way, chunk, pipe):
        await self._while_stalled(passage)
        passage.flowed[way] += len(chunk)
        await pipe.send(chunk, self.rate if passage.kind == "data" else 0)

    async def _do(self, fault, passage, way, pipe):
        await pipe.flush()
        if fault.do == STALL:
            passage.stalled_by = fault
            return
        raise _Ended(fault.do, way)

    async def _say_goodbye(self, sender, receiver):
        sender.close()
        with contextlib.suppress(OSError):
            receiver.shutdown(socket.SHUT_WR)
            # Read to its end, else the kernel would answer what it still sends with RST.
            while await self._loop.sock_recv(receiver, CHUNK):
                pass

    async def _while_stalled(self, passage):
        while passage.stalled_by and not passage.stalled_by.released.is_set():
            await asyncio.sleep(0.01)
        passage.stalled_by = None


class _Units:
    """Cuts a control connection's bytes into lines, and after AUTH into records of TLS."""

    def __init__(self, passage, way):
        self.passage, self.way = passage, way
        self.rest = b""

    def split(self, chunk):
        self.rest += chunk
        while size := self._next():
            unit, self.rest = self.rest[:size], self.rest[size:]
            self._watch_for_tls(unit)
            yield unit

    def _next(self):
        if self.passage.secure:
            size = 5 + int.from_bytes(self.rest[3:5], "big")
            return size if len(self.rest) >= max(5, size) else 0
        return self.rest.find(b"\n") + 1

    def _watch_for_tls(self, unit):
        if self.passage.secure:
            return
        if self.way == UP:
            self.passage.asked_for_tls = unit.upper().startswith(b"AUTH ")
        elif self.passage.asked_for_tls and unit.startswith(b"234 "):
            self.passage.secure = True


class _Pipe:
    """Sends pieces in their order, each later by the latency, at the rate that is asked for."""

    def __init__(self, loop, target, delay):
        self.loop, self.target, self.delay = loop, target, delay
        self.free_at = 0.0  # when the rate allows the next piece
        self.waiting = asyncio.Queue(256) if delay else None
        self.sender = loop.create_task(self._send_late()) if delay else None
        self.failure = None

    async def send(self, chunk, rate):
        if not chunk:
            return
        if rate:
            self.free_at = max(self.free_at, time.monotonic()) + len(chunk) / rate
            await asyncio.sleep(max(0.0, self.free_at - time.monotonic()))
        if self.sender is None:
            await self.loop.sock_sendall(self.target, chunk)
            return
        if self.failure:
            raise self.failure
        await self.waiting.put((time.monotonic() + self.delay, chunk))

    async def flush(self):
        if self.sender is not None:
            await self.waiting.join()

    def cancel(self):
        if self.sender is not None:
            self.sender.cancel()

    async def _send_late(self):
        while True:
            when, chunk = await self.waiting.get()
            await asyncio.sleep(max(0.0, when - time.monotonic()))
            try:
                if not self.failure:
                    await self.loop.sock_sendall(self.target, chunk)
            except OSError as failure:
                self.failure = failure
            self.waiting.task_done()
