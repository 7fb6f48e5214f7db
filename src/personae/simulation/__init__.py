"""The conversation: the simulator that plays the persona, and the loop between it and the bot. Knows no storage."""
