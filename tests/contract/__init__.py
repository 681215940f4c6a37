"""What every back end of a port is held to: one suite a port, run against each of them."""
