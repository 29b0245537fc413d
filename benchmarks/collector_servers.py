"""What the collector is compared with. usage: collector_servers.py echo|fastapi PORT"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

ANSWER = b"OK - event accepted"


async def echo(scope: Any, protocol: Any) -> None:
    """Read the body and answer."""
    await protocol()
    protocol.response_bytes(200, [("content-type", "text/plain")], ANSWER)


def serve_echo(port: int) -> None:
    """granian as the collector runs it, with nothing behind it."""
    import uvloop
    from granian.constants import HTTPModes, Interfaces
    from granian.server.embed import Server

    async def run() -> None:
        await Server(
            echo, port=port, interface=Interfaces.RSGI, http=HTTPModes.http1, websockets=False,
            backlog=4096, backpressure=4096, log_enabled=False,
        ).serve()  # fmt: skip

    uvloop.run(run())


def serve_fastapi(port: int) -> None:
    """The usual way: a model for each event, appended to a file, nothing synced."""
    import uvicorn
    from fastapi import FastAPI
    from fastapi.responses import PlainTextResponse
    from pydantic import BaseModel

    class Event(BaseModel):
        event: str
        user_id: str | None = None
        anonymous_id: str | None = None
        message_id: str | None = None
        timestamp: str | None = None
        properties: dict[str, Any] = {}
        context: dict[str, Any] = {}

    class Batch(BaseModel):
        batch: list[Event]

    @asynccontextmanager
    async def opened(app: FastAPI) -> AsyncIterator[None]:
        with Path("fastapi.jsonl").open("ab") as file:
            app.state.write = file.write
            yield

    app = FastAPI(lifespan=opened)

    @app.post("/v1/track")
    async def track(event: Event) -> PlainTextResponse:
        app.state.write(event.model_dump_json().encode() + b"\n")
        return PlainTextResponse(ANSWER)

    @app.post("/v1/batch")
    async def batch(batch: Batch) -> PlainTextResponse:
        app.state.write(b"".join(one.model_dump_json().encode() + b"\n" for one in batch.batch))
        return PlainTextResponse(ANSWER)

    uvicorn.run(app, port=port, log_level="error", access_log=False)


if __name__ == "__main__":
    {"echo": serve_echo, "fastapi": serve_fastapi}[sys.argv[1]](int(sys.argv[2]))
