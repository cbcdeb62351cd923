"""Downloads of models: whatever the server, the disk or the user does, the file is whole and right, or not there."""

from __future__ import annotations

import hashlib
import importlib.util
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from maquette.errors import CancelledError, ModelError
from maquette.modelstore import transport
from maquette.modelstore.addresses import Host, check_peer, host_of, mirrored
from maquette.modelstore.download import Remote, fetch, part_of

DATA = random.Random(0).randbytes(600_000)
PAUSES = (0.01, 0.01)

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the program openssl for a certificate")


@pytest.fixture(scope="module")
def servers(root: Path) -> ModuleType:
    """The module ``tests/data/model_server.py``."""
    spec = importlib.util.spec_from_file_location("model_server", root / "tests" / "data" / "model_server.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def certificate(servers: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return servers.make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def server(servers: ModuleType, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A server that this process trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    transport.trusted_certificates.cache_clear()
    with servers.serve(servers.Server(DATA), *certificate) as running:
        yield running
    transport.trusted_certificates.cache_clear()


class Getting:
    """One file and the way to it; `get` downloads it by one of the server's ways."""

    def __init__(self, server: Any, folder: Path) -> None:
        self.server, self.target = server, folder / "network.onnx"

    def remote(self, how: str) -> Remote:
        trusted = Host("localhost", self.server.port)
        sha256 = hashlib.sha256(DATA).hexdigest()
        return Remote("Network", f"{self.server.address}/{how}", len(DATA), sha256, trusted)

    def get(self, how: str, timeout: float = 5.0, cancelled: Any = lambda: False, **changes: Any) -> None:
        remote = replace(self.remote(how), **changes)
        fetch(remote, self.target, lambda *_: None, cancelled, timeout, PAUSES)

    @property
    def names(self) -> list[str]:
        return sorted(path.name for path in self.target.parent.iterdir())

    @property
    def is_whole(self) -> bool:
        return self.names == ["network.onnx"] and self.target.read_bytes() == DATA


@pytest.fixture
def getting(server: Any, tmp_path: Path) -> Getting:
    folder = tmp_path / "models"
    folder.mkdir()
    return Getting(server, folder)


@pytest.mark.parametrize("how", ["good", "slow", "moved", "cut", "whole", "mixed"])
def test_the_file_arrives_whole(getting: Getting, how: str) -> None:
    getting.get(how)
    assert getting.is_whole


def test_what_is_there_is_not_asked_for_again(getting: Getting) -> None:
    getting.get("cut")
    assert getting.server.asked == [("cut", ""), ("cut", "bytes=200000-"), ("cut", "bytes=400000-")]


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("dead", "broke off"),
        ("silent", "does not answer"),
        ("wrong", "SHA-256 differs"),
        ("tenfold", "offers 6000000 bytes where the file has 600000"),
        ("endless", "offers more bytes"),
        ("html", "web page"),
        ("missing", "does not have the file"),
        ("forbidden", "does not give it out"),
        ("error", "has a fault"),
        ("elsewhere", "sends no whole files"),
        ("to-http", "HTTPS alone"),
        ("to-loopback", "on this machine"),
        ("to-itself", "redirects in circles"),
    ],
)
def test_a_bad_server_is_named_and_the_next_try_completes(getting: Getting, how: str, says: str) -> None:
    with pytest.raises(ModelError, match=says) as caught:
        getting.get(how, 0.3)
    assert str(caught.value).count("\n") == 0
    assert not getting.target.exists()
    assert sum(path.stat().st_size for path in getting.target.parent.iterdir()) <= len(DATA) + 100
    getting.get("good")
    assert getting.is_whole


def test_nothing_is_taken_of_an_answer_that_is_too_large(getting: Getting) -> None:
    with pytest.raises(ModelError):
        getting.get("endless")
    assert getting.names == ["network.onnx.part.version"] or getting.names == []


def stop_half_way(getting: Getting, how: str = "slow") -> int:
    """Cancel a download in its middle; how many bytes are there then."""
    part = part_of(getting.target)
    with pytest.raises(CancelledError, match="kept"):
        getting.get(how, cancelled=lambda: part.exists() and part.stat().st_size > 200_000)
    return part.stat().st_size


def test_a_cancelled_download_goes_on_the_next_time(getting: Getting) -> None:
    there = stop_half_way(getting)
    assert 200_000 < there < len(DATA)
    getting.get("good")
    assert getting.is_whole
    assert getting.server.asked[-1] == ("good", f"bytes={there}-")


def test_a_file_that_changed_meanwhile_is_begun_anew(getting: Getting) -> None:
    """The part is of an older file; the server has the right one only since."""
    getting.server.data = bytes(len(DATA))
    stop_half_way(getting)
    getting.server.data, getting.server.tag = DATA, '"two"'
    getting.get("good")
    assert getting.is_whole


def test_a_file_that_changes_for_the_worse_is_refused(getting: Getting) -> None:
    stop_half_way(getting)
    getting.server.data, getting.server.tag = DATA[::-1], '"two"'
    with pytest.raises(ModelError, match="SHA-256"):
        getting.get("good")
    getting.server.data, getting.server.tag = DATA, '"one"'
    getting.get("good")
    assert getting.is_whole


