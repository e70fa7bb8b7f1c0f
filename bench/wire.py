"""Owns a request and its answer as bytes on a connection: the driver must cost little."""

from __future__ import annotations

import socket

from bench.payloads import Packet


def written(packet: Packet) -> bytes:
    """The bytes of a request."""
    target = f"{packet.path}?{packet.query}" if packet.query else packet.path
    lines = [f"{packet.method} {target} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in packet.headers.items()]
    lines.append(f"Content-Length: {len(packet.body)}")
    return "\r\n".join([*lines, "", ""]).encode("ascii") + packet.body


def answer(line: socket.socket) -> tuple[int, bytes]:
    """Status and body of the next answer."""
    got = b""
    while b"\r\n\r\n" not in got:
        got += _more(line)
    head, _, body = got.partition(b"\r\n\r\n")
    headers = dict(each.lower().split(b": ", 1) for each in head.split(b"\r\n")[1:])
    while len(body) < int(headers[b"content-length"]):
        body += _more(line)
    return int(head[9:12]), body


def _more(line: socket.socket) -> bytes:
    got = line.recv(65536)
    if not got:
        raise ConnectionError("the server closed the connection")
    return got
