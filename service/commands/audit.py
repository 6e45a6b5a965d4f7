"""The commands that prove: `tasking verify-audit` and `tasking evidence`. They need the database and no network."""

import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import click
from sqlalchemy import Connection, Table
from sqlalchemy.exc import DatabaseError, OperationalError

from reporting.evidence_bundle import make_bundle
from service.clock import SystemClock
from service.commands.running import console, login_or_stop, problems, settings_or_stop, stop, told
from service.event_routes import ROUTES
from store import chain
from store.database import check_schema, opened
from store.tables import audit_log, decisions
from store.unit_of_work import Store
from tasking.errors import UnknownTask

CHAINS: Mapping[str, Table] = {"audit log": audit_log, "register of decisions": decisions}
"""Every table that is kept as a chain, by what people call it."""


@click.command("verify-audit")
@click.option("--newest", is_flag=True, help="Also print how many rows there are and the newest hash, to be noted.")
@click.option("--noted", metavar="HASH", help="Also look whether this hash, noted earlier, still stands there.")
def verify_audit(newest: bool, noted: str | None) -> None:
    """Check that the audit log and the register of decisions are as they were written.

    Finds every changed row, rows taken out, put in or swapped, and rows cut off at the end. Who may write the whole
    database could forge them from their first row: note the newest hashes elsewhere, and have them looked for here.
    """
    settings = settings_or_stop()
    with told(), opened(settings.database_url) as engine:
        check_schema(engine)
        try:
            with engine.connect() as connection:
                wrong = _faults(connection, noted)
                heads = {name: chain.head(connection, table) for name, table in CHAINS.items()} if newest else {}
        except OperationalError:
            raise
        except DatabaseError:
            wrong, heads = ["The database's file is damaged: what is noted there cannot be read."], {}
    for name, head in heads.items():
        console.print(f"Rows of the {name}: {head.rows}. Newest hash: {head.hash}", soft_wrap=True)
    if wrong:
        for sentence in wrong:
            problems.print(sentence, soft_wrap=True)
        sys.exit(1)
    for name in CHAINS:
        console.print(f"The {name} is whole.")


def _faults(connection: Connection, noted: str | None) -> list[str]:
    found = {name: chain.first_break(connection, table) for name, table in CHAINS.items()}
    faults = [
        f"The {name} does not fit its chain from row {each.number} on: {each.words}."
        for name, each in found.items()
        if each
    ]
    if noted and not any(chain.stands(connection, table, noted.strip()) for table in CHAINS.values()):
        faults.append("The hash that was noted is not there: rows up to it were forged or taken out.")
    return faults


@click.command("evidence")
@click.argument("reference", metavar="REFERENCE")
@click.option(
    "--to", "path", required=True, type=click.Path(path_type=Path), metavar="FILE.zip", help="File to make; it is new."
)
@click.option("--as", "who", metavar="WHO", help="Who takes the record out, for the audit log; else your login here.")
@click.option("--for", "recipient", metavar="WHOM", help="To whom it will be given, for the audit log.")
def evidence(reference: str, path: Path, who: str | None, recipient: str | None) -> None:
    """Write everything on record about one task into a .zip, in time order and with hashes.

    That it was taken out, by whom and for whom, is in the audit log before the file is written.
    """
    settings = settings_or_stop()
    with told(), opened(settings.database_url) as engine:
        check_schema(engine)
        store = Store(engine, SystemClock(), ROUTES)
        with ExitStack() as unless_written:
            _make_new(path)
            unless_written.callback(path.unlink)
            try:
                bundle = make_bundle(store, reference, who or login_or_stop("takes the record out"), "cli", recipient)
            except UnknownTask as error:
                stop([str(error)])
            path.write_bytes(bundle.content)
            unless_written.pop_all()
    for sentence in bundle.warnings:
        problems.print(sentence, soft_wrap=True)
    console.print(f"{bundle.items} items about {bundle.reference} are in {path}, marked {bundle.mark}.", soft_wrap=True)


def _make_new(path: Path) -> None:
    """An empty file that only its owner may read. It is made first, so that nothing is audited that cannot be kept."""
    try:
        path.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        stop([f"{path}: there is a file already; nothing was written."])
