"""Write every schema into its file."""

from streams.schemas import FOLDER, schemas, text_of

for name, schema in schemas().items():
    (FOLDER / f"{name}.json").write_bytes(text_of(schema))
