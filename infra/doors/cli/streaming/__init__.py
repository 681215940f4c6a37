"""Commands of the distributed engine: its topics, and what fills them."""
