"""HTTP for models and bots alike: one pool of connections, recorded and replayed by a cassette."""

from personae.transport.pool import Pool, Response, Transport, TransportError

__all__ = ["Pool", "Response", "Transport", "TransportError"]
