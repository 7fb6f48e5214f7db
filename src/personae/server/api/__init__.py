"""REST under `/api/v0`: one noun per file, each with a `router`. The elluminate SDK works unchanged: docs/server.md."""
