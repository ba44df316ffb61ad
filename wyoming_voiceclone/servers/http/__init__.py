"""HTTP: /metrics for Prometheus, /health for whoever watches over the server."""

from wyoming_voiceclone.servers.http.server import HttpServer

__all__ = ["HttpServer"]
