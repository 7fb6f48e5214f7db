"""The workbench: one page per file, each with a `router`, found by its place. `docs/pages.md` says how to add one.

Pages are a door to the functions that the API's routes call: no logic and no SQL of their own.
"""
