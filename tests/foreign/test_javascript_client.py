"""Microsoft's JavaScript client, unchanged but for host and token, does its work against the emulator over https."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from secure_emulator import SecureEmulator, secure_emulator

HERE = Path(__file__).resolve().parent
NODE = shutil.which("node")
INSTALLED = (HERE / "node_modules" / "@microsoft" / "microsoft-graph-client").is_dir()
pytestmark = [
    pytest.mark.skipif(NODE is None, reason="node is not on this machine"),
    pytest.mark.skipif(not INSTALLED, reason="run: npm install --no-package-lock --prefix tests/foreign"),
]
PEOPLE = ("ann@peakshire.example", "ben@peakshire.example")
SCOPES = ("Tasks.ReadWrite", "Group.Read.All", "User.ReadBasic.All", "Files.ReadWrite.All")


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureEmulator]:
    """A tenant over https with one group, whose lists come in small pages and which throttles now and then."""
    with secure_emulator(tmp_path_factory.mktemp("tls")) as running:
        yield running


def run_script(emulator: SecureEmulator, token: str, group: str, user: str) -> dict[str, Any]:
    """What the script saw; it trusts the emulator's own authority."""
    environment = {
        "PATH": os.environ["PATH"],
        "NODE_EXTRA_CA_CERTS": str(emulator.ca),
        "BASE": f"{emulator.https}/",
        "TOKEN": token,
        "GROUP": group,
        "USER": user,
    }
    command = [str(NODE), "graph_client.mjs"]
    done = subprocess.run(command, cwd=HERE, env=environment, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("identity", ["an app alone", "a person"])
def test_the_official_javascript_client_reads_creates_updates_batches_and_pages(
    emulator: SecureEmulator, identity: str
) -> None:
    emulator.tenant.reset()
    people = [{"upn": upn, "display_name": upn.split("@")[0].title()} for upn in PEOPLE]
    made = emulator.control(
        "seed", {"people": people, "groups": [{"mail_nickname": "bcu-north", "members": list(PEOPLE)}]}
    )
    emulator.control("switches", {"planner_page_size": 4})
    emulator.control("faults/throttle", {"path": "/members", "times": 1, "value": 1})
    emulator.control("faults/fail_next", {"path": "/planner/plans$", "status": 503, "code": "serviceNotAvailable"})
    token = emulator.app_token() if identity == "an app alone" else emulator.person_token(PEOPLE[0], *SCOPES)
    user = made["users"][PEOPLE[0]]

    seen = run_script(emulator, token, made["groups"]["bcu-north"], user)

    assert seen["members"] == ["#microsoft.graph.user"] * 2
    assert seen["created"] == {"title": "Made in JavaScript", "assignees": [user], "priority": 5}
    assert seen["patchAnswer"] == "nothing"
    assert (seen["clash"]["status"], seen["missing"]["status"], seen["unknown"]["status"]) == (409, 412, 404)
    assert all(seen[name]["hasIds"] for name in ("clash", "missing", "unknown"))
    assert seen["completed"] == {"percent": 100, "moved": True}
    assert seen["details"]["description"] == "From afar"
    assert seen["details"]["references"] == ["https%3A//contoso%2Eexample/brief"]
    assert (seen["chain"], seen["chainTitle"]) == ([200, 201, 404, 424], "From a batch")
    assert seen["parallel"] == [200, 404]
    assert (seen["firstPage"], seen["paged"], seen["distinct"]) == (4, 11, 11)
    assert seen["content"] == "a note"
    statuses = {entry["response"]["status"] for entry in emulator.tenant.traffic.entries}
    assert {429, 503} <= statuses
