"""Rating: a judge answers criteria and metrics about a whole transcript, usually in one call."""
