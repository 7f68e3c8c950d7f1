from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text

from redspot.registry.rollout import Move, RolloutStage
from redspot.stores import migrations
from redspot.stores.database import (
    Database,
    DatabaseUnavailableError,
    NetworkFileSystemError,
    file_system_of,
    refuse_network_file_system,
)
from redspot.stores.endpoints import SqlEndpointStore
from redspot.stores.tables import Base, ModelRow

MOUNTS = "rootfs / ext4 rw 0 0\nserver:/home /home nfs4 rw 0 0\ntmpfs /home/ada/local tmpfs rw 0 0\n"


def test_the_migrations_make_exactly_the_tables(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_guard_goes_red_when_a_table_lacks_its_migration(database: Database) -> None:
    with database.write() as session:
        session.execute(text("DROP TABLE leases"))
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) != []


def test_opening_twice_at_once_migrates_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/redspot.db"
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(lambda _: Database.open(url), range(4)))
    for database in opened:
        database.check()
        database.dispose()


def test_the_database_is_in_wal_mode(database: Database) -> None:
    with database.read() as session:
        assert session.scalar(text("PRAGMA journal_mode")) == "wal"
        assert session.scalar(text("PRAGMA foreign_keys")) == 1


def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.write() as session:
            session.add(ModelRow(name="m", owner="a", created_at=database.clock.now()))
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with database.read() as session:
        assert session.get(ModelRow, "m") is None


def test_a_state_directory_on_nfs_is_refused_with_the_remedy() -> None:
    with pytest.raises(NetworkFileSystemError, match="REDSPOT_STATE_DIR") as caught:
        refuse_network_file_system(Path("/home/ada/.local/share/redspot"), MOUNTS)
    assert caught.value.facts["file_system"] == "nfs4"


def test_the_nearest_mount_counts() -> None:
    assert file_system_of(Path("/home/ada/local/x"), MOUNTS) == "tmpfs"
    assert file_system_of(Path("/var"), MOUNTS) == "ext4"
    refuse_network_file_system(Path("/home/ada/local/x"), MOUNTS)


def test_a_database_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    (tmp_path / "folder.db").mkdir()
    with pytest.raises(DatabaseUnavailableError, match="cannot be opened"):
        Database.open(f"sqlite:///{tmp_path}/folder.db")


def test_endpoints_of_before_there_were_definitions_go_on(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/redspot.db"
    engine = create_engine(url)
    with engine.begin() as connection:
        migrate(connection, "0001")
        for statement in BEFORE_DEFINITIONS:
            connection.execute(text(statement))
    engine.dispose()
    database = Database.open(url)
    store = SqlEndpointStore(database, "http://router")
    front = store.standing("front")
    assert (front.applied.definition.model, front.applied.generation, front.owner) == ("m@2", 2, "ada")
    assert [(each.unit_id, each.state) for each in front.replicas] == [("d_2-3", "ready")]
    assert [(arm.version, arm.share) for arm in store.get("front").arms] == [("m@2", 1.0)]
    moment = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    assert [live.version for live in store.live_at("front", moment)] == ["m@1"]
    back = store.standing("back")
    assert back.rollout is not None
    assert (back.rollout.stage, back.rollout.new) == (RolloutStage.STARTING, ("d_3",))
    store.move(back.rollout, Move(RolloutStage.DONE), baseline=None)
    assert store.get("back").serving == "m@1"
    database.dispose()


BEFORE_DEFINITIONS = (
    "INSERT INTO endpoints VALUES ('front', 'ada', 'live', '2026-03-01 12:00:00', '2026-03-01 13:00:00')",
    "INSERT INTO endpoints VALUES ('back', 'bob', 'live', '2026-03-01 12:00:00', '2026-03-01 13:00:00')",
    "INSERT INTO deployments VALUES ('d_1', 'front', 'm', 1, 'ended', 1, '2026-03-01 12:00:00', 'ada', 'first',"
    " '2026-03-01 12:01:00', '2026-03-01 13:01:00', '')",
    "INSERT INTO deployments VALUES ('d_2', 'front', 'm', 2, 'live', 3, '2026-03-01 13:00:00', 'ada', 'better',"
    " '2026-03-01 13:01:00', NULL, '')",
    "INSERT INTO deployments VALUES ('d_3', 'back', 'm', 1, 'starting', 1, '2026-03-01 13:00:00', 'bob', '',"
    " NULL, NULL, '')",
)


def migrate(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
