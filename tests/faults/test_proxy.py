"""Each way to misbehave does what it says, over real sockets."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults.proxy import Proxy
from tests.services.ports import PATIENCE, wait_until
from tests.services.stream import ByteStream

pytestmark = pytest.mark.servers
SILENCE_SECONDS = 0.3


class Echo(socketserver.ThreadingTCPServer):
    """A server that sends back what it gets, and remembers it."""

    request_queue_size = 64
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), socketserver.BaseRequestHandler)
        self.got = bytearray()
        self.port: int = self.server_address[1]
        self._peers: set[socket.socket] = set()

    @property
    def open(self) -> int:
        """The number of its connections."""
        return len(self._peers)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._peers.add(request)
        super().process_request(request, client_address)

    def finish_request(self, request: Any, client_address: Any) -> None:
        with contextlib.suppress(OSError):
            while data := request.recv(65_536):
                self.got += data
                request.sendall(data)

    def shutdown_request(self, request: Any) -> None:
        self._peers.discard(request)
        super().shutdown_request(request)


@pytest.fixture
def echo() -> Iterator[Echo]:
    with Echo() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def proxy(echo: Echo) -> Iterator[Proxy]:
    with contextlib.closing(Proxy(echo.port)) as found:
        yield found


@contextlib.contextmanager
def connected(proxy: Proxy) -> Iterator[ByteStream]:
    """A connection through the proxy that has carried something both ways."""
    with dial(proxy) as peer:
        peer.send(b"hello")
        assert peer.read(5) == b"hello"
        yield peer


def dial(proxy: Proxy) -> ByteStream:
    return ByteStream(proxy.port, seconds=5)


def hears_nothing(peer: ByteStream) -> bool:
    peer.socket.settimeout(SILENCE_SECONDS)
    try:
        return peer.socket.recv(1) is None
    except TimeoutError:
        return True
    finally:
        peer.socket.settimeout(5 * PATIENCE)


def test_everything_passes_unchanged(proxy: Proxy) -> None:
    content = bytes(range(256)) * 8000
    with connected(proxy) as peer:
        threading.Thread(target=peer.send, args=(content,), daemon=True).start()
        assert peer.read(len(content)) == content


def test_a_close_is_passed_on(proxy: Proxy, echo: Echo) -> None:
    with connected(proxy):
        assert echo.open == 1
    wait_until(lambda: not echo.open, seconds=5, what="the server sees the client leave")


def test_a_client_that_leaves_at_once_leaves_nothing_behind(proxy: Proxy, echo: Echo) -> None:
    for _ in range(50):
        dial(proxy).close()
    with connected(proxy):  # comes after them
        wait_until(lambda: echo.open == 1, seconds=5, what="the server has only this one")
        wait_until(lambda: len(proxy.links) == 1, seconds=5, what="the proxy has only this one")


def test_a_delay_holds_back_both_ways_and_keeps_the_order(proxy: Proxy) -> None:
    with connected(proxy) as peer:
        proxy.delay = 0.1
        began = time.monotonic()
        for number in range(10):
            peer.send(b"%d" % number)
        assert peer.read(10) == b"0123456789"
        assert time.monotonic() - began >= 0.1  # half of it at least, each way


def test_bytes_after_a_delay_stay_in_order(proxy: Proxy) -> None:
    with connected(proxy) as peer:
        proxy.delay = 0.2
        peer.send(b"early")
        wait_until(lambda: any(link.delayed for link in proxy.links), seconds=5, what="it waits")
        proxy.heal()
        peer.send(b"later")
        assert peer.read(10) == b"earlylater"


def test_slices_arrive_whole_and_in_order(proxy: Proxy) -> None:
    proxy.slice_bytes = 7
    content = bytes(range(256)) * 20
    with connected(proxy) as peer:
        peer.send(content)
        assert peer.read(len(content)) == content


def test_a_reset_is_a_reset_to_both(proxy: Proxy, echo: Echo) -> None:
    with connected(proxy) as peer:
        assert proxy.reset_all() == 1
        with pytest.raises(ConnectionResetError):
            peer.socket.recv(1)
        wait_until(lambda: not echo.open, seconds=5, what="the server loses it")
    with connected(proxy):
        assert len(proxy.links) == 1


def test_a_black_hole_takes_everything_and_forwards_nothing(proxy: Proxy, echo: Echo) -> None:
    with connected(proxy) as peer:
        assert proxy.black_hole() == 1
        peer.send(b"x" * 1_000_000)  # all of it is acknowledged
        assert hears_nothing(peer)
        assert bytes(echo.got) == b"hello"
        with connected(proxy):  # new connections work
            assert hears_nothing(peer)
        proxy.heal()
        with pytest.raises(ConnectionResetError):
            peer.socket.recv(1)


def test_half_open_swallows_only_the_answers(proxy: Proxy, echo: Echo) -> None:
    with connected(proxy) as peer:
        proxy.half_open()
        peer.send(b"asked")
        wait_until(lambda: echo.got.endswith(b"asked"), seconds=5, what="the question arrives")
        assert hears_nothing(peer)
        with connected(proxy):
            assert hears_nothing(peer)


def test_a_refusal_ends_the_old_and_takes_no_new_until_it_is_healed(proxy: Proxy) -> None:
    with connected(proxy) as peer:
        proxy.refuse()
        with pytest.raises(ConnectionResetError):
            peer.socket.recv(1)
    with pytest.raises(ConnectionRefusedError):
        dial(proxy)
    proxy.heal()
    with connected(proxy):
        assert len(proxy.links) == 1


def test_a_link_is_dropped_after_a_number_of_bytes(proxy: Proxy, echo: Echo) -> None:
    with connected(proxy) as peer:
        proxy.drop_after(8)  # of both directions together
        peer.send(b"0123")
        with pytest.raises(ConnectionResetError):
            while peer.socket.recv(1):
                peer.send(b"!")
        wait_until(lambda: not echo.open, seconds=5, what="the server loses it")
    assert len(echo.got) <= len("hello") + 8


def test_a_target_that_is_away_resets_and_may_move(proxy: Proxy, echo: Echo) -> None:
    there, proxy.target = proxy.target, 1
    with pytest.raises(ConnectionResetError), dial(proxy) as peer:  # it may come while we dial
        peer.socket.recv(1)
    proxy.target = there
    with connected(proxy):
        assert echo.open == 1
