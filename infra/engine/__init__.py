"""The embedded engine: one process that follows the log, lets time pass, and tells."""
