"""A slow second reading of the design pages, to hold the product against.

Nothing here imports the product. Every rule is written as literally as semantics and contracts
say it: business time is walked minute by minute, and a ticket is folded again from its first
event whenever anything is recorded.
"""
