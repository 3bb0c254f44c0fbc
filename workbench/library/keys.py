"""Keys of connections. The order in which they are looked for: the provider's own variable in the environment, which this app only
reads; what was entered for this session; the system's key store; a file with a passphrase, where the user made one; last the general
variable `WORKBENCH_API_KEY`, which must not send one provider's key to all the others.

Never in the workspace file, never in a log. The key store is asked in a thread of its own with a limit, because a desktop's unlock
dialog can wait for ever. A key is entered "for this session" only where neither store nor file could take it, so it stands before them:
it is the newer one.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Literal, TypeVar
from urllib.parse import quote

from workbench.library.key_file import KeyFile
from workbench.values import BadInput, Missing

KeyPlace = Literal["keyring", "environment", "session", "file", "missing"]
T = TypeVar("T")

SERVICE = "Prompt Workbench"
"""The name under which keys stand in the key store."""
GENERAL = "WORKBENCH_API_KEY"
"""The environment variable that counts for every connection that has no other key."""
PASSPHRASE = "WORKBENCH_PASSPHRASE"
"""The environment variable that may hold the passphrase of the key file."""
NO_KEY = "no_key"
"""The code of a call, and of a test, that was refused because it carried no key."""
_FILE = "file "
_SHORTEST_TO_HIDE = 8
"""Shorter keys are placeholders such as `x` or `ollama`, which are words of texts too."""

_SENTENCES = {
    "": "Keys in system keychain",
    "none": "No key store here: keys last for this session",
    "locked": "The system keychain is locked: keys last for this session",
    "slow": "The system keychain does not answer: keys last for this session",
    "broken": "The system keychain reports a fault: keys last for this session",
}
_FILE_SENTENCES = {
    "open": "Keys in a file with a passphrase",
    "locked": "Keys in a file with a passphrase, not opened yet",
    "damaged": "The key file is damaged: keys last for this session",
}


class _Trouble(Exception):
    """The key store cannot be used: `none`, `locked`, `slow` or `broken`."""


class Keys:
    """Where keys are kept on this computer. All verbs may be called from any thread; they take at most `timeout_s`."""

    def __init__(self, timeout_s: float = 5.0, environ: Mapping[str, str] | None = None, file: KeyFile | None = None) -> None:
        self._timeout_s = timeout_s
        self._environ = os.environ if environ is None else environ
        self.file = file or KeyFile()
        self.ask_passphrase: Callable[[], str] | None = None
        """Asks a person for the passphrase of the key file, once; None where nobody can be asked from here."""
        self._wrong_passphrase = ""
        self._seen: set[str] = set()
        """Keys that passed through here in this session, to be taken out of what is logged or shown of a crash."""
        self._session: dict[str, str] = {}
        self._absent: set[str] = set()
        self._trouble: str | None = None
        """None until the store was asked for the first time."""
        self._waiting: threading.Thread | None = None
        self._guard = threading.Lock()

    def place(self) -> str:
        """One sentence for the status bar: where a key that is entered now is kept."""
        state = self._state()
        return (_FILE_SENTENCES.get(self.file.state()) if state else None) or _SENTENCES[state]

    def kind(self) -> Literal["keyring", "file", "session"]:
        """Where a key that is entered now is kept."""
        if not self._state():
            return "keyring"
        return "file" if self.file.state() in ("open", "locked") else "session"

    def offers_file(self) -> bool:
        """True where keys last for this session only and a key file would keep them."""
        return self.kind() == "session" and self.file.can_be_made()

    def needs_passphrase(self) -> bool:
        """True if there is a key file and a person must be asked for its passphrase before it can be used."""
        return self.file.state() == "locked" and self._environ.get(PASSPHRASE, "") in ("", self._wrong_passphrase)

    def locked(self) -> bool:
        """True if the key store is there but was locked, or waited for somebody to unlock it, when it was last asked."""
        return self._trouble in ("locked", "slow")

    def see(self, key: str | None) -> None:
        """Know a key for `hide`, such as one that is tried before it is kept."""
        if key and len(key) >= _SHORTEST_TO_HIDE:
            self._seen.add(key)

    def hide(self, text: str) -> str:
        """The text without any key that passed through here, as it is or as it stands in an address."""
        for key in tuple(self._seen):
            for form in (key, quote(key, safe="")):
                text = text.replace(form, "[key]")
        return text

    def get(self, key_ref: str, env: str | Sequence[str] | None = None) -> tuple[str | None, KeyPlace]:
        """The key and where it was found; `env`: the environment variables that may hold it, in their order.

        Raises BadInput where a person was asked for the passphrase of the key file and typed a wrong one.
        """
        found = self._found(key_ref, env)
        self.see(found[0])
        return found

    def _found(self, key_ref: str, env: str | Sequence[str] | None) -> tuple[str | None, KeyPlace]:
        if key_ref.startswith(_FILE) and key_ref in self._session:  # a key that stands in the file being run is the one meant
            return self._session[key_ref], "session"
        own, general = self.variable(_own(key_ref, env)), self.variable(env)
        if own and own == general:
            return self._value(own), "environment"
        key, place = self._kept(key_ref)
        name = own if key else general
        return (self._value(name), "environment") if name else (key, place)

    def _kept(self, key_ref: str) -> tuple[str | None, KeyPlace]:
        """The key that was entered for this connection."""
        if key_ref in self._session:
            return self._session[key_ref], "session"
        if key_ref and not key_ref.startswith(_FILE) and self._state() != "none":
            try:
                key = self._ask(lambda store: store.get_password(SERVICE, key_ref))
            except _Trouble:
                key = None
            else:
                (self._absent.discard if key else self._absent.add)(key_ref)
            if key:
                return str(key), "keyring"
        if self.file.has(key_ref):
            self._open_file()
            key = self.file.get(key_ref)
            if key:
                return key, "file"
        return None, "missing"

    def look(self, key_ref: str, env: str | Sequence[str] | None, remembered: str) -> tuple[KeyPlace, str, str]:
        """Where `get` would find the key, its last characters as far as they are known, and the variable that holds it where it is the
        environment's; the key store is not opened for this. `remembered` is the place where this connection's key was put.
        """
        place: KeyPlace = "missing"
        if key_ref in self._session:
            place = "session"
        elif remembered == "keyring" and key_ref not in self._absent and self._state() != "none":
            place = "keyring"
        elif self.file.has(key_ref):
            place = "file"
        name = self.variable(env if place == "missing" else _own(key_ref, env))
        if name:
            return "environment", hint(self._value(name)), name
        return place, hint(self._session[key_ref]) if place == "session" else "", ""

    def put(self, key_ref: str, key: str) -> KeyPlace:
        """Keep a key; the answer says where. Raises BadInput for what cannot be a key, Missing while the key file is locked."""
        key = checked_key(key)
        self.see(key)
        try:
            self._ask(lambda store: store.set_password(SERVICE, key_ref, key))
        except _Trouble:
            if self.kind() != "file":
                self._session[key_ref] = key
                return "session"
            self.check_file()
            self.file.put(key_ref, key)
            self._session.pop(key_ref, None)
            return "file"
        self._session.pop(key_ref, None)
        self._absent.discard(key_ref)
        self.file.forget(key_ref)  # an older one that would come back with the file
        return "keyring"

    def check_file(self) -> None:
        """Raises Missing where a key that is entered now belongs into the key file, and that is locked."""
        if self.kind() == "file":
            self._open_file()
            if self.file.state() != "open":
                wrong = f"{PASSPHRASE} does not open the key file" if self.wrong_passphrase() else "The key file is locked"
                raise Missing(f"{wrong}, so the key was not kept.", remedy=f"Enter its passphrase, or set {PASSPHRASE}.")

    def variable(self, env: str | Sequence[str] | None) -> str:
        """The name of the environment variable that gives the key; empty if none does."""
        names = (env,) if isinstance(env, str) else env or ()
        return next((name for name in names if name and self._environ.get(name, "").strip()), "")

    def hold(self, key_ref: str, key: str) -> None:
        """Keep a key for this session only, past the key store: one that stands in a file being run."""
        self.see(key)
        self._session[key_ref] = key

    def forget(self, key_ref: str) -> None:
        """Remove a key from the key store, the key file and this session. An environment variable stays."""
        self._session.pop(key_ref, None)
        self.file.forget(key_ref)

        def remove(store: Any) -> None:
            if store.get_password(SERVICE, key_ref) is not None:
                store.delete_password(SERVICE, key_ref)

        try:
            self._ask(remove)
        except _Trouble:
            return
        self._absent.add(key_ref)

    def _value(self, variable: str) -> str:
        return self._environ[variable].strip()

    def _open_file(self) -> None:
        """Open the key file with the passphrase of the environment, else with the one that a person is asked for, if one can be asked."""
        if self.file.state() != "locked":
            return
        given = self._environ.get(PASSPHRASE, "")
        if given and given != self._wrong_passphrase:
            try:
                self.file.open(given)
            except BadInput:
                self._wrong_passphrase = given
            else:
                return
        if self.ask_passphrase is not None:
            self.file.open(self.ask_passphrase())

    def wrong_passphrase(self) -> bool:
        """True if the environment holds a passphrase that does not open the key file."""
        return bool(self._wrong_passphrase) and self._environ.get(PASSPHRASE, "") == self._wrong_passphrase

    def _state(self) -> str:
        """Empty while the key store can be used, else what is wrong with it."""
        if self._trouble is None or (self._trouble == "slow" and not self._is_waiting()):
            with suppress(_Trouble):
                self._ask(lambda store: None)
        return self._trouble or ""

    def _is_waiting(self) -> bool:
        return self._waiting is not None and self._waiting.is_alive()

    def _ask(self, action: Callable[[Any], T]) -> T:
        """What the key store answers. Raises _Trouble where there is none, or it is locked, or takes too long."""
        with self._guard:
            if self._trouble == "none" or self._is_waiting():  # one dialog is enough
                raise _Trouble(self._trouble or "slow")
            answers: list[T] = []
            troubles: list[str] = []

            def work() -> None:
                try:
                    answers.append(action(_store()))
                except _Trouble as trouble:
                    troubles.append(str(trouble))
                except Exception as error:
                    troubles.append(_trouble_of(error))

            thread = threading.Thread(target=work, name="key store", daemon=True)
            thread.start()
            thread.join(self._timeout_s)
            self._waiting = thread if thread.is_alive() else None
            self._trouble = "slow" if self._waiting else troubles[0] if troubles else ""
            if self._trouble:
                raise _Trouble(self._trouble)
            return answers[0]


def _own(key_ref: str, env: str | Sequence[str] | None) -> Sequence[str]:
    """The variables that come before a key that was entered for the connection; where there is no connection, all of them."""
    names = (env,) if isinstance(env, str) else env or ()
    return [name for name in names if name != GENERAL] if key_ref else names


def checked_key(key: str) -> str:
    """The key without spaces around it. Raises BadInput for what cannot be one."""
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise BadInput("This is not a key: a key is one word of plain characters.", remedy="Copy it again from the provider's page.")
    return key


def file_key(base_url: str, model: str) -> str:
    """The name under which the key of a model from a file is held for this session."""
    return f"{_FILE}{base_url} {model}"


def hint(key: str) -> str:
    """The last four characters, such as `...9f2c`; empty for a short key, of which they would tell too much."""
    return f"...{key[-4:]}" if len(key) >= 16 else ""


def _store() -> Any:
    """The key store of this computer. Plain text files are none."""
    import keyring  # 0.2 s, and it may ask the desktop

    backend = keyring.get_keyring()
    candidates = list(getattr(backend, "backends", [backend]))
    for candidate in candidates:
        if not type(candidate).__module__.startswith(("keyring.backends.fail", "keyring.backends.null", "keyrings.alt")):
            return candidate
    raise _Trouble("none")


def _trouble_of(error: Exception) -> str:
    from keyring import errors

    if isinstance(error, errors.NoKeyringError):
        return "none"
    return "locked" if isinstance(error, (errors.KeyringLocked, errors.InitError)) else "broken"
