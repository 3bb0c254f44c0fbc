"""Where a team's workspace lies: a `postgresql://` address, read without ever showing its password."""

from __future__ import annotations

import getpass
from dataclasses import field
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from workbench.quick_dataclass import dataclass
from workbench.values.problems import BadInput

_FORM = "postgresql://USER@HOST/DATABASE"

# What libpq may be told in an address. A password has its own places; what decides how this app works with the server is not up to it.
_OPTIONS = frozenset(
    {
        "channel_binding", "connect_timeout", "gssencmode", "host", "hostaddr", "options", "passfile", "port", "service", "sslcert",
        "sslcrl", "sslkey", "sslmode", "sslnegotiation", "sslrootcert", "target_session_attrs",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Address:
    """A database on a server. `str()` and `repr()` hold no password."""

    host: str
    port: int | None
    user: str
    database: str
    options: tuple[tuple[str, str], ...] = ()
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        who = f"{quote(self.user, safe='')}@" if self.user else ""
        host = f"[{self.host}]" if ":" in self.host else quote(self.host, safe="")
        port = f":{self.port}" if self.port else ""
        options = f"?{urlencode(self.options)}" if self.options else ""
        return f"postgresql://{who}{host}{port}/{quote(self.database, safe='')}{options}"

    @property
    def name(self) -> str:
        """What a status bar calls it: `team on db.example.org`."""
        return f"{self.database or self.user} on {self.place}"

    @property
    def place(self) -> str:
        """The server, as a sentence names it."""
        host = self.host or dict(self.options).get("host") or "this computer"
        return f"{host}:{self.port}" if self.port else host

    def parameters(self, password: str | None) -> dict[str, str]:
        """What psycopg's `connect` takes; a password that is None is looked for by libpq itself (PGPASSWORD, the password file)."""
        found = {**dict(self.options), "host": self.host, "port": str(self.port or ""), "user": self.user, "dbname": self.database}
        if not self.host and "host" in dict(self.options):
            found["host"] = dict(self.options)["host"]
        if password is not None:
            found["password"] = password
        return {name: value for name, value in found.items() if value}


def parse(url: str) -> Address:
    """The address that a text names. Raises BadInput without repeating what may be a password."""
    _, _, rest = url.strip().partition("://")
    try:
        parts = urlsplit(f"postgresql://{rest}")
        user, password, host, port = parts.username, parts.password, parts.hostname, parts.port
        given = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:
        remedy = f"Write it as {_FORM}; in a password, write @ as %40, / as %2F and # as %23."
        raise BadInput("The address of the database cannot be read.", remedy=remedy) from None
    if parts.fragment or "/" in parts.path.removeprefix("/"):
        remedy = f"Write it as {_FORM}; in a password, write @ as %40, / as %2F and # as %23."
        raise BadInput("The address of the database cannot be read.", remedy=remedy)
    options = []
    for name, value in given:
        if name == "password":
            password = quote(value, safe="")
        elif name not in _OPTIONS:
            raise BadInput(f"The address of the database has the part {name[:40]}, which is not known here.", remedy="Leave it out.")
        else:
            options.append((name, value))
    return Address(
        unquote(host or ""), port, unquote(user or ""), unquote(parts.path.removeprefix("/")), tuple(options),
        unquote(password) if password is not None else None,
    )  # fmt: skip


def person() -> str:
    """Who sits at this computer, by the name that they signed in with; empty where nobody can tell."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""
