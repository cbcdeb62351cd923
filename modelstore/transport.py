"""HTTPS with Python's own library: certificates checked, redirects looked at, no address inside the user's network."""

from __future__ import annotations

import functools
import http.client
import importlib.util
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from ..errors import ModelError
from ..version import VERSION
from .addresses import Host, check_peer, host_of

__all__ = ["TIMEOUT", "RangeRefusedError", "open_address", "trusted_certificates"]

TIMEOUT = 30.0
"""Seconds without a byte after which a connection counts as cut off."""

_WORDS = {
    401: "asks for a password",
    403: "does not give it out",
    404: "does not have the file",
    410: "does not have the file any more",
    429: "has had too many requests",
}
_PASSING = (408, 425, 429)  # answers besides those from 500 on that may be others the next time


class RangeRefusedError(Exception):
    """The server has nothing from the byte on that was asked for."""


def open_address(
    address: str, headers: Mapping[str, str], trusted: Host | None, timeout: float = TIMEOUT
) -> http.client.HTTPResponse:
    """Ask for a file; its body has not been read.

    Parameters
    ----------
    address : str
        Begins with ``https://``.
    headers : mapping
        Sent along, to redirected addresses as well.
    trusted : Host, optional
        See `addresses.check_peer`.
    timeout : float
        In seconds, for connecting and for each read.

    Raises
    ------
    ModelError
        If the server refuses, or the address or a redirect's is not one to go to.
    RangeRefusedError
        If the header Range is past the file's end.
    OSError, http.client.HTTPException
        If the connection or the server fails, which may pass.
    """
    host = host_of(address)
    check_peer(host.name, host, trusted)
    opener = urllib.request.build_opener(_Handler(trusted_certificates(), trusted), _Redirects(trusted))
    request = urllib.request.Request(address, headers={"User-Agent": f"Maquette/{VERSION}", **headers})
    try:
        return opener.open(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416:
            raise RangeRefusedError from error
        usual = "has a fault" if error.code >= 500 else "refuses" if error.code >= 400 else "redirects in circles"
        words = _WORDS.get(error.code, usual)
        message = f"{host.name} {words} (answer {error.code}); try again later, or see whether a mirror is set."
        raise (ConnectionError if error.code >= 500 or error.code in _PASSING else ModelError)(message) from error
    except urllib.error.URLError as error:
        reason = error.reason
        if isinstance(reason, ssl.SSLCertVerificationError):
            raise ModelError(
                f"{host.name} shows a certificate that this machine does not trust ({reason.verify_message}); see "
                "whether the clock is right, or ask who runs the network."
            ) from error
        if isinstance(reason, OSError):
            raise reason from error
        raise


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows to HTTPS addresses outside the user's network."""

    max_redirections = 5

    def __init__(self, trusted: Host | None) -> None:
        self._trusted = trusted

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        host = host_of(newurl)
        check_peer(host.name, host, self._trusted)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _Handler(urllib.request.HTTPSHandler):
    """Opens connections that look where they have come to."""

    def __init__(self, context: ssl.SSLContext, trusted: Host | None) -> None:
        super().__init__(context=context)
        self._connect = functools.partial(_Connection, trusted=trusted, context=context)

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._connect, req)


class _Connection(http.client.HTTPSConnection):
    """Checks the address that a name stood for, before anything is asked of it."""

    def __init__(self, *arguments: Any, trusted: Host | None, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._trusted = trusted
        self._through_proxy = False

    def set_tunnel(self, host: str, port: int | None = None, headers: Mapping[str, str] | None = None) -> None:
        # The proxy looks names up, and is the user's own.
        self._through_proxy = True
        super().set_tunnel(host, port, dict(headers or {}))

    def connect(self) -> None:
        super().connect()
        if not self._through_proxy:
            try:
                check_peer(str(self.sock.getpeername()[0]), Host(self.host.lower(), self.port), self._trusted)
            except BaseException:
                self.close()
                raise


@functools.cache
def trusted_certificates() -> ssl.SSLContext:
    """Certificates as the system trusts them; where Python finds none of those, the ones that Blender brings."""
    context = ssl.create_default_context()
    places = ssl.get_default_verify_paths()
    if not (places.cafile or places.capath or context.cert_store_stats()["x509_ca"]):
        brought = importlib.util.find_spec("certifi")
        if brought is not None and brought.origin is not None:
            context.load_verify_locations(Path(brought.origin).with_name("cacert.pem"))
    return context
