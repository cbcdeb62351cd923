"""Which addresses are gone to: HTTPS alone, and no machine of the user's own network unless it is the user's mirror."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from ..errors import ModelError

__all__ = ["Host", "check_peer", "host_of", "mirrored"]

# Written out, since Python's `is_private` also holds addresses that proxy programs make up for public hosts.
_OWN = [
    ipaddress.ip_network(text)
    for text in ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10")
]


@dataclass(frozen=True)
class Host:
    """A server: its name in small letters and its port."""

    name: str
    port: int


def host_of(address: str) -> Host:
    """The server of an address.

    Raises
    ------
    ModelError
        If it is no HTTPS address.
    """
    try:
        parts = urlsplit(address)
        port = parts.port or 443
    except ValueError as error:
        raise ModelError(f"{address} is no address; give one such as https://example.org.") from error
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc:
        raise ModelError(f"{_shown(address)} is not a plain https:// address, and models come over HTTPS alone.")
    return Host(parts.hostname.lower(), port)


def _shown(address: str) -> str:
    """An address without what might be secret in it."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}" if parts.scheme else address[:80]


def mirrored(address: str, mirror: str) -> str:
    """The address of a file at the mirror, which holds files under the same paths; as it is for an empty mirror.

    Raises
    ------
    ModelError
        If the mirror is no HTTPS address.
    """
    if not mirror:
        return address
    host_of(mirror)
    parts = urlsplit(mirror)
    if parts.query or parts.fragment:
        raise ModelError("The mirror's address must end with its host or a folder, without ? or #.")
    return mirror.rstrip("/") + urlsplit(address).path


def check_peer(address: str, host: Host, trusted: Host | None) -> None:
    """Raise ModelError for a machine that no public file lies on.

    Parameters
    ----------
    address : str
        The IP address that was connected to, or a host's name, which is then only compared with ``localhost``.
    host : Host
        What it goes by.
    trusted : Host, optional
        The user's own mirror, which may be anywhere.
    """
    if host == trusted:
        return
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        inside = address.rstrip(".").rpartition(".")[2] == "localhost"
    else:
        found = getattr(found, "ipv4_mapped", None) or found
        inside = found.is_loopback or found.is_link_local or found.is_unspecified or found.is_multicast
        inside = inside or any(found in network for network in _OWN if network.version == found.version)
    if inside:
        raise ModelError(
            f"{host.name} is on this machine or its own network, where no public model lies; if that is your mirror, "
            "set its address in the preferences."
        )
