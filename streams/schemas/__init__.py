"""What other programs may rely on, as JSON Schemas (2020-12): events, alerts, clocks, watermarks.

They are made from the types that the engine itself works with. `python -m streams.schemas` writes
the files of this folder anew; those in `published/` are the ones that readers were given last, and
no later one may break them (contracts, the end of Events on Kafka).
"""

from streams.schemas.catalog import FOLDER, PUBLISHED, schemas, text_of

__all__ = ["FOLDER", "PUBLISHED", "schemas", "text_of"]
