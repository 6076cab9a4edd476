"""Holds the native API to what it says of itself: each answer is compared with `/openapi.json`."""

import re

import jsonschema
import requests

from .redfish import Redfish


class Described:
    """The native API through clients whose every answer must be as described."""

    def __init__(self, visitor: Redfish):
        self.document = visitor.get("/openapi.json")
        self.seen: set[tuple[str, str]] = set()

    def operations(self) -> set[tuple[str, str]]:
        """Each method and path of the document."""
        return {(method, path) for path, item in self.document["paths"].items()
                for method in item if method != "parameters"}

    def send(self, client: Redfish, method: str, path: str, body=None, **headers) -> requests.Response:
        """Sends a request and compares its answer; gives it."""
        template = self._template(path)
        operation = self.document["paths"][template][method.lower()]
        answer = client.send(method, path, body, **headers)
        what = f"{method} {path}: {answer.status_code}"
        described = operation["responses"].get(str(answer.status_code))
        assert described, f"{what} is not described: {answer.text}"
        described = self._followed(described)
        for name, header in described.get("headers", {}).items():
            assert name in answer.headers or not header.get("required"), f"{what} lacks {name}"
        content = described.get("content", {})
        kind = answer.headers.get("Content-Type")
        assert (kind in content) if content else not answer.content, f"{what}: {kind}"
        if kind == "application/json":
            self._validate(answer.json(), content[kind]["schema"])
        if answer.ok:
            if body is not None:
                self._validate(body, operation["requestBody"]["content"]["application/json"]["schema"])
            self.seen.add((method.lower(), template))
        return answer

    def spoken(self, path: str, **message) -> None:
        """Compares what was `said` or `told` on a WebSocket."""
        template = self._template(path)
        (kind, value), = message.items()
        self._validate(value, self.document["paths"][template]["get"]["x-websocket"][kind])
        self.seen.add(("get", template))

    def _template(self, path: str) -> str:
        for template in self.document["paths"]:
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
                return template
        raise AssertionError(f"{path} is not described")

    def _followed(self, item: dict) -> dict:
        if "$ref" not in item:
            return item
        found = self.document
        for name in item["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        return found

    def _validate(self, value, schema: dict) -> None:
        whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema,
                 "components": self.document["components"]}
        jsonschema.Draft202012Validator(whole).validate(value)
