"""Bad input never breaks the tenant: over the whole route table, whatever comes gets a Graph answer below 500.

These calls are malformed on purpose, so they are made apart from the tests whose traffic is judged.
"""

import json
import string
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import jwt
import pytest
from emulator_server import running_emulator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from whole_tenant import Place, assert_graph_answer, words

from m365_emulator.registry import graph_routes
from m365_emulator.sign_in.tokens import GRAPH_AUDIENCE

SETTINGS = settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
PRINTABLE = "".join(c for c in string.printable if c not in "\r\n\x0b\x0c\t")
TEXT = st.text(max_size=12)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
NAMES = words(
    "title planId bucketId assignments appliedCategories orderHint details container containerId type url owner "
    "priority percentComplete dueDateTime startDateTime description checklist references previewType name fields "
    "displayName mailNickname mailEnabled securityEnabled groupTypes members@odata.bind @odata.id @odata.type body "
    "content contentType attachments mentions id list template columns text values index persistChanges topic source "
    "value webUrl activityType previewText templateParameters recipient recipients userId folder changeType "
    "notificationUrl resource expirationDateTime clientState categoryDescriptions sharedWith requests method headers "
    "dependsOn membershipType importance FormId Title"
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | TEXT, inner, max_size=4),
    max_leaves=12,
)
BODIES = st.one_of(
    JSON.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(st.sampled_from(NAMES), JSON, max_size=5).map(lambda value: json.dumps(value).encode()),
    st.binary(max_size=20),
    st.sampled_from([b"", b"{", b"[", b'{"a":', b"\xff\xfe", b"[" * 3000, b'{"title": NaN}', b'{"title": "\\ud800"}']),
)
ODD_OPTIONS = [
    *words("-1 0 99999999999999999999 ² true latest eq a/b/c (((( bmV2ZXI W10 WzEsMl0 e30 '"),
    *("displayName eq 'x", "not (", '"displayName:x"', "fields($select=x", "displayName in (", "\x00"),
]
OPTIONS = st.dictionaries(
    st.sampled_from(
        words("$top $skip $filter $select $expand $orderby $count $search $skiptoken $deltatoken token $format model")
    ),
    TEXT | st.sampled_from(ODD_OPTIONS),
    max_size=3,
)
HEADERS = st.dictionaries(
    st.sampled_from(
        words("If-Match If-None-Match Prefer ConsistencyLevel Content-Type client-request-id workbook-session-id Range")
    ),
    st.text(PRINTABLE, max_size=20) | st.sampled_from(["*", 'W/"JzEtVGFzayAgQEBAQEBAQEBAQEBAQEBAWCc="', "eventual"]),
    max_size=3,
)


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with running_emulator() as running:
        made = Place(running)
        yield made
        made.app.close()
        made.person.close()


ROUTES = sorted({(route.method, route.template) for route in graph_routes() if route.method != "DELETE"})
ODD_PLACES = st.dictionaries(
    st.sampled_from(sorted({part.split("}")[0].rstrip("*") for _, t in ROUTES for part in t.split("{")[1:]})),
    st.text(min_size=1, max_size=12) | st.sampled_from(["..", "a:b", "a:/b", "(x)", "x'y", "%2F", "root", "²", "\x00"]),
    max_size=2,
)


@SETTINGS
@given(
    route=st.sampled_from(ROUTES),
    odd=ODD_PLACES,
    options=OPTIONS,
    headers=HEADERS,
    body=BODIES,
    as_person=st.booleans(),
)
def test_anything_sent_to_any_route_gets_a_graph_answer(
    place: Place,
    route: tuple[str, str],
    odd: dict[str, str],
    options: dict[str, str],
    headers: dict[str, str],
    body: bytes,
    as_person: bool,
) -> None:
    method, template = route
    client = place.person if as_person else place.app
    sent = {name: value.encode("latin-1", "replace").decode("latin-1").strip() for name, value in headers.items()}
    content = body if method != "GET" else b""
    assert_graph_answer(
        client.request(method, place.fill(template, odd), params=options, headers=sent, content=content)
    )


@SETTINGS
@given(route=st.sampled_from(ROUTES), body=st.dictionaries(st.sampled_from(NAMES), JSON, max_size=6))
def test_wrong_types_in_a_well_aimed_body_get_a_graph_answer(
    place: Place, route: tuple[str, str], body: dict[str, Any]
) -> None:
    method, template = route
    path, headers = place.fill(template, {}), {}
    if method == "PATCH" and "/planner/" in path:
        headers["If-Match"] = place.app.get(path).json().get("@odata.etag", "")
    planned = {"planId": place.known["plan_id"], "title": "x"} if template == "/planner/tasks" else {}
    for client in (place.app, place.person):
        assert_graph_answer(client.request(method, path, json=planned | body, headers=headers))


