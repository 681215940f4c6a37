"""Recorded histories and what the product said of them. They are only ever added to."""
