"""Object stores that refuse, lie, lose answers, stall or go away while a client uploads: never a false 226.

Whenever 226 was said, what the store holds is compared with what was sent; whenever it was not, the old object (or
nothing) is there, no multipart upload is left open, and the same upload succeeds once the store is well again.
"""

import threading
import time

from harness import (
    LARGE, PROMPT, SMALL, Server, Servers, case, check_published, check_same, close_cleanly, content, fresh_path,
    impatient, wait_until,
)

FOR_EVER = 100_000


def server_for(store):
    return Servers.get(store, store_settings=impatient(), transfer={"interrupted_upload": "discard"},
                       server={"memory_budget": "32MiB"})


class Fault:
    """Rules for the fake store, and which replies are honest.

    uncertain: after 4yz the new object may be there; spoils: the old one is lost, as the store damaged its successor;
    leftover: a multipart upload stays open, because nobody heard of it or a Complete may still be at work.
    Only a store that says the CRC-64 of the whole (COS) can be caught at spoiling it when it joins the parts.
    """

    def __init__(self, name, rules, codes, size="small", uncertain=False, spoils=False, leftover=False, stores=("s3", "cos")):
        self.name, self.rules, self.codes, self.size = name, rules, codes, size
        self.uncertain, self.spoils, self.leftover, self.stores = uncertain, spoils, leftover, stores

    @property
    def __name__(self):
        return self.name.replace(" ", "-")


def put(action, times=1, **more):
    return [dict(op="PutObject", action=action, times=times, **more)]


def part(action, times=1, **more):
    return [dict(op="UploadPart", action=action, times=times, **more)]


def complete(action, times=1, **more):
    return [dict(op="CompleteMultipartUpload", action=action, times=times, **more)]


OK, LATER, REFUSED = (226,), (450, 451), (550,)
UNAVAILABLE = {"status": 503, "code": "ServiceUnavailable"}
FORBIDDEN = {"status": 403, "code": "AccessDenied"}

