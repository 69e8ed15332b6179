"""Opening the SQLite store: pragmas, permissions, migrations, and one writer beside many readers."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError

from anju_hub.errors import HubError, StoreBusyError

STORE_FILE = "anju.sqlite"
BUSY_TIMEOUT_S = 10.0


class Store:
    """The hub's database file.

    `write()` gives a connection inside an immediate transaction, one at a time in this process; `read()` gives
    one of several connections that see the last commit and cannot write.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writer = _engine(path, begin="BEGIN IMMEDIATE", query_only=False)
        self._reader = _engine(path, begin="BEGIN", query_only=True)
        self._writing = threading.Lock()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A write transaction; commits (durably: WAL, synchronous=FULL) when the block ends.

        Raises
        ------
        StoreBusyError
            The commit did not happen: disk full, file system read-only, locked for too long.
        """
        with self._writing:
            try:
                with self._writer.begin() as connection:
                    yield connection
            except OperationalError as error:
                raise StoreBusyError(str(error.orig)) from error

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read transaction on one snapshot."""
        with self._reader.connect() as connection:
            yield connection

    def close(self) -> None:
        self._reader.dispose()
        self._writer.dispose()


def open_store(folder: Path, create: bool = True) -> Store:
    """Open the store in `folder` and bring its schema up to date.

    Raises
    ------
    HubError
        The folder cannot be written, there is no store and `create` is false, the file is no store, or it was
        written by a newer version.
    """
    path = folder / STORE_FILE
    if not create and not path.exists():
        raise HubError(
            f"there is no store in {folder}",
            "Start 'anju hub serve' with the same --data once, or enrol a node first.",
        )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600, exist_ok=True)
    except OSError as error:
        raise HubError(
            f"cannot write to {folder}: {error.strerror}",
            "Choose a folder of your own with --data DIR (or ANJU_DATA), or correct its owner and mode.",
        ) from error
    store = Store(path)
    try:
        with store.write() as connection:
            _migrate(connection, path)
    except (DBAPIError, StoreBusyError) as error:
        store.close()
        raise HubError(
            f"{path} cannot be opened: {error}",
            "If it is locked, another program holds it; if it is no SQLite file, move it away.",
        ) from error
    except HubError:
        store.close()
        raise
    return store


def _engine(path: Path, begin: str, query_only: bool) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        # Autocommit in the driver: SQLAlchemy's begin event below decides what a transaction starts with.
        connect_args={"timeout": BUSY_TIMEOUT_S, "isolation_level": None, "check_same_thread": False},
        pool_size=1 if not query_only else 4,
    )

    @event.listens_for(engine, "connect")
    def _pragmas(connection, _record):  # type: ignore[no-untyped-def]  # SQLAlchemy's event signature
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")  # an acknowledged report survives a power cut
        cursor.execute("PRAGMA foreign_keys=ON")
        if query_only:
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def migration_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config


def _migrate(connection: Connection, path: Path) -> None:
    config = migration_config()
    script = ScriptDirectory.from_config(config)
    current = MigrationContext.configure(connection).get_current_revision()
    if current == script.get_current_head():
        return
    known = {revision.revision for revision in script.walk_revisions()}
    if current is not None and current not in known:
        raise HubError(
            f"{path} has schema {current}, which this version of anju does not know",
            "It was written by a newer version: update anju, or use another folder with --data.",
        )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
