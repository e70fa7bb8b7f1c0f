"""Owns epoch keys in a PKCS#11 token: AES-256 keys that wrap and unwrap there and never leave.

An HSM, a smart card, or SoftHSM for a trial. A process opens one session with a token on first
use, after any fork; whoever forks calls `release` before. PKCS#11 2.40, mechanism CKM_AES_GCM.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import RLock
from typing import Any, TypeVar

from gateway.config import Token
from gateway.errors import Unavailable, Undecipherable, UnsafeSettings
from gateway.sealing.providers import NONCE, TAG

_T = TypeVar("_T")
_PROBE, _PLACE = b"\0" * 32, b"probe|v1"


@dataclass(frozen=True, slots=True)
class Pkcs11Provider:
    """Wraps under AES keys of a token, named by their labels; `current` is the newest."""

    token: Token
    current: str

    def wrap(self, key: bytes, context: bytes) -> tuple[str, bytes]:
        """Return the label of the wrapping key and the wrapped key."""
        sealed = _line(self.token).run(self.current, lambda held: _encrypt(held, key, context))
        return self.current, sealed

    def unwrap(self, kek_id: str, blob: bytes, context: bytes) -> bytes:
        """Return the key that was wrapped in this context."""
        if len(blob) < NONCE + TAG:
            raise Undecipherable("The wrapped key could not be opened.")
        return _line(self.token).run(kek_id, lambda held: _decrypt(held, blob, context))


def make_key(token: Token, label: str) -> None:
    """Make an AES-256 key in the token that cannot be read or taken out of it.

    :raises UnsafeSettings: if the token already holds a key of that label.
    """
    p11 = _library()
    with _line(token).writing() as session:
        if _labelled(session, label):
            raise UnsafeSettings("The token already holds a key of that name.")
        session.generate_key(
            p11.KeyType.AES,
            256,
            label=label,
            store=True,
            capabilities=p11.MechanismFlag.ENCRYPT | p11.MechanismFlag.DECRYPT,
            template={p11.Attribute.SENSITIVE: True, p11.Attribute.EXTRACTABLE: False},
        )


def holds(token: Token, label: str) -> bool:
    """Tell whether the token holds a key of that label."""
    with _line(token).writing() as session:
        return bool(_labelled(session, label))


def destroy_key(token: Token, label: str) -> None:
    """Destroy a key of the token; nothing it wrapped opens again. None is no error."""
    line = _line(token)
    with line.writing() as session:
        for found in _labelled(session, label):
            found.destroy()
    line.forget(label)


def check_key(token: Token, label: str) -> None:
    """Prove that a key is there, wraps and unwraps, and neither can leave the token nor ever could.

    :raises UnsafeSettings: if it is missing, could be taken out, or was made elsewhere.
    :raises Unavailable: if the token does not answer.
    """
    line = _line(token)
    with line.writing() as session:
        found = _labelled(session, label)
        if len(found) != 1:
            raise UnsafeSettings(f"The token has no key, or more than one, named {label}.")
        if _is_at_large(found[0]):
            raise UnsafeSettings(f"The key {label} could be, or once was, out of its token.")
    provider = Pkcs11Provider(token, label)
    if provider.unwrap(*provider.wrap(_PROBE, _PLACE), _PLACE) != _PROBE:
        raise Unavailable("The token does not open what it sealed.")


def release() -> None:
    """Let go of every session and module; the next use opens them anew. Call it before a fork."""
    for line in _lines.values():
        line.close()


# --- within -----------------------------------------------------------------------------------


@dataclass(slots=True)
class _Line:
    """One logged-in session of this process with a token, and the keys found through it."""

    token: Token
    _lock: Any = field(default_factory=RLock)  # one operation at a time is all a session can do
    _session: Any = None
    _pid: int = 0
    _keys: dict[str, Any] = field(default_factory=dict)
    _refused: float | None = None  # when the PIN that was refused had been written

    def run(self, label: str, act: Callable[[Any], _T]) -> _T:
        """Do something with a key; once more on a new session if this one turns out to be dead.

        :raises Undecipherable: if the token is well and refuses what it was given.
        :raises Unavailable: otherwise.
        """
        p11 = _library()
        with self._lock:
            for _ in range(2):
                try:
                    return act(self._key(label))
                except UnsafeSettings:  # of a service that runs: whoever asks is not to blame
                    raise Unavailable("The key provider cannot be opened.") from None
                except p11.PKCS11Error:
                    if self._is_well(label):
                        raise Undecipherable("The wrapped key could not be opened.") from None
                    self.close()
        raise Unavailable("The key provider does not answer.")

    @contextmanager
    def writing(self) -> Iterator[Any]:
        """Open a session that may make and destroy keys, for as long as the block."""
        p11 = _library()
        with self._lock:
            try:
                self._open()
                with self._find().open(rw=True) as session:
                    yield session
            except p11.PKCS11Error:
                self.close()
                raise Unavailable("The key provider does not answer.") from None

    def forget(self, label: str) -> None:
        """Drop what is remembered of a key."""
        with self._lock:
            self._keys.pop(label, None)

    def close(self) -> None:
        """End the session and the module's life in this process."""
        p11 = _library()
        with self._lock:
            self._session, self._keys = None, {}
            with suppress(p11.PKCS11Error):
                p11.lib(str(self.token.module)).finalize()

    def _is_well(self, label: str) -> bool:
        """Some modules answer a wrong tag as they answer a fault: see whether the key works."""
        p11 = _library()
        try:
            held = self._key(label)
            return bool(_decrypt(held, _encrypt(held, _PROBE, _PLACE), _PLACE) == _PROBE)
        except p11.PKCS11Error:
            return False

    def _key(self, label: str) -> Any:
        self._open()
        if label not in self._keys:
            p11 = _library()
            self._keys[label] = self._session.get_key(p11.ObjectClass.SECRET_KEY, label=label)
        return self._keys[label]

    def _open(self) -> None:
        if self._session is not None and self._pid == os.getpid():
            return
        p11 = _library()
        pin, written = _read_pin(self.token)
        if written == self._refused:
            raise Unavailable("The key provider refused the PIN.")
        if self._session is not None:  # a parent's: it counts for nothing in this process
            self.close()
        try:
            self._session = self._find().open(user_pin=pin)
        except p11.UserAlreadyLoggedIn:  # by another gateway in this process, as in tests
            self._session = self._find().open()
        except (p11.PinIncorrect, p11.PinLocked):
            self._refused = written  # a token locks itself after some wrong PINs: never ask twice
            raise Unavailable("The key provider refused the PIN.") from None
        self._pid, self._keys = os.getpid(), {}

    def _find(self) -> Any:
        return _library().lib(str(self.token.module)).get_token(token_label=self.token.label)


