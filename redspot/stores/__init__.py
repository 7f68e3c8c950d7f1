"""The adapters that keep the domain in a database: SQLAlchemy tables, Alembic migrations."""
