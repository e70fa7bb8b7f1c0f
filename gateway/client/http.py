"""Owns the wire of the client: one kept-alive connection, certificates always checked."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from gateway.errors import Unavailable, UnsafeSettings

_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
LARGEST = 20_000_000  # bytes of an answer


@dataclass(frozen=True, slots=True)
class Response:
    """An answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def media_type(self) -> str:
        """The content type without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


Send = Callable[[str, str, Mapping[str, str], bytes | None], Response]


class Sender:
    """Sends over HTTPS, or over HTTP to this machine alone; one thread at a time.

    :raises UnsafeSettings: for plain HTTP to another machine.
    """

    def __init__(self, base_url: str, *, ca: Path | None = None, timeout: float = 30) -> None:
        parts = urlsplit(base_url)
        if not parts.hostname or parts.scheme not in ("https", "http"):
            raise UnsafeSettings("The gateway's address must start with https://.")
        if parts.scheme == "http" and parts.hostname not in _HERE:
            raise UnsafeSettings("Plain http:// is for a gateway on this machine alone.")
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._connection: http.client.HTTPConnection
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=str(ca) if ca else None)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            self._connection = http.client.HTTPSConnection(
                parts.hostname, parts.port, timeout=timeout, context=context
            )
        else:
            self._connection = http.client.HTTPConnection(
                parts.hostname, parts.port, timeout=timeout
            )

    def __call__(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Response:
        """Send one request and read its answer.

        :raises Unavailable: if there is none; whether the request arrived is then unknown.
        """
        if not url.startswith(f"{self._origin}/"):
            raise Unavailable("The address is not at the configured gateway.")
        is_reused = self._connection.sock is not None
        try:
            return self._once(method, url[len(self._origin) :], headers, body)
        except (http.client.HTTPException, OSError):
            self._connection.close()
            if not is_reused or method != "GET":
                raise Unavailable("The gateway cannot be reached.") from None
        try:  # a kept connection may have been closed meanwhile; reading again does no harm
            return self._once(method, url[len(self._origin) :], headers, body)
        except (http.client.HTTPException, OSError):
            self._connection.close()
            raise Unavailable("The gateway cannot be reached.") from None

    def close(self) -> None:
        """Close the connection; the next call opens a new one."""
        self._connection.close()

    def _once(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None
    ) -> Response:
        self._connection.request(method, path, body=body, headers=dict(headers))
        answer = self._connection.getresponse()
        read = answer.read(LARGEST + 1)
        if len(read) > LARGEST:
            raise http.client.HTTPException
        names = {name.lower(): value for name, value in answer.getheaders()}
        return Response(answer.status, names, read)
