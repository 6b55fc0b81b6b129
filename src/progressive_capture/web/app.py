"""The HTTP application: where Inngest calls this program, and whether it is healthy; nothing is decided here."""

import asyncio
from typing import TYPE_CHECKING

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse

from progressive_capture.store.errors import StoreError

if TYPE_CHECKING:
    import inngest

    from progressive_capture.engines.inngest.functions import Functions
    from progressive_capture.store.database import Database


def application(database: "Database") -> FastAPI:
    """Make the application; it documents itself to nobody."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

    @app.get("/healthz")
    async def health() -> Response:
        """Say whether the database can be used: 200, or 503 with a sentence."""
        try:
            await asyncio.to_thread(database.check_schema)
        except StoreError as error:
            return JSONResponse({"status": "unhealthy", "error": str(error)}, status_code=503)
        return JSONResponse({"status": "healthy"})

    return app


def mount_inngest(app: FastAPI, client: "inngest.Inngest", functions: "Functions") -> None:
    """Let Inngest call the functions at /api/inngest.

    In production whatever is not signed is refused, also a wish to register the app anew: whoever could make that
    would learn where Inngest's functions are. https://www.inngest.com/docs/platform/signing-keys
    """
    import inngest.fast_api  # noqa: PLC0415 - an installation without Inngest does not need it

    inngest.fast_api.serve(app, client, functions, enable_unauthed_sync=False)
