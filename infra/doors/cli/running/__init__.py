"""Commands on the living desk: the engine, and what people see of it."""
