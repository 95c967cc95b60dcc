"""Certificates for tests of TLS."""

import shutil
import subprocess
import threading
from pathlib import Path
from typing import Dict

from . import procs

_lock = threading.Lock()
_made: Dict[str, Path] = {}


def make(folder: Path, for_names: str = "DNS:localhost,IP:127.0.0.1") -> None:
    """Writes ca.crt, server.crt and server.key: a certificate authority and a certificate for these names, good for
    two days. They are made once, and are the same for all servers of this process that bear these names."""
    with _lock:
        if for_names not in _made:
            made = procs.subdir("certificates")
            _make(made, for_names)
            _made[for_names] = made
    for name in ("ca.crt", "server.crt", "server.key"):
        shutil.copy(_made[for_names] / name, folder / name)


def _make(folder: Path, for_names: str) -> None:
    ca, ca_key, key, request = (folder / n for n in ("ca.crt", "ca.key", "server.key", "server.csr"))
    names = folder / "names"
    names.write_text(f"subjectAltName={for_names}\n")
    for command in (
            f"req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=tailrace-test-ca -keyout {ca_key} -out {ca}",
            f"req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout {key} -out {request}",
            f"x509 -req -days 2 -in {request} -CA {ca} -CAkey {ca_key} -CAcreateserial -extfile {names}"
            f" -out {folder / 'server.crt'}"):
        subprocess.run(["openssl"] + command.split(), check=True, stdin=subprocess.DEVNULL, capture_output=True)
    key.chmod(0o600)
