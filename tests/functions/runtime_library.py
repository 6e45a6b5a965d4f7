"""Drives azure-functions-runtime, the library that Azure itself runs on Python 3.13, in this process.

It takes its message classes as an argument, so plain objects do in place of protobuf's, and there is no host.
"""

import asyncio
import json
import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any


class Refused(Exception):
    """The runtime would not index the app."""


class _Messages:
    """Makes a class of any name on demand. Two of them carry the numbers that the wire format gives their members."""

    def __init__(self) -> None:
        self.StatusResult = _message_class("StatusResult", Failure=0, Success=1, Cancelled=2)
        directions = {"in": 0, "out": 1, "inout": 2}
        data_types = {"undefined": 0, "string": 1, "binary": 2, "stream": 3}
        self.BindingInfo = _message_class("BindingInfo", **directions, **data_types)

    def __getattr__(self, name: str) -> type:
        made = _message_class(name)
        setattr(self, name, made)
        return made


def _message_class(name: str, **members: int) -> type:
    return type(name, (SimpleNamespace,), dict(members))


@dataclass(frozen=True, slots=True)
class Answered:
    """What an HTTP function answered, as the host would pass it on."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class RuntimeLibrary:
    """One indexed app. `functions` holds each function's bindings by its name."""

    def __init__(self, folder: Path) -> None:
        import azure_functions_runtime as library
        from azure_functions_runtime import handle_event, native_invocation

        os.environ.setdefault("AzureWebJobsScriptRoot", str(folder))
        self._library, self._calls = library, native_invocation
        self._loop = asyncio.new_event_loop()
        handle_event._functions._functions.clear()
        library.start_threadpool_executor()
        start = SimpleNamespace(capabilities={}, function_app_directory=str(folder))
        order = SimpleNamespace(
            name="WorkerInitRequest",
            request=SimpleNamespace(worker_init_request=start),
            properties={"protos": _Messages(), "host": "127.0.0.1"},
        )
        try:
            listed = self._index(order)
        except Refused:
            self.close()
            raise
        self._ids = {each.name: each.function_id for each in listed.function_metadata_results}
        self.functions: dict[str, list[dict[str, Any]]] = {
            each.name: [json.loads(binding) for binding in each.raw_bindings]
            for each in listed.function_metadata_results
        }

    def _index(self, order: Any) -> Any:
        started = self._loop.run_until_complete(self._library.worker_init_request(order))
        if started.result.status != 1:
            raise Refused(started.result.exception.message)
        listed = self._loop.run_until_complete(self._library.functions_metadata_request(order))
        if not listed.function_metadata_results:
            raise Refused("no functions were found")
        return listed

    def close(self) -> None:
        """Ends its threads and its event loop."""
        self._library.stop_threadpool_executor()
        self._loop.close()

    def trigger(self, name: str) -> dict[str, Any]:
        """The binding that starts a function."""
        return next(each for each in self.functions[name] if each["type"].lower().endswith("trigger"))

    def http(
        self, name: str, method: str, path: str, body: bytes = b"", route: Mapping[str, str] | None = None
    ) -> Answered:
        """Calls an HTTP function as the host does: header names in lower case, route values as parameters."""
        strings = {"method": method, "url": f"http://host{path}"}
        maps = {"headers": {"content-type": "application/json"}, "params": dict(route or {}), "query": {}}
        content: dict[str, Any] = {key: self._datum(value, "string") for key, value in strings.items()}
        for key, values in maps.items():
            content[key] = {inner: self._datum(value, "string") for inner, value in values.items()}
        content["body"] = self._datum(body, "bytes")
        answer = self._invoke(name, self._datum(content, "http"), {}).value
        headers = {key.lower(): value.value for key, value in answer["headers"].items()}
        told = answer["body"].value
        return Answered(int(answer["status_code"].value), headers, told if isinstance(told, bytes) else told.encode())

    def timer(self, name: str) -> None:
        """Lets a timer tick."""
        told = {"IsPastDue": False, "Schedule": {"AdjustForDST": True}, "ScheduleStatus": {}}
        self._invoke(name, self._datum(json.dumps(told), "json"), {})

    def queue(self, name: str, text: str) -> None:
        """Brings a queue message."""
        moment = self._datum(json.dumps("2026-11-02T08:30:00+00:00"), "json")
        about = {key: moment for key in ("InsertionTime", "ExpirationTime", "NextVisibleTime")}
        about |= {"Id": self._datum("m-1", "string"), "PopReceipt": self._datum("p-1", "string")}
        about["DequeueCount"] = self._datum("1", "json")
        self._invoke(name, self._datum(text, "string"), about)

    def _invoke(self, name: str, datum: Any, about: Mapping[str, Any]) -> Any:
        """The function's return value. RuntimeError with its traceback where it raised."""
        given = [(self.trigger(name)["name"], datum)]
        done, value, _outputs, error, trace = self._loop.run_until_complete(
            self._calls.invocation_request_native(str(uuid.uuid4()), self._ids[name], given, dict(about))
        )
        if not done:
            raise RuntimeError(f"{error}\n{trace}")
        return value

    def _datum(self, value: Any, kind: str) -> Any:
        from azure_functions_runtime.bindings.datumdef import Datum

        return Datum(value, kind)
