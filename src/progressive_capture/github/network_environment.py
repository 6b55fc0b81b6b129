"""What the environment says of the way to GitHub: the proxy to take, and the authorities to trust."""

import os
import ssl
from functools import cache
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import certifi


class UnusableEnvironmentError(ValueError):
    """The environment names a proxy that is not one of HTTP, such as SOCKS, or a file without certificates."""


def proxy_for(url: str) -> str | None:
    """The address of the proxy to take for an address, with http:// before it where that was left out.

    aiohttp's own way would also look into .netrc, and refuse to send a token beside what it finds there.
    https://docs.aiohttp.org/en/stable/client_advanced.html#proxy-support

    Raises:
        UnusableEnvironmentError: it is none of HTTP.
        ValueError: the address is none.
    """
    to = urlsplit(url)
    if proxy_bypass(to.hostname or ""):
        return None
    proxies = getproxies()
    named = proxies.get(to.scheme) or proxies.get("all")
    if not named:
        return None
    kind, _, rest = named.rpartition("://")
    if kind.lower() not in {"", "http", "https"}:
        raise UnusableEnvironmentError(
            "the environment names a proxy for it that is not one of HTTP: correct or unset it"
        )
    return f"{kind or 'http'}://{rest}"


@cache
def trusted_authorities() -> ssl.SSLContext:
    """Whom TLS trusts: read once, which takes as long as a small job's requests.

    They are the system's, or those that SSL_CERT_FILE and SSL_CERT_DIR name; where the system has no file of them, as
    with some Pythons on macOS, certifi's as well.
    https://docs.python.org/3/library/ssl.html#ssl.SSLContext.set_default_verify_paths

    Raises:
        UnusableEnvironmentError: SSL_CERT_FILE names a file that is not there, or holds none.
    """
    context = ssl.create_default_context()
    held = context.cert_store_stats()
    file = os.environ.get("SSL_CERT_FILE")  # noqa: TID251 - OpenSSL reads it itself; here it is only named
    if file and not held["x509"]:
        raise UnusableEnvironmentError(
            f"no certificate can be read in {file}, which SSL_CERT_FILE names: correct or unset it"
        )
    if not held["x509_ca"]:
        context.load_verify_locations(certifi.where())
    return context
