"""The store: the only SQL of the house.

    tables.py      what is kept
    columns.py     the types of what is kept
    engine.py      connections and transactions, and all that differs between SQLite and PostgreSQL
    writer.py      group commit: what many tasks hand in becomes one transaction
    migrations/    from each published schema to the next

Every other file holds plain async functions for one noun. They take a connection and plain values, and give rows as
mappings. Whatever belongs to a project is looked up with the project's id beside its own, so that another project's
row is never found.
"""
