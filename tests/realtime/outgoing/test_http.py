"""What becomes of a call: each way in which it may end, on real sockets."""

from __future__ import annotations

import gc
import itertools
import json
import os
import socket
import ssl
import threading
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import h2.connection
import h2.events
import pytest

from hoardrun.demo.providers.certificate import write_certificate
from realtime.outgoing import Client, Outcome, Rules, client, http
from realtime.outgoing.http import MAX_ANSWER_BYTES
from tests.realtime.outgoing.servers import (
    Server,
    answer,
    answering,
    http2,
    read_request,
    reset,
    serving,
)

LOCAL = Rules(loopback=True)


Make = Callable[..., Client]


@pytest.fixture
def make() -> Iterator[Make]:
    """Make clients that may call this machine; they are closed at the end."""
    made: list[Client] = []

    def client(**options: Any) -> Client:
        made.append(Client(**{"rules": LOCAL, **options}))
        return made[-1]

    yield client
    for each in made:
        each.close()


@pytest.fixture
def caller(make: Make) -> Client:
    """A client that waits for whatever comes."""
    return make(connect_seconds=20, read_seconds=20)


@pytest.fixture
def impatient(make: Make) -> Client:
    """A client that waits for an answer only briefly, and for a connection long enough."""
    return make(connect_seconds=20, read_seconds=0.3)


