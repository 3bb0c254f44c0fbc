"""What a server said, as one clear sentence for the user. No sentence holds a password: none is built from what was sent."""

from __future__ import annotations

import re

import psycopg

from workbench.store.server.address import Address
from workbench.values.problems import ConnectionLost, Hindered, Missing, NoPassword, Problem, ReadOnly, StoreTrouble

_LOST = "Nothing was lost that was saved before."


def is_server_error(error: BaseException) -> bool:
    """True for errors that came from psycopg, raw or wrapped by SQLAlchemy."""
    return isinstance(error, psycopg.Error) or isinstance(getattr(error, "orig", None), psycopg.Error)


def is_lost(error: BaseException, connection: psycopg.Connection[object] | None) -> bool:
    """True if the connection broke, so that a new one may help."""
    code = getattr(error, "sqlstate", None) or ""
    closed = connection is not None and connection.broken
    return isinstance(error, psycopg.OperationalError) and (closed or (code[:2] in ("08", "57") and code != "57014"))


def lost(address: Address) -> ConnectionLost:
    """The sentence for a connection that broke while the workspace was open."""
    return ConnectionLost(
        f"The connection to {address.place} was lost. {_LOST}", remedy="It is tried again by itself; try again in a moment."
    )


def cannot_connect(error: psycopg.Error, address: Address) -> Problem:
    """The sentence for a workspace that cannot be opened."""
    text, place = str(error), address.place
    database, user = address.database or address.user or "of your name", address.user or "of your name"
    if re.search(r"no password supplied|password authentication failed|authentication failed", text):
        missing = "no password supplied" in text
        what = f"{place} asks for the password of {user}." if missing else f"{place} does not take the password of {user}."
        remedy = "Enter it, or put it into the password file (PGPASSFILE) or into PGPASSWORD."
        return NoPassword(what, remedy=remedy)
    if re.search(r'database ".*" does not exist|3D000', text):
        return StoreTrouble(
            f"There is no database {database} on {place}.", remedy=f"Make it there (createdb --encoding UTF8 {database}), or name another."
        )
    if re.search(r'role ".*" does not exist', text):
        return StoreTrouble(f"{place} knows no user {user}.", remedy="Name another user in the address, or have this one added.")
    if "no pg_hba.conf entry" in text or "permission denied for database" in text:
        return StoreTrouble(f"{place} lets {user} not into the database {database} from here.", remedy="Ask who looks after the server.")
    if re.search(r"too many (clients|connections)|remaining connection slots", text):
        return Missing(f"{place} has no connection left to give.", remedy="Try again in a moment, or have max_connections raised.")
    if re.search(r"starting up|shutting down|in recovery mode", text):
        return Missing(f"{place} is just starting or stopping.", remedy="Try again in a moment.")
    if re.search(r"could not translate host name|Name or service not known|failed to resolve", text):
        return Missing(f"There is no server of the name {address.host}.", remedy="Check the address.")
    if re.search(r"[Cc]onnection refused|timeout|timed out|No route|unreachable|No such file|closed the connection|reset by peer", text):
        return Missing(
            f"No PostgreSQL server answers at {place}.", remedy="Check the address, and that the server runs and can be reached."
        )
    if re.search(r"\bSSL\b|certificate", text):
        return StoreTrouble(f"No safe connection to {place}: {_last_line(text)}", remedy="Check sslmode and sslrootcert in the address.")
    return StoreTrouble(f"{address.name} cannot be opened: {_last_line(text)}", remedy="Check the address.")


def problem_of(error: BaseException, address: Address, connection: psycopg.Connection[object] | None = None) -> Problem | None:
    """The sentence for trouble with the server; None for an error of the program itself (a constraint, wrong SQL)."""
    original = getattr(error, "orig", None) or error
    if is_lost(original, connection):
        return lost(address)
    code = getattr(original, "sqlstate", None) or ""
    if code == "42501":
        return ReadOnly(
            f"{address.user or 'This user'} may not do this in {address.name}. Nothing was changed.",
            remedy="Have who owns the tables grant the right.",
        )
    if code == "25006":
        return ReadOnly(
            f"{address.name} takes no writes now (it is a copy of another server). Nothing was changed.", remedy="Try again later."
        )
    if code in ("55P03", "40P01", "40001"):
        return Hindered(f"Another app is writing to {address.name}. Nothing was changed.", remedy="Try again.")
    if code == "54000":
        return StoreTrouble(f"A text is longer than {address.place} can keep it there. Nothing was changed.", remedy="Shorten it.")
    if code[:2] == "53":
        what = "its disk is full" if code == "53100" else "it has no room left"
        return Hindered(
            f"{address.place} could not save: {what}. Nothing was changed.", remedy="Tell who looks after the server, and try again."
        )
    if code == "57014":
        return Hindered(f"{address.place} took too long to answer. Nothing was changed.", remedy="Try again.")
    return None


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    said = lines[-1] if lines else "it did not say why"
    return said.rpartition("FATAL:")[2].strip().rstrip(".") + "."
