"""Opening a workspace on a server: with the password of the address, of libpq's own places, or of the key store."""

from __future__ import annotations

from workbench.library.keys import Keys
from workbench.store.database import Database
from workbench.store.server.address import parse
from workbench.values import NoPassword, without_password


def open_on_server(url: str, keys: Keys, password: str | None, *, keep: bool) -> Database:
    """The open workspace. A password that is given, and works, is put into the key store with `keep`; it is written nowhere else."""
    ref = f"workspace {without_password(url).partition('?')[0]}"
    keys.see(password)
    keys.see(parse(url).password)
    try:
        opened = Database.open(url, password=password)
    except NoPassword:
        kept = keys.get(ref)[0] if password is None else None
        if kept is None:
            raise
        opened = Database.open(url, password=kept)
    if password and keep:
        keys.put(ref, password)
    return opened
