"""Any voice you own, in every room, at once: a Wyoming text-to-speech server."""

__version__ = "0.1.0"