FAULTS = [
    Fault("Put 503 three times", put("error", 3, **UNAVAILABLE), (226, 451)),
    Fault("Put SlowDown once", put("error"), OK),
    Fault("Put 503 for ever", put("error", FOR_EVER, **UNAVAILABLE), LATER),
    Fault("Put SlowDown for ever", put("error", FOR_EVER), LATER),
    Fault("Put early 503 once", put("early_error", 1, **UNAVAILABLE), OK),
    Fault("Put 403", put("error", FOR_EVER, **FORBIDDEN), REFUSED),
    Fault("Put early 403", put("early_error", FOR_EVER, **FORBIDDEN), (550, 451)),
    Fault("Put reset once", put("reset"), OK),
    Fault("Put reset in mid-body once", put("reset_request", 1, bytes=50_000), OK),
    Fault("Put reset for ever", put("reset", FOR_EVER), LATER),
    Fault("Put done, answer lost once", put("execute_then_reset"), OK),
    Fault("Put done, answer lost for ever", put("execute_then_reset", FOR_EVER), (226, 451), uncertain=True),
    Fault("Put done, answer 500", put("execute_then_error", 1, status=500, code="InternalError"), OK),
    Fault("Put corrupted", put("corrupt", 1), (226, 451)),
    Fault("Put corrupted for ever", put("corrupt", FOR_EVER), LATER, spoils=True),
    Fault("Put wrong ETag", put("wrong_etag"), (226, 450, 451), uncertain=True),
    Fault("Put stalls once", put("stall"), (226, 451)),
    Fault("Put stalls for ever", put("stall", FOR_EVER), LATER),
    Fault("every request 503", [dict(action="error", times=FOR_EVER, **UNAVAILABLE)], LATER),
    Fault("every request stalls", [dict(action="stall", times=FOR_EVER)], LATER),
    Fault("every request reset", [dict(action="reset", times=FOR_EVER)], LATER),
    Fault("Create 503 for ever", [dict(op="CreateMultipartUpload", action="error", times=FOR_EVER, **UNAVAILABLE)],
          LATER, "large"),
    Fault("Create 403", [dict(op="CreateMultipartUpload", action="error", times=FOR_EVER, **FORBIDDEN)],
          REFUSED, "large"),
    Fault("Create done, answer lost", [dict(op="CreateMultipartUpload", action="execute_then_reset", times=1)], OK,
          "large", leftover=True),
    Fault("part 503 twice", part("error", 2, **UNAVAILABLE), OK, "large"),
    Fault("part 503 for ever", part("error", FOR_EVER, **UNAVAILABLE), LATER, "large"),
    Fault("second part 403", part("error", FOR_EVER, skip=1, **FORBIDDEN), REFUSED, "large"),
    Fault("part reset in mid-body once", part("reset_request", 1, bytes=3_000_000), OK, "large"),
    Fault("part done, answer lost", part("execute_then_reset"), OK, "large"),
    Fault("part corrupted", part("corrupt"), (226, 451), "large"),
    Fault("part corrupted for ever", part("corrupt", FOR_EVER), LATER, "large"),
    Fault("part wrong ETag", part("wrong_etag"), (226, 450, 451, 553), "large"),
    Fault("part stalls once", part("stall"), (226, 451), "large"),
    Fault("part stalls for ever", part("stall", FOR_EVER), LATER, "large"),
    Fault("Complete 503 twice", complete("error", 2, **UNAVAILABLE), OK, "large"),
    Fault("Complete 503 for ever", complete("error", FOR_EVER, **UNAVAILABLE), LATER, "large", leftover=True),
    Fault("Complete 403", complete("error", FOR_EVER, **FORBIDDEN), REFUSED, "large"),
    Fault("Complete done, answer lost", complete("execute_then_reset"), OK, "large"),
    Fault("Complete done, answer lost for ever", complete("execute_then_reset", FOR_EVER), OK, "large"),
    Fault("Complete done, answer 500", complete("execute_then_error", 1, status=500, code="InternalError"), OK, "large"),
    Fault("Complete 200 with an error once", complete("ok_with_error", 1, code="InternalError"), OK, "large"),
    Fault("Complete 200 with an error for ever", complete("ok_with_error", FOR_EVER, code="InternalError"), LATER,
          "large", leftover=True),
    Fault("Complete corrupts", complete("corrupt"), LATER, "large", spoils=True, stores=("cos",)),
    Fault("Complete wrong ETag", complete("wrong_etag"), (226, 450, 451), "large", uncertain=True),
]
SHORT = {"Put 503 three times", "Put 403", "Put done, answer lost once", "Put corrupted", "part corrupted",
         "Complete done, answer lost", "Complete 200 with an error for ever", "part stalls for ever"}


def variants():
    return [(store, fault) for fault in FAULTS for store in fault.stores]


def upload(server, path, data, codes):
    """The last reply's code; 150 may be missing when the store was asked before."""
    with server.connect() as session:
        channel = session.open_data(session.passive())
        answer = session.command(f"STOR {path}")
        if answer.code == 150:
            try:
                channel.sendall(data)
            except OSError:
                pass  # the server refused the rest; its reply says why
            close_cleanly(channel)
            answer = session.reply()
        session.check("STOR with a failing store", answer, codes)
        session.command("NOOP", 200)
        return answer.code


@case(*[(store, verify) for store in ("s3", "cos") for verify in ("auto", "strong", "size")],
      short=lambda store, verify: store == "s3" or verify == "size")
