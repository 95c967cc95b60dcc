"""A server in MySQL's place that asks for the password by a method of its choice, and keeps what it hears."""

import socket
import struct
import threading
from pathlib import Path
from typing import Optional

from . import procs

CAPABILITIES = 0x0008_8200  # protocol 4.1, 20-byte scrambles, plug-ins for authentication; no TLS
SCRAMBLE = b"abcdefghijklmnopqrst"


class GreedyServer:
    """Listens on 127.0.0.1:port, or on a Unix socket. Each client is told to switch to `method`; `heard` is all that
    they said."""

    def __init__(self, method: str, path: Optional[Path] = None):
        self.method = method
        self.heard = b""
        self.port = procs.reserve_port()
        address = str(path) if path else ("127.0.0.1", self.port)
        self._listener = socket.create_server(address, family=socket.AF_UNIX if path else socket.AF_INET)
        threading.Thread(target=self._loop, daemon=True, name=f"greedy {self.port}").start()

    def close(self) -> None:
        self._listener.close()

    def _loop(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with client:
                client.settimeout(10)
                try:
                    self._ask(client)
                except OSError:
                    pass

    def _ask(self, client: socket.socket) -> None:
        greeting = (b"\x0a9.7.4\0" + struct.pack("<I", 1) + SCRAMBLE[:8] + b"\0" +
                    struct.pack("<HBHHB", CAPABILITIES & 0xFFFF, 45, 2, CAPABILITIES >> 16, 21) + bytes(10) +
                    SCRAMBLE[8:] + b"\0caching_sha2_password\0")
        client.sendall(packet(0, greeting))
        self.heard += client.recv(4096)
        data = b"\x05Password: " if self.method == "dialog" else SCRAMBLE
        client.sendall(packet(2, b"\xfe" + self.method.encode() + b"\0" + data + b"\0"))
        self.heard += client.recv(4096)


def packet(number: int, payload: bytes) -> bytes:
    return struct.pack("<I", len(payload) | number << 24) + payload
