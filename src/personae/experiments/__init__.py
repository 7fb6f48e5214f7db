"""Experiments: personas x scenarios x epochs against one bot. Planned, budgeted, run, recorded and summed up."""
