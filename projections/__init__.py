"""Read models: what people and programs ask of many tickets. Imports domain."""
