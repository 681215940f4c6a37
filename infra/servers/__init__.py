"""Servers for people without Docker, and for tests: real ones, on this machine alone."""
