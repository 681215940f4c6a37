"""The read models in a PostgreSQL database, and what of them is still to be published."""

from infra.store.models.postgresql.publications import PostgreSQLPublications
from infra.store.models.postgresql.read_models import PostgreSQLModels

__all__ = ["PostgreSQLModels", "PostgreSQLPublications"]
