"""The server: one more door to the engine, for people and programs that share personas, experiments and results.

settings.py    what a deployment can choose
app.py         the application, from settings
services.py    what all requests share: database, keys, the launcher of experiments
security.py    who asks, and what they may do
deps.py        the types that routes take
paging.py      pages of a list
failures.py    errors as answers
schemas/       what travels, one noun per file
api/           REST, one noun per file; each file has a `router`
"""
