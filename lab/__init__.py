"""The laboratory: servers on loopback that play models and bots, to order. For tests, soaks and the bench."""
