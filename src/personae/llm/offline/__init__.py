"""The offline engine: simulator, judge, generator and bot without key and network, the same by seed.

It makes `personae demo`, tests and CI real runs of the whole way: prompts are rendered, tools parsed, quotes checked,
budgets reserved by the same code as with a real model; only the model is ours. It is for trying and testing, not a
measure of a bot: it matches words and knows nothing of what they mean.
"""
