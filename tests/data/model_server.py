"""An HTTPS server on this machine that serves one file, well or badly, by the path that is asked for."""

from __future__ import annotations

import re
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

BLOCK = 1 << 14


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost that vouches for itself, and its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-subj", "/CN=localhost", "-addext", names, "-days", "2", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


class Server:
    """``data`` is what it serves; ``asked`` lists the path and the range of every request."""

    def __init__(self, data: bytes) -> None:
        self.data, self.tag = data, '"one"'
        self.asked: list[tuple[str, str]] = []
        self.port = 0
        self.plain_port = 0

    @property
    def address(self) -> str:
        """Its address, by name."""
        return f"https://localhost:{self.port}"


@contextmanager
def serve(server: Server, certificate: Path, key: Path) -> Iterator[Server]:
    """Run it in threads of this process, and a plain one that serves the same beside it."""
    handler = type("Handler", (_Handler,), {"server_state": server})
    with (
        ThreadingHTTPServer(("127.0.0.1", 0), handler) as secure,
        ThreadingHTTPServer(("127.0.0.1", 0), handler) as plain,
    ):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        secure.socket = context.wrap_socket(secure.socket, server_side=True, do_handshake_on_connect=False)
        server.port, server.plain_port = secure.server_address[1], plain.server_address[1]
        for one in (secure, plain):
            one.daemon_threads = True
            threading.Thread(target=one.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield server
        secure.shutdown()
        plain.shutdown()


class _Handler(BaseHTTPRequestHandler):
    server_state: Server
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        how = self.path.rpartition("/")[2].partition(".")[0]
        self.server_state.asked.append((how, self.headers.get("Range", "")))
        self.close_connection = True
        try:
            getattr(self, f"serve_{how.replace('-', '_')}", self.serve_missing)()
        except (OSError, ssl.SSLError):
            return

    def start(self, status: int = 200, length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.send_header("Connection", "close")
        self.end_headers()

    def first(self) -> int:
        """The first byte asked for, where the file is the one that is asked for."""
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        return int(found[1]) if found and self.headers.get("If-Range") == self.server_state.tag else 0

    def send(self, limit: int | None = None, pause: float = 0.0) -> None:
        """Answer rightly, but end after ``limit`` bytes, and wait before each block."""
        state = self.server_state
        first, size = self.first(), len(state.data)
        if first >= size:
            self.start(416, 0, Content_Range=f"bytes */{size}")
            return
        span = f"bytes {first}-{size - 1}/{size}"
        if first:
            self.start(206, size - first, ETag=state.tag, Content_Range=span)
        else:
            self.start(200, size, ETag=state.tag)
        end = size if limit is None else min(size, first + limit)
        for place in range(first, end, BLOCK):
            time.sleep(pause)
            self.wfile.write(state.data[place : min(place + BLOCK, end)])

    def serve_good(self) -> None:
        self.send()

    def serve_slow(self) -> None:
        self.send(pause=0.02)

    serve_u2netp = serve_slow
    """What the catalogue's smallest model is called."""

    def serve_cut(self) -> None:
        """A third of the file at a time."""
        self.send(len(self.server_state.data) // 3)

    def serve_dead(self) -> None:
        """Never anything after the head."""
        self.send(0)

    def serve_silent(self) -> None:
        """Nothing for a while, without an end."""
        self.start(200, len(self.server_state.data), ETag=self.server_state.tag)
        self.wfile.write(self.server_state.data[:BLOCK])
        self.wfile.flush()
        time.sleep(3)

    def serve_whole(self) -> None:
        """Ignores ranges; the first time it breaks off in the middle."""
        data = self.server_state.data
        self.start(200, len(data), ETag=self.server_state.tag)
        first_time = len(self.server_state.asked) == 1
        self.wfile.write(data[: len(data) // 2] if first_time else data)

    def serve_mixed(self) -> None:
        """Breaks off once and goes on with bytes of another file, whatever the tag says."""
        data, found = self.server_state.data, re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if not found:
            self.start(200, len(data), ETag=self.server_state.tag)
            once = sum(how == "mixed" for how, _ in self.server_state.asked) == 1
            self.wfile.write(data[: len(data) // 2] if once else data)
            return
        first = int(found[1])
        self.start(206, len(data) - first, Content_Range=f"bytes {first}-{len(data) - 1}/{len(data)}")
        self.wfile.write(bytes(len(data) - first))

    def serve_elsewhere(self) -> None:
        """Always sends the file's end, in pieces that nobody asked for."""
        size = len(self.server_state.data)
        self.start(206, 10, Content_Range=f"bytes {size - 10}-{size - 1}/{size}")
        self.wfile.write(self.server_state.data[-10:])

    def serve_wrong(self) -> None:
        """As many bytes, but others."""
        self.start(200, len(self.server_state.data))
        self.wfile.write(bytes(len(self.server_state.data)))

    def serve_tenfold(self) -> None:
        """Ten times the file, and says so."""
        self.start(200, 10 * len(self.server_state.data))
        for _ in range(10):
            self.wfile.write(self.server_state.data)

    def serve_endless(self) -> None:
        """Ten times the file, without a word on the length."""
        self.start(200)
        for _ in range(10):
            self.wfile.write(self.server_state.data)

    def serve_html(self) -> None:
        page = b"<!DOCTYPE html><html>Please log in</html>"
        self.start(200, len(page), Content_Type="text/html; charset=utf-8")
        self.wfile.write(page)

    def serve_error(self) -> None:
        self.start(500, 0)

    def serve_forbidden(self) -> None:
        self.start(403, 0)

    def serve_missing(self) -> None:
        self.start(404, 0)

    def serve_moved(self) -> None:
        """To a path of the same server."""
        self.start(302, 0, Location="/good")

    def serve_to_http(self) -> None:
        self.start(302, 0, Location=f"http://localhost:{self.server_state.plain_port}/good")

    def serve_to_loopback(self) -> None:
        self.start(302, 0, Location=f"https://127.0.0.1:{self.server_state.port}/good")

    def serve_to_itself(self) -> None:
        self.start(302, 0, Location="/to-itself")
