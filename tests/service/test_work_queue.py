"""The work queue: ids as the Functions host expects them, and nothing lost where the queue cannot be reached."""

import base64
import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from azure.storage.queue import QueueClient, TextBase64EncodePolicy
from built_service import PROJECT, environment

from service.settings import Settings
from service.work_queue import TIMEOUT_SECONDS, StorageQueue, queue_for

ACCOUNT_KEY = base64.b64encode(b"a key of this test").decode()
ACCEPTED = """<?xml version="1.0" encoding="utf-8"?><QueueMessagesList><QueueMessage><MessageId>m</MessageId>
<InsertionTime>Mon, 02 Nov 2026 08:30:00 GMT</InsertionTime>
<ExpirationTime>Mon, 09 Nov 2026 08:30:00 GMT</ExpirationTime>
<PopReceipt>p</PopReceipt><TimeNextVisible>Mon, 02 Nov 2026 08:30:00 GMT</TimeNextVisible></QueueMessage>
</QueueMessagesList>"""
REFUSED = '<?xml version="1.0" encoding="utf-8"?><Error><Code>QueueNotFound</Code><Message>No.</Message></Error>'


class Storage:
    """What a storage account was sent, and what it answers: a status, or nothing at all for a while."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.status = 201
        self.refusal = b""
        storage = self

        class Answering(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                storage.texts += re.findall(r"<MessageText>(.*?)</MessageText>", body)
                answer = ACCEPTED.encode() if storage.status == 201 else storage.refusal
                self.send_response(storage.status)
                self.send_header("Content-Type", "application/xml")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:
                return None

        self.server = HTTPServer(("127.0.0.1", 0), Answering)
        self.address = f"http://127.0.0.1:{self.server.server_port}/account"


@pytest.fixture
def storage() -> Iterator[Storage]:
    made = Storage()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def queue_to(address: str, tmp_path: Path) -> StorageQueue:
    """The queue with the SDK's own client, its key in place of an identity."""
    settings = Settings.read(environment(tmp_path, TASKING_WORK_QUEUE_URL=address))
    queue = StorageQueue(settings)
    connection = f"DefaultEndpointsProtocol=http;AccountName=account;AccountKey={ACCOUNT_KEY};QueueEndpoint={address};"
    queue._client = QueueClient.from_connection_string(
        connection, settings.work_queue_name, message_encode_policy=TextBase64EncodePolicy(), retry_total=0
    )
    return queue


def test_without_a_queue_nothing_is_sent_and_the_timer_delivers(tmp_path: Path) -> None:
    promised = queue_for(Settings.read(environment(tmp_path)))
    assert not isinstance(getattr(promised, "__self__", None), StorageQueue)
    assert promised([1, 2]) is None


def test_each_id_is_one_message_in_base64_as_host_json_says(storage: Storage, tmp_path: Path) -> None:
    queue_to(storage.address, tmp_path).announce([7, 8])
    assert [base64.b64decode(text).decode() for text in storage.texts] == ["7", "8"]
    assert '"messageEncoding": "base64"' in (PROJECT / "host.json").read_text("utf-8")


@pytest.mark.parametrize("status", [403, 404, 500, 502])
@pytest.mark.parametrize("refusal", [REFUSED, "", "<html>A proxy's page</html>", "no such thing"])
def test_a_queue_that_refuses_is_logged_and_the_commit_stands(
    storage: Storage, tmp_path: Path, caplog: pytest.LogCaptureFixture, status: int, refusal: str
) -> None:
    storage.status, storage.refusal = status, refusal.encode()
    queue_to(storage.address, tmp_path).announce([7])
    assert [record.message for record in caplog.records if record.name == "service.work_queue"] == [
        "work queue cannot be reached"
    ]


def test_a_queue_that_nobody_answers_at_is_given_up_at_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, object] = {}

    def client(url: str, name: str, **options: object) -> QueueClient:
        given.update(options, url=url, name=name)
        connection = f"AccountName=account;AccountKey={ACCOUNT_KEY};QueueEndpoint={url};"
        options = {key: value for key, value in options.items() if key != "credential"}
        return QueueClient.from_connection_string(connection, name, **options)

    monkeypatch.setattr("azure.storage.queue.QueueClient", client)
    address = "http://127.0.0.1:9/account"
    queue = queue_for(Settings.read(environment(tmp_path, TASKING_WORK_QUEUE_URL=address)))
    began = time.monotonic()
    queue([7, 8])
    assert time.monotonic() - began < TIMEOUT_SECONDS, "a door waits for this"
    assert (given["url"], given["name"]) == (address, "tasking-outbox")
    assert "work queue cannot be reached" in caplog.text