def spoiling_store(store, verify):
    """A store that damages what it is sent and says nothing: found out by every kind of verification that sees content.

    With "size" that is the CRC-64 that COS answers by itself; on S3 nothing is promised but the size.
    """
    server = Servers.get(store, transfer={"interrupted_upload": "discard", "verify": verify})
    for size, spoil in ((SMALL, put), (LARGE, part)):
        path, data = fresh_path("spoilt"), content(size)
        with server.connect():
            pass
        server.fault(**spoil("corrupt", FOR_EVER)[0])
        if store == "s3" and verify == "size":
            upload(server, path, data, OK)
            assert len(server.object(path)) == size and server.object(path) != data, "the store damages nothing"
        else:
            upload(server, path, data, LATER)
            assert server.object(path) is None, "a wrong object is published"
        server.forgive()
        before = heads(server, path)
        upload(server, path, data, OK)
        check_same(data, server.object(path), "226, but the store has")
        looks = verify == "strong" or (store, verify, size) == ("s3", "size", SMALL)
        assert heads(server, path) - before == looks, f"{heads(server, path) - before} HEAD requests"


def heads(server, path):
    return sum(f"/{path} " in line for line in server.requests("HeadObject"))


@case(*variants(), short=lambda store, fault: store == "s3" and fault.name in SHORT)
def failing_store(store, fault):
    endure(server_for(store), fault)


# On a store that checks parts by CRC-32C no MD5 goes with them.
CHECKING = [
    Fault("part corrupted", part("corrupt"), OK, "large"),
    Fault("part corrupted for ever", part("corrupt", FOR_EVER), LATER, "large"),
    Fault("second part corrupted for ever", part("corrupt", FOR_EVER, skip=1), LATER, "large"),
    Fault("part wrong CRC-32C", part("wrong_crc"), OK, "large"),
    Fault("part wrong CRC-32C for ever", part("wrong_crc", FOR_EVER), LATER, "large"),
    Fault("second part without CRC-32C", part("no_crc", skip=1), OK, "large"),
    Fault("parts without CRC-32C", part("no_crc", FOR_EVER), OK, "large"),
    Fault("part done, answer lost", part("execute_then_reset"), OK, "large"),
    Fault("Complete done, answer lost", complete("execute_then_reset"), OK, "large"),
    Fault("Complete wrong ETag", complete("wrong_etag"), (226, 450, 451), "large", uncertain=True),
]


def checking_server():
    return Server("s3", store_settings=impatient(), transfer={"interrupted_upload": "discard"},
                  store_arguments=("--crc32c",))


@case(*[(fault,) for fault in CHECKING], short=lambda fault: "corrupted for ever" in fault.name)
def checking_store(fault):
    with checking_server() as server:
        upload(server, "known.bin", content(LARGE, 2), OK)
        endure(server, fault)


@case((), short=True)
def store_that_refuses_to_check():
    """The upload is begun again without the question, which is not asked again."""
    with checking_server() as server:
        for name in ("known.bin", "refused.bin", "later.bin"):
            if name == "refused.bin":
                server.fault(op="CreateMultipartUpload", action="error", times=1, status=400, code="InvalidArgument")
            upload(server, name, content(LARGE, 2), OK)
            check_published(server, name, content(LARGE, 2))


