"""What `gunicorn wsgi:app` reads in this folder: the settings that `gateway serve` gives it."""

from gateway.cli.server import *  # noqa: F403 - gunicorn takes the names that it knows
