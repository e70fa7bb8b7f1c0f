"""Owns what the service asks of its machine, and refuses to start without.

No core dumps, no files open to others, no setting of the environment that undoes a promise.
"""

from __future__ import annotations

import ctypes
import logging
import os
import re
import resource
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from gateway.config import Settings, SignOn
from gateway.errors import UnsafeSettings

DEMONSTRATION = ".gateway-demo"  # marks a folder that `gateway demo` made and replaces at will
SHORTEST_PASSWORD = 16
WELL_KNOWN = ("postgres", "gateway", "password", "passwort", "changeme", "secret", "admin", "marac")

_PR_SET_DUMPABLE = 4  # linux/prctl.h
# Each would make the service do something that no setting of ours says.
_TURNED_BY = {
    "GATEWAY_OWNER_DATABASE_URL": "GATEWAY_OWNER_DATABASE_URL is for `gateway db upgrade` alone",
    "FLASK_DEBUG": "FLASK_DEBUG shows the inside of the service to whoever makes it fail",
    "PYTHONINSPECT": "PYTHONINSPECT opens a prompt in a service that ended",
    "SSLKEYLOGFILE": "SSLKEYLOGFILE writes the keys of every connection to a file",
}
# What libpq reads of the environment (PostgreSQL 15, 34.15), short of how a value is written.
_TURNS_DATABASE = re.compile(
    r"PG(HOST|HOSTADDR|PORT|DATABASE|USER|PASSWORD|PASSFILE|SERVICE|SERVICEFILE|OPTIONS|APPNAME"
    r"|REQUIREAUTH|CHANNELBINDING|REQUIREPEER|REQUIRESSL|SSL\w*|GSS\w*|KRBSRVNAME"
    r"|TARGETSESSIONATTRS|LOADBALANCEHOSTS|SYSCONFDIR|LOCALEDIR|MINPROTOCOLVERSION"
    r"|MAXPROTOCOLVERSION)"
)
_OFF = frozenset({"", "0"})


def close() -> None:
    """Let this process, and all that it starts, write no memory to a disk and no open file.

    A limit of nought stops a core file, and the flag also one that is piped to a collector, which
    does not heed the limit (core(5)). Swap is for the machine's owner to encrypt.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o077)
    library = ctypes.CDLL(None)
    if hasattr(library, "prctl"):  # Linux
        library.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def hush() -> None:
    """Let no library write what it is given: at DEBUG Authlib would log whole access tokens."""
    logging.getLogger("authlib").setLevel(logging.WARNING)


def check(settings: Settings, environment: Mapping[str, str] = os.environ) -> None:
    """Prove that files, databases and environment are fit for production; a demo may have less.

    :raises UnsafeSettings: naming every fault at once, never a value.
    """
    if settings.mode != "production":
        return
    faults = [
        *(text for name, text in _TURNED_BY.items() if environment.get(name, "") not in _OFF),
        *(
            f"{name} changes how the database is reached; GATEWAY_DATABASE_URL alone says"
            for name in sorted(environment)
            if environment[name] and _TURNS_DATABASE.fullmatch(name)
        ),
        *_faults_of_keys(settings.keys),
        *_faults_of_url("GATEWAY_DATABASE_URL", settings.database_url),
    ]
    if settings.token and is_of_another(settings.token.pin_file, os.geteuid()):
        faults.append("the PIN file belongs to another user")
    secret = settings.mail.password_file if settings.mail else None
    if secret and (is_open_to(secret, 0o077) or is_of_another(secret, os.geteuid())):
        faults.append("the mail server's password file must be the service's alone (0600)")
    if settings.sign_on:
        faults += _faults_of_sign_on(settings.sign_on)
    if settings.replay_url:
        faults += _faults_of_url("GATEWAY_REPLAY_URL", settings.replay_url)
    if faults:
        raise UnsafeSettings(f"Not safe in production: {'; '.join(faults)}.")


def is_open_to(path: Path, bits: int) -> bool:
    """Whether the mode of a file has any of these bits; one that is not there is open to nobody."""
    return path.exists() and bool(path.stat().st_mode & bits)


def is_of_another(path: Path, user: int) -> bool:
    """Whether a file belongs to somebody who is neither this user nor root."""
    return path.exists() and path.stat().st_uid not in (user, 0)


# --- within -----------------------------------------------------------------------------------


def _faults_of_sign_on(sign_on: SignOn) -> Iterator[str]:
    key = sign_on.key_file
    if not key.is_file() or is_open_to(key, 0o077) or is_of_another(key, os.geteuid()):
        yield "the key for single sign-on must be there, and the service's alone (0600)"
    if not sign_on.issuer.startswith("https:"):
        yield "the provider of single sign-on must be reached over https"


def _faults_of_keys(folder: Path) -> Iterator[str]:
    if is_open_to(folder, 0o077) or any(is_open_to(each, 0o077) for each in folder.glob("*")):
        yield "the keys folder must be readable by the service alone (0700, its files 0600)"
    if any(is_of_another(each, os.geteuid()) for each in (folder, *folder.rglob("*"))):
        yield "the keys folder, or a file in it, belongs to another user"
    if (folder.parent / DEMONSTRATION).exists():
        yield "the keys folder is that of a demonstration"


def _faults_of_url(name: str, text: str) -> Iterator[str]:
    try:
        url = make_url(text)
    except ArgumentError:
        yield f"{name} is no address of a database"
        return
    match url.get_backend_name():
        case "sqlite":
            yield from _faults_of_file(name, url)
        case "postgresql":
            yield from _faults_of_server(name, url)
        case _:
            yield f"{name} is neither SQLite nor PostgreSQL"


def _faults_of_file(name: str, url: URL) -> Iterator[str]:
    if not url.database or url.database == ":memory:" or url.query:
        yield f"{name} must name a file and nothing else"
        return
    file = Path(url.database)
    beside = [*file.parent.glob(f"{file.name}*")]  # its log, its index, the store of used proofs
    if any(is_of_another(each, os.geteuid()) for each in (file.parent, *beside)):
        yield f"the file of {name}, or its folder, belongs to another user"
    if any(is_open_to(each, 0o077) for each in beside):
        yield f"the file of {name} must be readable by the service alone (0600)"
    if is_open_to(file.parent, 0o022):
        yield f"the folder of {name} must be writable by the service alone"
    if (file.parent / DEMONSTRATION).exists():
        yield f"{name} is that of a demonstration"


def _faults_of_server(name: str, url: URL) -> Iterator[str]:
    if url.get_driver_name() != "psycopg":
        yield f"{name} must start with postgresql+psycopg://"
    if "service" in url.query:
        yield f"{name} must name its server itself"
    if url.password is not None and not _is_password(url.password):
        yield f"the password in {name} is a common or a short one"
    if not all(map(_is_here, _hosts(url))) and url.query.get("sslmode") != "verify-full":
        yield f"{name} leaves this machine: add sslmode=verify-full"


def _is_password(password: str) -> bool:
    plain = password.lower().strip("0123456789!.-_")
    return len(password) >= SHORTEST_PASSWORD and plain not in WELL_KNOWN


def _hosts(url: URL) -> list[str]:
    """Every host that libpq may connect to; none means the socket of this machine."""
    named = [url.host, url.query.get("host"), url.query.get("hostaddr")]
    given = [each for one in named if one for each in ([one] if isinstance(one, str) else one)]
    return [host for each in given for host in each.split(",") if host]


def _is_here(host: str) -> bool:
    host = host.rpartition(":")[0] if host.count(":") == 1 else host
    if host == "localhost" or host.startswith(("/", "@")):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