def pair(folder: Path, host: str = "localhost") -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make the TLS of a server, and that of a client which trusts it."""
    write_certificate(folder, host)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(folder / "both.pem")
    server.set_alpn_protocols(["h2", "http/1.1"])
    return server, ssl.create_default_context(cafile=str(folder / "fullchain.pem"))


def test_an_answer_comes_back_whole(caller: Client) -> None:
    with serving(answering(answer(201, b"yes", "X-Id: 7", "Location: /m/1"))) as server:
        reply = caller.call("POST", server.url("/send?a=b"), body=b"hello")
    assert (reply.outcome, reply.status, reply.body) == (Outcome.ACCEPTED, 201, b"yes")
    assert (reply.headers["x-id"], reply.headers["location"]) == ("7", "/m/1")
    assert reply.is_whole and not reply.error and 0 < reply.seconds < 20


def test_a_request_is_what_was_asked_for(caller: Client) -> None:
    seen: list[tuple[bytes, bytes]] = []

    def script(connection: socket.socket) -> None:
        while True:
            seen.append(read_request(connection))
            connection.sendall(answer(200))

    with serving(script) as server:
        caller.call("POST", server.url("/a?b=c"), headers={"X-Key": "k"}, body=b"hello")
        caller.call("GET", server.url("/d"))
        caller.call("POST", server.url("/empty"))
    (head, body), (get, _), (empty, _) = seen
    assert head.startswith(b"POST /a?b=c HTTP/1.1\r\n") and body == b"hello"
    assert f"Host: 127.0.0.1:{server.port}".encode() in head
    assert b"X-Key: k" in head and b"Accept-Encoding: identity" in head
    assert b"content-length" not in get.lower()
    assert b"Content-Length: 0" in empty
    assert server.connections == 1  # it was kept


@pytest.mark.parametrize(
    ("status", "headers", "outcome", "seconds"),
    [
        (404, (), Outcome.REFUSED, None),
        (302, ("Location: http://127.0.0.1:1/inside",), Outcome.REFUSED, None),
        (429, ("Retry-After: 7",), Outcome.LATER, 7.0),
        (503, ("Retry-After: 120",), Outcome.LATER, 120.0),
        (503, (), Outcome.UNKNOWN, None),
        (500, (), Outcome.UNKNOWN, None),
    ],
)
def test_a_status_says_what_is_known(
    caller: Client, status: int, headers: tuple[str, ...], outcome: Outcome, seconds: float | None
) -> None:
    with serving(answering(answer(status, b"why", *headers))) as server:
        reply = caller.call("POST", server.url(), body=b"x")
    assert (reply.outcome, reply.status, reply.body) == (outcome, status, b"why")
    assert reply.retry_after_seconds == seconds
    assert server.connections == 1  # no redirect was followed, nothing was repeated


def test_nobody_listens(caller: Client) -> None:
    with serving(answering(b"")) as server:
        pass
    reply = caller.call("POST", server.url(), body=b"x")
    assert (reply.outcome, reply.error, reply.status) == (Outcome.NOT_SENT, "connect", None)


def test_a_host_that_does_not_exist(caller: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise socket.gaierror(-2, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    reply = caller.call("POST", "https://nowhere.example/", body=b"x")
    assert (reply.outcome, reply.error) == (Outcome.NOT_SENT, "dns")


def test_a_name_that_leads_inside_is_never_connected_to(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(answering(answer(200))) as server:
        inside = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: inside)
        reply = make(rules=Rules(ports=(server.port,))).call(
            "POST", f"https://rebound.example.com:{server.port}/", body=b"x"
        )
    assert (reply.outcome, reply.error) == (Outcome.REFUSED, "address")
    assert server.connections == 0


def test_a_url_that_leads_inside_is_refused_at_once(make: Make) -> None:
    with serving(answering(answer(200))) as server:
        reply = make(rules=Rules()).call("POST", server.url(), body=b"x")
    assert (reply.outcome, reply.error, server.connections) == (Outcome.REFUSED, "address", 0)


def test_no_answer_after_the_request_is_unknown(impatient: Client) -> None:
    def silent(connection: socket.socket) -> None:
        read_request(connection)
        server.ended.wait(60)

    with serving(silent) as server:
        reply = impatient.call("POST", server.url(), body=b"x")
    assert (reply.outcome, reply.error, reply.status) == (Outcome.UNKNOWN, "timeout", None)


def test_an_answer_that_trickles_ends_at_the_deadline(make: Make) -> None:
    def trickle(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 x\r\nX-Slow: ")
        for _ in range(600):  # then the answer breaks off, which is another error
            if server.ended.wait(0.1):
                return
            connection.sendall(b"a")

    with serving(trickle) as server:
        reply = make(connect_seconds=1, read_seconds=1).call("POST", server.url(), body=b"x")
    assert (reply.outcome, reply.error) == (Outcome.UNKNOWN, "timeout")


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 20", b"what?\r\n\r\n"])
def test_a_connection_that_breaks_before_an_answer_is_unknown(caller: Client, said: bytes) -> None:
    def cut(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(said)
        if not said:
            reset(connection)

    with serving(cut) as server:
        reply = caller.call("POST", server.url(), body=b"x")
    assert (reply.outcome, reply.error, reply.status) == (Outcome.UNKNOWN, "broken", None)


@pytest.mark.parametrize(
    ("status", "outcome"), [(200, Outcome.UNKNOWN), (400, Outcome.REFUSED), (429, Outcome.LATER)]
)
def test_an_answer_that_breaks_off(caller: Client, status: int, outcome: Outcome) -> None:
    def cut(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(answer(status, b"0123456789")[:-4])

    with serving(cut) as server:
        reply = caller.call("POST", server.url(), body=b"x")
    assert (reply.outcome, reply.status, reply.body) == (outcome, status, b"012345")
    assert not reply.is_whole


def test_of_a_large_answer_64_kib_are_read(caller: Client) -> None:
    with serving(answering(answer(200, b"x" * (3 * MAX_ANSWER_BYTES)))) as server:
        reply = caller.call("GET", server.url())
    assert (reply.outcome, len(reply.body)) == (Outcome.ACCEPTED, MAX_ANSWER_BYTES)
    assert not reply.is_whole


def test_a_caller_may_ask_for_larger_answers() -> None:
    caller = Client(rules=LOCAL, max_answer_bytes=4 * MAX_ANSWER_BYTES)
    with serving(answering(answer(200, b"x" * (3 * MAX_ANSWER_BYTES)))) as server:
        reply = caller.call("GET", server.url())
    caller.close()
    assert reply.is_whole
    assert len(reply.body) == 3 * MAX_ANSWER_BYTES


def test_a_kept_connection_that_was_closed_is_not_used(caller: Client) -> None:
    closed = threading.Event()

    def once(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(answer(200))
        connection.close()
        closed.set()

    with serving(once) as server:
        assert caller.call("POST", server.url(), body=b"1").outcome is Outcome.ACCEPTED
        assert closed.wait(20)
        assert caller.call("POST", server.url(), body=b"2").outcome is Outcome.ACCEPTED
    assert server.connections == 2


@pytest.mark.parametrize("header", ["a\r\nX-Evil: 1", "é" * 3 + "\u20ac"])
def test_a_header_that_http_cannot_carry_is_refused(caller: Client, header: str) -> None:
    with serving(answering(answer(200))) as server:
        reply = caller.call("POST", server.url(), headers={"X-A": header})
    assert (reply.outcome, reply.error) == (Outcome.REFUSED, "protocol")


def test_a_certificate_of_another_host_is_refused(make: Make, tmp_path: Path) -> None:
    server_tls, client_tls = pair(tmp_path, "elsewhere.example")
    seen: list[object] = []
    with serving(lambda connection: seen.append(connection), server_tls) as server:
        reply = make(tls=client_tls).call("POST", server.url(host="localhost"))
    assert (reply.outcome, reply.error) == (Outcome.NOT_SENT, "tls")


def test_a_certificate_that_nobody_signed_is_refused(make: Make, tmp_path: Path) -> None:
    server_tls, _ = pair(tmp_path)
    with serving(answering(answer(200)), server_tls) as server:
        reply = make().call("POST", server.url(host="localhost"), body=b"x")
    assert (reply.outcome, reply.error) == (Outcome.NOT_SENT, "tls")


def test_http_2(make: Make, tmp_path: Path) -> None:
    server_tls, client_tls = pair(tmp_path)
    seen: list[dict[bytes, bytes]] = []

    def handle(state: h2.connection.H2Connection, request: h2.events.RequestReceived) -> None:
        seen.append(dict(request.headers or ()))
        body = json.dumps({"reason": "BadDeviceToken"}).encode()
        state.send_headers(request.stream_id or 0, [(":status", "400"), ("apns-id", "7")])
        state.send_data(request.stream_id or 0, body, end_stream=True)

    caller = make(http2=True, tls=client_tls)
    with serving(http2(handle), server_tls) as server:
        replies = [
            caller.call("POST", server.url("/3/device/x", "localhost"), body=b"{}")
            for _ in range(2)
        ]
        with ThreadPoolExecutor(1) as other:  # a thread has connections of its own
            url = server.url("/3/device/y", "localhost")
            replies.append(other.submit(caller.call, "POST", url, body=b"{}").result())
    assert {(reply.outcome, reply.status) for reply in replies} == {(Outcome.REFUSED, 400)}
    assert replies[0].headers["apns-id"] == "7" and b"BadDeviceToken" in replies[0].body
    assert seen[0][b":path"] == b"/3/device/x" and server.connections == 1


@pytest.mark.parametrize(
    ("code", "outcome"), [(7, Outcome.NOT_SENT), (2, Outcome.UNKNOWN)], ids=["refused", "internal"]
)
def test_a_stream_of_http_2_that_is_reset(
    make: Make, tmp_path: Path, code: int, outcome: Outcome
) -> None:
    server_tls, client_tls = pair(tmp_path)

    def handle(state: h2.connection.H2Connection, request: h2.events.RequestReceived) -> None:
        state.reset_stream(request.stream_id or 0, error_code=code)

    with serving(http2(handle), server_tls) as server:
        caller = make(http2=True, tls=client_tls)
        reply = caller.call("POST", server.url(host="localhost"), body=b"x")
    assert (reply.outcome, reply.error) == (outcome, "broken")


def test_a_server_that_goes_away_before_the_request(make: Make, tmp_path: Path) -> None:
    server_tls, client_tls = pair(tmp_path)

    def handle(state: h2.connection.H2Connection, request: h2.events.RequestReceived) -> None:
        state.close_connection(last_stream_id=0)

    with serving(http2(handle), server_tls) as server:
        caller = make(http2=True, tls=client_tls)
        reply = caller.call("POST", server.url(host="localhost"), body=b"x")
    assert reply.outcome is Outcome.NOT_SENT


def test_threads_share_a_client(caller: Client) -> None:
    def echo(connection: socket.socket) -> None:
        while True:
            _, body = read_request(connection)
            connection.sendall(answer(200, body))

    with serving(echo) as server, ThreadPoolExecutor(8) as threads:
        bodies = [str(n).encode() for n in range(100)]
        replies = threads.map(lambda body: caller.call("POST", server.url(), body=body), bodies)
        assert [reply.body for reply in replies] == bodies
    assert server.connections <= 8


def test_connections_that_no_call_has_needed_for_long_are_closed(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = make()
    together, ended = threading.Barrier(3), threading.Event()

    def wait(connection: socket.socket) -> None:
        while connection.recv(65536):
            if not together.broken:
                together.wait(10)
            connection.sendall(answer(200))
        ended.set()

    with serving(wait) as server, ThreadPoolExecutor(2) as threads:
        calls = [threads.submit(caller.call, "GET", server.url()) for _ in range(2)]
        together.wait(10)  # both have asked
        assert [call.result().status for call in calls] == [200, 200]
        together.abort()
        assert not ended.is_set()
        monkeypatch.setattr(http, "IDLE_SECONDS", -1.0)
        assert caller.call("GET", server.url()).status == 200
        assert ended.wait(10)  # the other one
    assert server.connections == 2


def test_a_process_has_one_client_for_each_set_of_rules(settings: Any) -> None:
    assert client() is client()
    assert client(http2=True) is not client()
    strict = client()
    settings.DEBUG = True
    assert client() is not strict


def test_threads_that_ask_at_once_get_the_same_client() -> None:
    rules = Rules(hosts=("at-once.example",))  # that no other test asks for
    together = threading.Barrier(8)

    def ask() -> Client:
        together.wait(10)
        return client(rules)

    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(ask) for _ in range(8)]
    assert len({each.result() for each in asked}) == 1


def broken() -> Callable[[socket.socket], None]:
    """Serve as a partner in trouble: reset, refuse, cut off, send no HTTP, or go without a word."""
    turns = itertools.cycle(
        [
            answering(answer(500, b"x" * 10_000)),
            answering(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
            answering(b"\x00" * 5000),
            answering(answer(503, b"", "Retry-After: 3600")),
            reset,
            lambda connection: None,
        ]
    )
    lock = threading.Lock()

    def serve(connection: socket.socket) -> None:
        with lock:
            script = next(turns)
        script(connection)

    return serve


@pytest.mark.operated(number=22)
def test_a_partner_that_is_broken_for_an_hour_costs_no_memory(caller: Client) -> None:
    """An hour of calls each 6 seconds, after as many that fill what is kept once."""
    outcomes: Counter[Outcome] = Counter()

    def an_hour(server: Server) -> None:
        for number in range(600):
            reply = caller.call("POST", server.url(f"/send?n={number}"), body=b"hello" * 200)
            outcomes[reply.outcome] += 1

    def kept() -> tuple[int, int]:
        gc.collect()
        return tracemalloc.get_traced_memory()[0], len(os.listdir("/proc/self/fd"))

    with serving(broken()) as server:
        tracemalloc.start()
        try:
            an_hour(server)
            before, files = kept()
            an_hour(server)
            after, files_after = kept()
        finally:
            tracemalloc.stop()
    assert outcomes.total() == 1200 and Outcome.ACCEPTED not in outcomes, outcomes
    assert after - before < 100_000  # less than 170 bytes a call
    assert files_after <= files + 3