def endure(server, fault):
    new, old = content(LARGE if fault.size == "large" else SMALL), content(SMALL // 3, 5)
    for before in (None, old):
        path = fresh_path("fault")
        if before:
            upload(server, path, before, OK)
        else:
            with server.connect():
                pass  # the session's first look at the bucket is not what is tested
        for rule in fault.rules:
            server.fault(**rule)
        code = upload(server, path, new, fault.codes)
        server.forgive()
        stored = server.object(path)
        if code == 226:
            check_same(new, stored, "226, but the store has")
        elif fault.uncertain:
            assert stored in (new, before), "the store has a mixture"
        elif fault.spoils:
            assert stored in (None, before), "a wrong object is published"
        else:
            check_same(before, stored, f"{code}, but the store has")
        server.settle()
        wait_until(lambda path=path: fault.leftover or not server.open_uploads(path), "open uploads go away", 5)
        upload(server, path, new, OK)
        check_published(server, path, new)


@case(("s3",), ("cos",), short=lambda store: store == "s3")
def unreachable_store(store):
    with Server(store, store_settings=impatient(), transfer={"interrupted_upload": "discard"}) as server:
        path, old = fresh_path("gone"), content(SMALL, 5)
        upload(server, path, old, OK)
        session = server.connect()
        endpoint = server.fake.endpoint
        server.fake.process.kill()  # our own child
        server.fake.process.wait()
        channel = session.open_data(session.passive())
        answer = session.command(f"STOR {path}")
        if answer.code == 150:
            channel.sendall(content(SMALL))
            close_cleanly(channel)
            answer = session.reply()
        session.check("STOR", answer, 451)
        session.command("NOOP", 200)
        session.command(f"SIZE {path}", 451)
        session.close()
        assert endpoint.removeprefix("http://") in server.log() or "refused" in server.log(), "the log does not say why"
        server.settle()


@case((), short=True)
def other_sessions_live_while_the_store_hangs():
    """One lane, one store request that hangs: nobody else waits, nor does this session's own NOOP."""
    with Server("s3", server={"lanes": 1}, store_settings={"request_timeout": f"{PROMPT + 5}s"}) as server:
        hanging, other = server.connect(), server.connect()
        upload(server, "seen.bin", content(SMALL), OK)
        server.fault(op="PutObject", key="hang", action="stall", times=1)
        server.fault(op="GetObject", key="hang", action="stall", times=1)
        channel = hanging.transfer("STOR hang.bin")
        channel.sendall(content(SMALL))
        close_cleanly(channel)
        for session in (hanging, other):
            for verb, code in (("NOOP", 200), ("STAT", 211)):
                begun = time.monotonic()
                session.command(verb, code)
                took = time.monotonic() - begun
                assert took < PROMPT, f"{verb} took {took:.1f} s"
        begun = time.monotonic()
        check_same(content(SMALL), other.retrieve("RETR seen.bin"), "RETR beside a hanging upload")
        assert time.monotonic() - begun < PROMPT
        hanging.close()
        other.close()
        server.settle(limit=60)  # what has been decided is done, however long the store takes


@case(("s3",))
def many_failures_give_the_memory_back(store):
    """Uploads that fail side by side, again and again, then one that must not be slowed by what they took."""
    with Server(store, store_settings=impatient(), server={"memory_budget": "16MiB"},
                transfer={"interrupted_upload": "discard"}) as server:
        server.fault(op="UploadPart", action="error", status=403, code="AccessDenied", times=FOR_EVER)
        codes = []

        def one():
            codes.append(upload(server, fresh_path("failing"), content(LARGE), (550, 451)))

        for _ in range(3):
            threads = [threading.Thread(target=one) for _ in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert len(codes) == 9, f"only {len(codes)} of 9 uploads were answered honestly"
        server.forgive()
        server.settle()
        assert not server.open_uploads()
        begun = time.monotonic()
        upload(server, "well.bin", content(LARGE), OK)
        assert time.monotonic() - begun < 15, "an upload after failed ones is slow: memory is missing"
        check_published(server, "well.bin", content(LARGE))


@case((), short=True)
def a_prefix_that_bears_fifty_requests_a_second():
    """COS answers SlowDown beyond 50 a second below one prefix: all sessions slow down, every file arrives, and the log
    says so once."""
    with Server("cos", store_arguments=("--prefix-rate", "50")) as server:
        failures = []

        def upload(number):
            try:
                with server.connect() as session:
                    for n in range(15):
                        session.store(f"STOR hot/{number}-{n}.bin", content(1000, n))
            except Exception as problem:  # of a thread: nobody else would see it
                failures.append(problem)

        with server.connect() as session:
            session.command("MKD hot", 257)
        threads = [threading.Thread(target=upload, args=(n,)) for n in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures, failures[0]
        assert len([key for key in server.fake.keys() if key.startswith("hot/") and key != "hot/"]) == 180
        log = server.log()
        assert log.count("store asks to slow down") == 1, log[-3000:]
        line = next(line for line in log.splitlines() if "store asks to slow down" in line)
        assert " warning " in line and f"bucket={server.fake.bucket}" in line, line
