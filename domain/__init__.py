"""What tickets, policies, hours, clocks and alerts are: pure values and functions.

Standard library only; no input or output, no clock, no randomness.
"""
