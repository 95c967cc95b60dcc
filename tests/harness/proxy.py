"""A TCP proxy on loopback whose connections a test can cut, stall and resume.

    proxy = Proxy(target_port=pg.port)
    proxy.cut()        # reset every open connection; new ones are welcome
    proxy.refuse()     # and no new ones, until accept()
    proxy.stall()      # connections stay open, nothing moves, until resume()
    proxy.heard        # what each client said first
"""

import selectors
import socket
import struct
import threading
from typing import Dict, List, Optional

from . import procs

CHUNK = 64 * 1024
HEARD = 16 * 1024    # bytes of a client that are remembered
LIMIT = 1024 * 1024  # bytes held for a peer that does not read, before we stop reading from the other


class _Half:
    """One socket of a connection, and the bytes waiting to be written to it."""

    def __init__(self, sock: socket.socket):
        self.sock = sock
        self.peer: "_Half" = self
        self.out = bytearray()
        self.ended = False  # the peer has sent all it will send
        self.heard = bytearray(HEARD)  # full: nothing (more) is remembered


class Proxy:
    """Forwards 127.0.0.1:port to 127.0.0.1:target_port, in a thread of its own."""

    def __init__(self, port: Optional[int] = None, target_port: Optional[int] = None):
        self.port = port or procs.reserve_port()
        self.target_port = target_port
        self.accepted = 0  # connections so far
        self.heard: List[bytearray] = []  # the first bytes of the client of each
        self._forwarded = 0
        self._halves: Dict[int, _Half] = {}
        self._stalled = False
        self._refusing = False
        self._closed = False
        self._lock = threading.RLock()
        self._wake_in, self._wake_out = socket.socketpair()
        self._listener: Optional[socket.socket] = self._listen()
        self._thread = threading.Thread(target=self._loop, daemon=True, name=f"proxy {self.port}")
        self._thread.start()
        procs.at_end(self.close)

    # ---- What a test does ----

    def cut(self) -> int:
        """Resets every open connection (both sides see ECONNRESET). Returns how many there were."""
        with self._lock:
            count = len(self._halves) // 2
            for half in list(self._halves.values()):
                self._drop(half)
        self._wake()
        return count

    def refuse(self) -> None:
        """Cuts, and refuses new connections until accept()."""
        with self._lock:
            self._refusing = True
            if self._listener:
                self._listener.close()
                self._listener = None
            self.cut()

    def accept(self) -> None:
        with self._lock:
            self._refusing = False
            if self._listener is None and not self._closed:
                self._listener = self._listen()
        self._wake()

    def stall(self) -> None:
        """Nothing moves in either direction; what peers send stays in the kernel's buffers."""
        self._stalled = True
        self._wake()

    def resume(self) -> None:
        self._stalled = False
        self._wake()

    @property
    def bytes_forwarded(self) -> int:
        """In both directions, so far; includes all that a peer has received."""
        with self._lock:
            return self._forwarded

    @property
    def connections(self) -> int:
        return len(self._halves) // 2

    def close(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self.refuse()
        self._thread.join(5)

    # ---- Inside ----

    def _listen(self) -> socket.socket:
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", self.port))
        s.listen(64)
        s.setblocking(False)
        return s

    def _wake(self) -> None:
        try:
            self._wake_in.send(b"x")
        except OSError:
            pass

    def _loop(self) -> None:
        while not self._closed:
            with selectors.DefaultSelector() as selector:
                with self._lock:
                    self._register(selector)
                ready = selector.select(5)
                with self._lock:
                    for key, events in ready:
                        self._serve(key.data, events)

    def _register(self, selector) -> None:
        selector.register(self._wake_out, selectors.EVENT_READ, "wake")
        if self._listener:
            selector.register(self._listener, selectors.EVENT_READ, "accept")
        if self._stalled:
            return
        for half in self._halves.values():
            events = 0
            if len(half.peer.out) < LIMIT and not half.peer.ended:
                events |= selectors.EVENT_READ
            if half.out:
                events |= selectors.EVENT_WRITE
            if events:
                selector.register(half.sock, events, half)

    def _serve(self, what, events: int) -> None:
        if what == "wake":
            self._wake_out.recv(4096)
        elif what == "accept":
            self._accept_one()
        elif what.sock.fileno() >= 0:  # else cut in this very turn
            try:
                if events & selectors.EVENT_READ:
                    self._read(what)
                if events & selectors.EVENT_WRITE and what.sock.fileno() >= 0:
                    self._write(what)
            except OSError:
                self._drop(what)

    def _accept_one(self) -> None:
        try:
            client, _ = self._listener.accept()
        except (OSError, AttributeError):
            return
        try:
            server = socket.create_connection(("127.0.0.1", self.target_port or 0), timeout=5)
        except OSError:
            client.close()
            return
        a, b = _Half(client), _Half(server)
        a.peer, b.peer = b, a
        for half in (a, b):
            half.sock.setblocking(False)
            half.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._halves[half.sock.fileno()] = half
        a.heard = bytearray()
        self.heard.append(a.heard)
        self.accepted += 1

    def _read(self, half: _Half) -> None:
        data = half.sock.recv(CHUNK)
        if data:
            half.heard += data[:HEARD - len(half.heard)]
            half.peer.out += data
            self._write(half.peer)
        else:
            half.peer.ended = True
            if not half.peer.out:
                self._finish(half.peer)

    def _write(self, half: _Half) -> None:
        if half.out:
            try:
                sent = half.sock.send(half.out)
            except BlockingIOError:
                return
            self._forwarded += sent
            del half.out[:sent]
        if half.ended and not half.out:
            self._finish(half)

    def _finish(self, half: _Half) -> None:
        """Passes the end of one direction on; closes the connection when both have ended."""
        half.sock.shutdown(socket.SHUT_WR)
        if half.peer.ended and not half.peer.out:
            self._drop(half, reset=False)

    def _drop(self, half: _Half, reset: bool = True) -> None:
        for h in (half, half.peer):
            fd = h.sock.fileno()
            if fd < 0:
                continue
            self._halves.pop(fd, None)
            if reset:
                h.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            h.sock.close()
