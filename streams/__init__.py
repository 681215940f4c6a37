"""Events in transit: the envelope and whole histories. Imports projections, domain."""
