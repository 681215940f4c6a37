"""The HTTP API: asked in the process for most, by a server of its own for what takes time."""
