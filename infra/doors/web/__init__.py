"""The HTTP API; docs/api.md tells it to those who call it."""
