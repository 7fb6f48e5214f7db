"""The lab's own doors: `GET /_lab/ledger`, `GET /_lab/requests`, `POST /_lab/reset`, `POST /_lab/script`."""

from __future__ import annotations

import orjson
from aiohttp import web

from lab.fake_llm.perform import json_response
from lab.fake_llm.script import Director, script_from_json
from lab.fake_llm.state import Lab


class Control:
    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        door = request.method, request.path.removeprefix("/_lab/")
        if door == ("GET", "ledger"):
            return json_response(self._lab.ledger.to_json(), 200)
        if door == ("GET", "requests"):
            kept = [{"path": kept.path, "role": kept.role, "body": kept.body} for kept in self._lab.requests]
            return json_response({"requests": kept}, 200)
        if door == ("POST", "reset"):
            self._lab.reset()
            return json_response({}, 200)
        if door == ("POST", "script"):
            return await self._script(request)
        return json_response({"error": f"no such door: {' '.join(door)}"}, 404)

    async def _script(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            self._lab.director = Director(script_from_json(orjson.loads(await request.read())))
        except (ValueError, TypeError, KeyError) as error:
            return json_response({"error": f"{type(error).__name__}: {error}"}, 400)
        return json_response({}, 200)
