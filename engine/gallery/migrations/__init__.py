"""Alembic migrations of the gallery."""
