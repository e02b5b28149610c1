"""The planner: an ASGI service that plans, and has the executor do the parts side by side, until its input ends."""

import asyncio
import socket
import sys
from threading import Thread

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

import telemetry
from telemetry.http import ASGIMiddleware, instrument_httpx

EXECUTOR = sys.argv[1]


@telemetry.instrument_span("plan.compile_graph", result={"graph.nodes": len})
async def plan(backends: list[str]) -> list[str]:
    """Have each backend do its part; the calls run at the same time."""
    async with httpx.AsyncClient(base_url=EXECUTOR) as executor:
        answers = await asyncio.gather(*(executor.post(f"/jobs/{backend}") for backend in backends))
    return [answer.text for answer in answers]


async def make(request: Request) -> JSONResponse:
    """Answer `/plans/<name>`."""
    return JSONResponse(await plan(["c-gcc", "c-clang"]))


if __name__ == "__main__":
    with telemetry.configure("planner"), socket.create_server(("127.0.0.1", 0)) as listening:
        instrument_httpx()
        app = ASGIMiddleware(Starlette(routes=[Route("/plans/{name}", make, methods=["POST"])]))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        thread = Thread(target=server.run, args=([listening],))
        thread.start()
        print(listening.getsockname()[1], flush=True)
        sys.stdin.read()
        server.should_exit = True
        thread.join()