_lines: dict[Token, _Line] = {}


def _line(token: Token) -> _Line:
    return _lines.setdefault(token, _Line(token))


def _library() -> Any:
    """Load the optional library when a token is first used.

    :raises UnsafeSettings: if it is not installed.
    """
    try:
        import pkcs11
    except ModuleNotFoundError:
        raise UnsafeSettings("PKCS#11 needs the extra `pkcs11`, which is not installed.") from None
    return pkcs11


def _read_pin(token: Token) -> tuple[str, float]:
    """Return the PIN, and when it was written."""
    try:
        status = token.pin_file.stat()
        if status.st_mode & 0o077:
            raise UnsafeSettings("The PIN file must be readable by the service alone (0600).")
        return token.pin_file.read_text(encoding="utf-8").strip(), status.st_mtime
    except (OSError, UnicodeDecodeError):
        raise UnsafeSettings("The PIN file cannot be read.") from None


def _labelled(session: Any, label: str) -> list[Any]:
    p11 = _library()
    wanted = {p11.Attribute.CLASS: p11.ObjectClass.SECRET_KEY, p11.Attribute.LABEL: label}
    return list(session.get_objects(wanted))


def _is_at_large(held: Any) -> bool:
    """Whether a key can leave its token, ever could, or was brought into it from elsewhere."""
    p11, attribute = _library(), _library().Attribute
    wanted = {
        attribute.EXTRACTABLE: False,
        attribute.SENSITIVE: True,
        attribute.NEVER_EXTRACTABLE: True,
        attribute.ALWAYS_SENSITIVE: True,
        attribute.LOCAL: True,
    }
    try:
        return any(held[name] is not value for name, value in wanted.items())
    except p11.AttributeTypeInvalid:  # a token that does not say is not believed
        return True


def _encrypt(held: Any, key: bytes, context: bytes) -> bytes:
    p11 = _library()
    nonce = secrets.token_bytes(NONCE)
    param = p11.GCMParams(nonce, context, TAG * 8)
    sealed: bytes = held.encrypt(key, mechanism=p11.Mechanism.AES_GCM, mechanism_param=param)
    return nonce + sealed


def _decrypt(held: Any, blob: bytes, context: bytes) -> bytes:
    p11 = _library()
    param = p11.GCMParams(blob[:NONCE], context, TAG * 8)
    opened: bytes = held.decrypt(
        blob[NONCE:], mechanism=p11.Mechanism.AES_GCM, mechanism_param=param
    )
    return opened