@pytest.mark.parametrize("rubbish", [b"", b"x" * 100_000, b"x" * len(DATA), b"x" * (len(DATA) + 1)])
@pytest.mark.parametrize("mark", ['"one"', ""])
def test_any_part_left_behind_ends_well(getting: Getting, rubbish: bytes, mark: str) -> None:
    part_of(getting.target).write_bytes(rubbish)
    getting.target.with_name("network.onnx.part.version").write_text(mark)
    getting.get("good")
    assert getting.is_whole


def test_a_certificate_of_nobody_known_is_refused(getting: Getting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    transport.trusted_certificates.cache_clear()
    with pytest.raises(ModelError, match="certificate"):
        getting.get("good")
    assert not getting.server.asked


def test_this_machine_is_no_public_server(getting: Getting) -> None:
    with pytest.raises(ModelError, match="on this machine"):
        getting.get("good", trusted=None)
    assert not getting.server.asked


def test_a_name_that_stands_for_this_machine_is_found_out_before_anything_is_asked(
    getting: Getting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name passes, its address does not."""
    monkeypatch.setattr(transport, "check_peer", lambda peer, *more: peer == "localhost" or check_peer(peer, *more))
    with pytest.raises(ModelError, match="on this machine"):
        getting.get("good", trusted=None)
    assert not getting.server.asked


def test_a_server_that_is_not_there(getting: Getting) -> None:
    getting.server.port = 1
    with pytest.raises(ModelError, match="refused"):
        getting.get("good")
    assert getting.names == []


def test_a_full_disk_is_said_beforehand(getting: Getting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000_000))
    with pytest.raises(ModelError, match="free some space"):
        getting.get("good")
    assert not getting.target.exists()


CHILD = """
import importlib.util, resource, sys
from pathlib import Path
root, address, target, sha256, size, limit = sys.argv[1:]
spec = importlib.util.spec_from_file_location("maquette_bootstrap", Path(root) / "bootstrap.py")
module = importlib.util.module_from_spec(spec)
sys.modules[spec.name] = module
spec.loader.exec_module(module)
module.load_package("maquette")
from maquette.errors import ModelError
from maquette.modelstore.addresses import host_of
from maquette.modelstore.download import Remote, fetch
if int(limit):
    import signal
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
try:
    fetch(Remote("Network", address, int(size), sha256, host_of(address)), Path(target), lambda *_: None, lambda: False)
except ModelError as error:
    sys.exit(str(error))
"""


def child(getting: Getting, root: Path, how: str, limit: int = 0) -> subprocess.Popen[str]:
    """A process of its own that downloads the file."""
    remote = getting.remote(how)
    arguments = [str(root), remote.address, str(getting.target), remote.sha256, str(remote.bytes), str(limit)]
    return subprocess.Popen([sys.executable, "-c", CHILD, *arguments], stderr=subprocess.PIPE, text=True)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_disk_that_fills_up_is_said_and_the_next_try_goes_on(getting: Getting, root: Path) -> None:
    with child(getting, root, "good", 300_000) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "is full" in err
    assert 0 < part_of(getting.target).stat().st_size <= 300_000
    assert not getting.target.exists()
    getting.get("good")
    assert getting.is_whole
    assert "bytes=" in getting.server.asked[-1][1]


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_killed_download_leaves_no_wrong_file_and_the_next_try_completes(getting: Getting, root: Path) -> None:
    chance = random.Random(1)
    ends = set()
    for _ in range(5):
        with child(getting, root, "slow") as process:
            wanted = chance.randrange(len(DATA))
            limit = time.monotonic() + 20
            while process.poll() is None and time.monotonic() < limit:
                part = part_of(getting.target)
                if part.exists() and part.stat().st_size >= wanted:
                    break
                time.sleep(0.002)
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=20)
        if getting.target.exists():
            assert getting.target.read_bytes() == DATA
            break
        ends.add(part_of(getting.target).stat().st_size)
    assert ends
    getting.get("good")
    assert getting.target.read_bytes() == DATA


@pytest.mark.parametrize(
    "address", ["http://example.org/a", "ftp://example.org", "example.org", "https://", "https://a:b@example.org", ""]
)
def test_only_plain_https_addresses_are_gone_to(address: str) -> None:
    with pytest.raises(ModelError):
        host_of(address)


def test_a_mirror_keeps_the_path() -> None:
    path = "https://huggingface.co/a/b/resolve/main/c.onnx"
    assert mirrored(path, "") == path
    assert mirrored(path, "https://mirror.example/models/") == "https://mirror.example/models/a/b/resolve/main/c.onnx"
    for wrong in ("http://mirror.example", "mirror.example", "https://mirror.example/?a=b"):
        with pytest.raises(ModelError):
            mirrored(path, wrong)


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("::ffff:10.1.2.3", True),
        ("169.254.169.254", True),
        ("172.20.0.1", True),
        ("192.168.1.1", True),
        ("100.100.0.1", True),
        ("fe80::1%eth0", True),
        ("fd00::1", True),
        ("0.0.0.0", True),
        ("some.localhost.", True),
        ("140.82.121.4", False),
        ("2606:4700::1", False),
        ("198.18.0.7", False),
        ("example.org", False),
    ],
)
def test_addresses_inside_the_own_network_are_known(address: str, inside: bool) -> None:
    host = Host("example.org", 443)
    if inside:
        with pytest.raises(ModelError, match="mirror"):
            check_peer(address, host, None)
        check_peer(address, host, host)
    else:
        check_peer(address, host, None)
