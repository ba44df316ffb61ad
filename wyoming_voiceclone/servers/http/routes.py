"""Routes: what is answered to whom."""

from dataclasses import asdict

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from wyoming_voiceclone import __version__
from wyoming_voiceclone.servers.http.metrics import Reports, rendered


def make_routes(reports: Reports) -> Starlette:
    """The ASGI application over what the router reports."""

    async def metrics(_: Request) -> Response:
        return Response(rendered(reports), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    async def health(_: Request) -> Response:
        """200 while somebody can speak, else 503."""
        now = reports()
        healthy = any(each.can_speak for each in now)
        backends = {each.name: asdict(each) for each in now}
        told = {"status": "ok" if healthy else "failing", "version": __version__}
        return JSONResponse(told | {"backends": backends}, 200 if healthy else 503)

    return Starlette(routes=[Route("/metrics", metrics), Route("/health", health)])
