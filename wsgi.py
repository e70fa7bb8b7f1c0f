"""What a WSGI server imports: `gunicorn wsgi:app`."""

from __future__ import annotations

from gateway.app import service

app = service()