@SETTINGS
@given(
    verb=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "PURGE"]),
    path=st.text(PRINTABLE + "é²\u2028", max_size=30),
    head=st.sampled_from(["", "planner/", "groups/", "users('", "sites/x:/", "drives/x/root:/", "$batch", "me/", "_"]),
)
def test_any_path_and_verb_get_a_graph_answer(place: Place, verb: str, path: str, head: str) -> None:
    below = (head + quote(path, safe="/:()'=$,;@&+%")).replace("?", "%3F").replace("#", "%23")
    address = f"{place.emulator.graph_url}/{below}"
    assert_graph_answer(place.app.request(verb, address))


@SETTINGS
@given(
    parts=st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "id": JSON | st.sampled_from(["1", "2"]),
                "method": JSON | st.sampled_from(["GET", "POST", "PATCH", "delete", "TRACE"]),
                "url": JSON
                | st.sampled_from(["/groups", "planner/tasks", "/$batch", "//x", "/users?$top=x", "http://x/"]),
                "headers": JSON | st.just({"Content-Type": "application/json", "If-Match": "x"}),
                "body": JSON,
                "dependsOn": JSON | st.just(["1"]),
            },
        )
        | JSON,
        max_size=4,
    ),
    whole=st.booleans(),
)
def test_any_batch_gets_a_graph_answer_and_so_does_each_part(place: Place, parts: list[Any], whole: bool) -> None:
    good = {"id": "0", "method": "GET", "url": "/groups"}
    reply = place.app.post("/$batch", json={"requests": [good, *parts] if whole else parts})
    assert_graph_answer(reply)
    if reply.status_code == 200:
        for answer in reply.json()["responses"]:
            assert answer["status"] < 500
            if answer["status"] >= 400:
                assert set(answer["body"]["error"]) == {"code", "message", "innerError"}


CLAIMS = st.dictionaries(
    st.sampled_from(["aud", "iss", "tid", "appid", "oid", "scp", "roles", "exp", "nbf", "iat", "ver", "sub"]),
    JSON | st.sampled_from([GRAPH_AUDIENCE, 4_000_000_000, ["Group.Read.All"]]),
    max_size=8,
)


@SETTINGS
@given(claims=CLAIMS, key=st.sampled_from(["none", "HS256", "garbage", "truncated", "scheme"]), noise=TEXT)
def test_a_forged_token_is_401_with_a_challenge(place: Place, claims: dict[str, Any], key: str, noise: str) -> None:
    real = place.app.headers["Authorization"].removeprefix("Bearer ")
    body = json.dumps(claims)
    if key in ("none", "HS256"):
        secret = "" if key == "none" else "0123456789abcdef0123456789abcdef"
        forged = jwt.api_jws.encode(body.encode(), secret or None, algorithm=key)
    else:
        forged = {"garbage": f"x{quote(noise)}", "truncated": real[:-7], "scheme": real}[key]
    scheme = "Basic" if key == "scheme" else "Bearer"
    headers = {"Authorization": f"{scheme} {forged}"}
    reply = httpx.get(f"{place.emulator.graph_url}/groups", headers=headers, verify=False)
    assert_graph_answer(reply)
    assert reply.status_code == 401
    assert reply.json()["error"]["code"] == "InvalidAuthenticationToken"
    assert reply.headers["WWW-Authenticate"].startswith("Bearer ")


@pytest.mark.parametrize(
    "path", ["", "/", "/$batch", "/$metadata", "//groups", "/%2e%2e/_emulator/state", "/groups/%00"]
)
@pytest.mark.parametrize("verb", ["GET", "POST", "OPTIONS", "PURGE"])
def test_odd_corners_get_a_graph_answer(place: Place, verb: str, path: str) -> None:
    assert_graph_answer(place.app.request(verb, f"{place.emulator.graph_url}{path}"))


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 3000,
        b'{"a":' * 3000,
        b'{"title": NaN}',
        b'{"title": -Infinity}',
        b'{"title": "\\ud800"}',
        b"\xff\xfe{",
        b"null",
    ],
)
@pytest.mark.parametrize("path", ["/planner/tasks", "/groups", "/$batch", "/subscriptions", "/sites/root/lists"])
def test_a_body_that_cannot_be_read_is_400(place: Place, path: str, body: bytes) -> None:
    reply = place.app.post(path, content=body, headers={"Content-Type": "application/json"})
    assert_graph_answer(reply)
    assert reply.status_code == 400
