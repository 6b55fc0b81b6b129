"""Inngest's side of the SDK's connections: where one begins, the gateway that it leads to, and calls over it.

https://github.com/inngest/inngest-py/blob/main/pkg/inngest/inngest/connect/docs/ARCHITECTURE.md
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI, Request, Response, WebSocket
from inngest.connect._internal import connect_pb2 as wire

from progressive_capture.web.server import listen
from tests.support.little_inngest import EVENT_KEY, Answered

STATUS = {
    wire.SDKResponseStatus.DONE: 200,
    wire.SDKResponseStatus.NOT_COMPLETED: 206,
    wire.SDKResponseStatus.ERROR: 500,
}
KIND = wire.GatewayMessageType


class Server(uvicorn.Server):
    """Leaves signals to the test."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Do nothing with them."""
        yield


@dataclass
class LittleGateway:
    """Lets one worker connect, and calls its functions; events go to `take`."""

    take: Callable[[list[dict[str, Any]]], httpx.Response]
    refuses: int | None = None
    """The status with which a connection is refused to begin."""
    asked: int = 0
    """How often one was to begin."""
    came: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when somebody asks."""
    functions: list[dict[str, Any]] = field(default_factory=list)
    """As the worker told them, once it is connected."""
    paused: bool = False
    """Whether the worker wants no more calls."""
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""
    _socket: WebSocket | None = None
    _replies: asyncio.Queue[Any] = field(default_factory=asyncio.Queue)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Serve on a free port of this machine; the address."""
        with listen("127.0.0.1", 0) as listening:
            self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            config = uvicorn.Config(self._app(), log_config=None, ws="websockets-sansio", lifespan="off")
            server = Server(config)
            task = asyncio.ensure_future(server.serve(sockets=[listening]))
            try:
                yield self.url
            finally:
                server.should_exit = True
                await task

    async def call(self, function: str, body: dict[str, Any]) -> Answered:
        """Call a function of the worker."""
        assert self._socket is not None
        request = wire.GatewayExecutorRequestData(
            request_id="r", app_name="progressive-capture", function_slug=function, step_id="step"
        )
        request.request_payload = json.dumps(body).encode()
        await _send(self._socket, KIND.GATEWAY_EXECUTOR_REQUEST, request.SerializeToString())
        reply = await self._replies.get()
        return Answered(STATUS[reply.status], json.loads(reply.body), reply.no_retry)

    def _app(self) -> FastAPI:
        app = FastAPI()

        @app.post("/v0/connect/start")
        async def start(_: Request) -> Response:
            self.asked += 1
            self.came.set()
            if self.refuses is not None:
                return Response(status_code=self.refuses)
            where = f"{self.url.replace('http', 'ws')}/gateway"
            begun = wire.StartResponse(connection_id="c", gateway_endpoint=where, session_token="s", sync_token="t")
            return Response(begun.SerializeToString())

        @app.post(f"/e/{EVENT_KEY}")
        async def events(request: Request) -> Response:
            return Response(self.take(await request.json()).content)

        @app.websocket("/gateway")
        async def gateway(socket: WebSocket) -> None:
            await socket.accept(subprotocol="v0.connect.inngest.com")
            self._socket = socket
            await _send(socket, KIND.GATEWAY_HELLO)
            async for message in socket.iter_bytes():
                await self._hear(socket, wire.ConnectMessage.FromString(message))

        return app

    async def _hear(self, socket: WebSocket, message: wire.ConnectMessage) -> None:
        match message.kind:
            case KIND.WORKER_CONNECT:
                told = wire.WorkerConnectRequestData.FromString(message.payload)
                (app,) = told.apps
                self.functions = json.loads(app.functions)
                pace = wire.GatewayConnectionReadyData(heartbeat_interval="10s", extend_lease_interval="5s")
                await _send(socket, KIND.GATEWAY_CONNECTION_READY, pace.SerializeToString())
                self.ready.set()
            case KIND.WORKER_REPLY:
                reply = wire.SDKResponse.FromString(message.payload)
                await _send(socket, KIND.WORKER_REPLY_ACK, wire.WorkerReplyAckData(request_id="r").SerializeToString())
                await self._replies.put(reply)
            case KIND.WORKER_PAUSE:
                self.paused = True


async def _send(socket: WebSocket, kind: Any, payload: bytes = b"") -> None:
    await socket.send_bytes(wire.ConnectMessage(kind=kind, payload=payload).SerializeToString())
