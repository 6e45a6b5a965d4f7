"""The unmodified msgraph-sdk, used for addresses, tokens and sending; answers stay plain HTTP answers.

Its typed models are never asked for: the first one imports 1,245 modules and costs a second.
"""

import asyncio
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import CodeType
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, urlencode

import httpx

from graph_client.addresses import GraphAddress
from graph_client.auth import authentication_provider
from graph_client.calls import JSON_TYPE, Call
from graph_client.url_templates import path_without_names, url_template

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential


class RequestBuilder(Protocol):
    """What every request builder of the SDK carries."""

    url_template: str
    path_parameters: dict[str, Any]


# A builder found from the SDK's client, a path below the version root that begins with "/", or a whole address.
Target = str | Callable[[Any], RequestBuilder]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call goes: the whole address, and the resource without ids or names, for people to read."""

    url: str
    resource: str


class GraphSdk:
    """One GraphServiceClient with its HTTP client, made on the first call.

    Belongs to the event loop of that call, since its connections do: asyncio.run once per process, or the one
    loop of a Functions worker. A call from another loop raises RuntimeError.
    """

    def __init__(self, address: GraphAddress, credential: "AsyncTokenCredential", timeout: httpx.Timeout) -> None:
        self.address = address
        self._credential = credential
        self._timeout = timeout
        self._loop: asyncio.AbstractEventLoop | None = None
        self._http: httpx.AsyncClient | None = None
        self._plain_http: httpx.AsyncClient | None = None
        self._transports: tuple[httpx.AsyncBaseTransport, ...] = ()
        self._adapter: Any = None
        self._client: Any = None
        self._options: list[Any] = []
        self._found_before: set[CodeType] = set()

    def place(self, target: Target, query: Mapping[str, str] | None) -> Place:
        """The address of a target. ValueError for an address of another origin, whose owner must not get the
        token, and for a query option that the SDK's builder does not know and would drop."""
        self._connect()
        if isinstance(target, str):
            url = self._whole_url(target, query)
            return Place(url, path_without_names(url))
        builder = self._found(target)
        template = url_template(builder.url_template)
        return Place(template.url(self.address.base, builder.path_parameters, query), template.path)

    async def send(self, call: Call) -> httpx.Response:
        """Send once, with the token, and give the answer as it came, whatever its status; no redirect is followed.

        Raises httpx.HTTPError and azure.core's AzureError.
        """
        from kiota_abstractions.method import Method
        from kiota_abstractions.request_information import RequestInformation

        self._connect()
        request = RequestInformation(Method[call.method])
        request.url = call.url
        for name, value in call.headers.items():
            request.headers.add(name, value)
        request.headers.try_add("Accept", JSON_TYPE)
        request.headers.add("client-request-id", call.request_id)
        if call.content is not None:
            request.set_stream_content(call.content, call.content_type)
        request.add_request_options(self._options)
        answer: httpx.Response = await self._adapter.send_primitive_async(request, "bytes", None)
        return answer

    def without_token(self) -> httpx.AsyncClient:
        """A client for pre-signed addresses, which need no token and must not see one."""
        self._connect()
        if self._plain_http is None:
            self._plain_http = self._new_http()
        return self._plain_http

    async def aclose(self) -> None:
        """Close the connections. The credential stays open: it belongs to whoever made it."""
        for http in (self._http, self._plain_http):
            if http is not None:
                await http.aclose()
        for transport in self._transports:
            await transport.aclose()
        self._http = self._plain_http = self._adapter = self._client = self._loop = None
        self._transports = ()

    def _whole_url(self, target: str, query: Mapping[str, str] | None) -> str:
        url = self.address.base + target if target.startswith("/") else target
        if not self.address.has_origin_of(url):
            raise ValueError("the address is not on Graph's own host")
        if not query:
            return url
        return url + ("&" if "?" in url else "?") + urlencode(query, quote_via=quote, safe="$,'")

    def _found(self, target: Callable[[Any], RequestBuilder]) -> RequestBuilder:
        """The builder, without the deprecations that the SDK's own modules announce when they are first imported."""
        code = getattr(target, "__code__", None)
        if code in self._found_before:
            return target(self._client)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            builder = target(self._client)
        if code is not None:
            self._found_before.add(code)
        return builder

    def _new_http(self) -> httpx.AsyncClient:
        # A program on this machine is reached directly, whatever proxy the environment names.
        return httpx.AsyncClient(timeout=self._timeout, trust_env=not self.address.is_local_http)

    def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        if self._client is not None:
            if loop is not self._loop:
                raise RuntimeError("this Graph client belongs to another event loop; make one per loop")
            return
        from kiota_abstractions.native_response_handler import NativeResponseHandler
        from kiota_http.middleware.options import RedirectHandlerOption, ResponseHandlerOption, RetryHandlerOption

        # By name: an import statement would make the type checker follow the SDK's 17,000 files.
        adapter_module = import_module("msgraph.graph_request_adapter")
        options = {
            **adapter_module.options,
            # The SDK would repeat a POST that a gateway answered with 503 or 504, and make a second task.
            RetryHandlerOption.get_key(): RetryHandlerOption(max_retries=0, should_retry=False),
            RedirectHandlerOption.get_key(): RedirectHandlerOption(should_redirect=False),
        }
        self._loop, self._http = loop, self._new_http()
        # The SDK wraps the client's transports, and its wrapper does not pass on that it is closed.
        self._transports = (self._http._transport, *filter(None, self._http._mounts.values()))
        import_module("msgraph_core").GraphClientFactory.create_with_default_middleware(
            client=self._http, options=options
        )
        provider = authentication_provider(self._credential, self.address.host)
        self._adapter = adapter_module.GraphRequestAdapter(provider, client=self._http)
        self._adapter.base_url = self.address.base
        self._options = [ResponseHandlerOption(NativeResponseHandler())]
        self._client = import_module("msgraph").GraphServiceClient(request_adapter=self._adapter)
