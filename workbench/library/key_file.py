"""Keys in a file that a passphrase opens: for computers without a key store, and only where the user chose it.

Each key is encrypted by itself (AES-256-GCM, bound to its name), under what scrypt makes of the passphrase. So a key can be forgotten,
and that there is one can be seen, without the passphrase. The passphrase is never kept; what scrypt made of it stays in memory until the
app ends. A checksum tells a damaged file from a wrong passphrase, and a damaged file is never written again.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from workbench.settings import data_folder
from workbench.values import BadInput, Missing
from workbench.whole_file import PRIVATE, beside

State = Literal["absent", "locked", "open", "damaged"]

SHORTEST = 8
_COST = 2**17
"""scrypt's N with r = 8, p = 1: 128 MB and about half a second for each guess (OWASP's recommendation)."""
_MOST_COST = 2**20
_NONCE = 12
_CHECK = ""
"""The name of the entry that holds nothing: it tells whether a passphrase is the right one while no key is kept yet."""


class KeyFile:
    """The file of keys of this user. All verbs may be called from any thread."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or data_folder() / "keys.encrypted"
        self._opened: tuple[str, bytes] | None = None
        """The salt that was opened, and what scrypt made of the passphrase with it."""
        self._guard = threading.RLock()

    def state(self) -> State:
        """Whether there is such a file, and whether its passphrase was given in this session."""
        if not self.path.exists():
            return "absent"
        try:
            content = self._read()
        except _Unreadable:
            return "damaged"
        return "open" if self._opened and self._opened[0] == content["salt"] else "locked"

    def can_be_made(self) -> bool:
        """True where there is no such file and one could be made."""
        return self.state() == "absent" and _can_encrypt()

    def make(self, passphrase: str) -> None:
        """Make the file, without a key in it. Raises BadInput for a short passphrase, or where there is one already."""
        if len(passphrase.strip()) < SHORTEST:
            raise BadInput(f"A passphrase needs {SHORTEST} characters or more.", remedy="Several words are easy to keep in mind.")
        cipher = _cipher()
        with self._guard:
            if self.path.exists():
                raise BadInput(f"There is a key file already: {self.path}.", remedy="Open it with its passphrase, or remove it first.")
            salt = b64encode(os.urandom(16)).decode()
            secret = _derived(passphrase, salt, _COST)
            self._write({"schema": 1, "kdf": "scrypt", "n": _COST, "salt": salt, "keys": {_CHECK: _sealed(cipher, secret, _CHECK, "")}})
            self._opened = salt, secret

    def open(self, passphrase: str) -> None:
        """Open the file for this session. Raises BadInput for a wrong passphrase, Missing where there is no file to open."""
        cipher = _cipher()
        with self._guard:
            content = self._sound()
            secret = _derived(passphrase, content["salt"], content["n"])
            if _plain(cipher, secret, _CHECK, content["keys"][_CHECK]) is None:
                raise BadInput("This passphrase does not open the key file.", remedy="Type it again.")
            self._opened = content["salt"], secret

    def has(self, name: str) -> bool:
        """True if a key of this name is kept, also while the file is locked."""
        try:
            return bool(name) and self.path.exists() and name in self._read()["keys"]
        except _Unreadable:
            return False

    def get(self, name: str) -> str | None:
        """The key of this name; None if there is none, or the file is locked."""
        with self._guard:
            if not self.has(name) or self.state() != "open" or self._opened is None:
                return None
            return _plain(_cipher(), self._opened[1], name, self._read()["keys"][name])

    def put(self, name: str, key: str) -> None:
        """Keep a key, in the place of an older one. Raises Missing while the file is locked or damaged."""
        with self._guard:
            content = self._sound()
            if self.state() != "open" or self._opened is None:
                raise Missing("The key file is locked.", remedy="Enter its passphrase first.")
            content["keys"][name] = _sealed(_cipher(), self._opened[1], name, key)
            self._write(content)

    def forget(self, name: str) -> None:
        """Remove a key, also while the file is locked."""
        with self._guard:
            if self.has(name):
                content = self._read()
                del content["keys"][name]
                self._write(content)

    def remove(self) -> None:
        """Remove the file with all keys in it."""
        with self._guard:
            self.path.unlink(missing_ok=True)
            self._opened = None

    def _sound(self) -> dict[str, Any]:
        if not self.path.exists():
            raise Missing("There is no key file here.", remedy="Make one first.")
        try:
            return self._read()
        except _Unreadable:
            raise Missing(
                f"The key file is damaged, so nothing was written to it: {self.path}.", remedy="Put a copy of it back, or remove it."
            ) from None

    def _read(self) -> dict[str, Any]:
        try:
            content = json.loads(self.path.read_bytes())
            told = content.pop("sha256")
            whole = content["schema"] == 1 and content["kdf"] == "scrypt" and told == _checksum(content)
            cost = content["n"]
            if not whole or type(cost) is not int or not 2 <= cost <= _MOST_COST or _CHECK not in content["keys"]:
                raise _Unreadable
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise _Unreadable from None
        return dict(content)

    def _write(self, content: dict[str, Any]) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with beside(self.path, ".keys-", PRIVATE) as made:
                with made.open("w", encoding="ascii") as file:
                    json.dump({**content, "sha256": _checksum(content)}, file, indent=1)
                    file.flush()
                    os.fsync(file.fileno())
                made.replace(self.path)
        except OSError as error:
            raise Missing(f"The key file cannot be written ({error.strerror}): {self.path}.", remedy="Make room for it.") from None


class _Unreadable(Exception):
    """The file is not as it was written."""


def _can_encrypt() -> bool:
    """True where the library that encrypts is installed: on Linux, where alone a computer may have no key store."""
    from importlib.util import find_spec  # asked by a dialog

    return find_spec("cryptography") is not None


def _cipher() -> Callable[[bytes], Any]:
    if not _can_encrypt():
        raise Missing("The library cryptography, which encrypts a key file, is not installed.", remedy="pip install cryptography")
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # 0.2 s, for those with a key file

    return AESGCM


def _derived(passphrase: str, salt: str, cost: int) -> bytes:
    letters = passphrase.strip().encode()
    return hashlib.scrypt(letters, salt=b64decode(salt), n=cost, r=8, p=1, maxmem=256 * 8 * cost, dklen=32)


def _sealed(cipher: Callable[[bytes], Any], secret: bytes, name: str, key: str) -> str:
    nonce = os.urandom(_NONCE)
    return b64encode(nonce + cipher(secret).encrypt(nonce, key.encode(), name.encode())).decode()


def _plain(cipher: Callable[[bytes], Any], secret: bytes, name: str, sealed: str) -> str | None:
    from cryptography.exceptions import InvalidTag

    data = b64decode(sealed)
    try:
        return bytes(cipher(secret).decrypt(data[:_NONCE], data[_NONCE:], name.encode())).decode()
    except InvalidTag:
        return None


def _checksum(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
