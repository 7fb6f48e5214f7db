"""The SDK: a personae server from Python, blocking or awaited.

    from personae.sdk import Client

    with Client() as client:
        group = client.persona_groups.by_name("First week")

Each noun of the server is an attribute of the client, one file here each. `steps`, `session` and `doors` are the way to
the server, and `nouns` makes methods of both kinds out of one description.
"""

from personae.sdk.client import AsyncClient, Client

__all__ = ["AsyncClient", "Client"]
