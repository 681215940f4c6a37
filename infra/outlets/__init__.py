"""The ways out: where subscribers get their alerts."""
