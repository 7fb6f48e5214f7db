"""How good is a set of queries or personas: how specific each is, how varied all are, and what should be looked at."""
