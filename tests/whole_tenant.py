"""A tenant with one of everything and clients that may do anything there, for tests that send what makes no sense."""

from typing import Any
from urllib.parse import quote

import httpx
from emulator_server import RunningEmulator


def words(text: str) -> list[str]:
    """The words of a text."""
    return text.split()


EVERYTHING = words(
    "Tasks.ReadWrite.All Group.ReadWrite.All GroupMember.ReadWrite.All User.Read.All Sites.FullControl.All "
    "Sites.Manage.All Sites.ReadWrite.All Files.ReadWrite.All Channel.Create ChannelMessage.Read.All TeamsActivity.Send"
)
SCOPES = words(
    "Tasks.ReadWrite Group.ReadWrite.All GroupMember.ReadWrite.All User.Read.All Sites.Manage.All Sites.ReadWrite.All "
    "Files.ReadWrite.All Channel.Create ChannelMessage.Send ChannelMessage.Read.All TeamsActivity.Send"
)


class Place:
    """A tenant with one of everything, and clients that may do everything there."""

    def __init__(self, emulator: RunningEmulator) -> None:
        self.emulator = emulator
        emulator.control("switches", {"teams_channel_per_second": 0, "activity_per_second": 0})
        emulator.control("switches", {"notification_timeout_seconds": 0.2, "workbook_app_only": "allow"})
        seed = {
            "people": [{"upn": "ann@peakshire.example", "display_name": "Ann Example"}],
            "groups": [{"mail_nickname": "north", "members": ["ann@peakshire.example"], "team": True}],
        }
        made = emulator.control("seed", seed)
        group, ann = made["groups"]["north"], made["users"]["ann@peakshire.example"]
        emulator.control("teams/apps", {"user": ann})
        emulator.control("teams/apps", {"group": "north"})
        self.app = emulator.client(emulator.app_token(*EVERYTHING))
        self.person = emulator.client(emulator.person_token(ann, *SCOPES))
        container = {"containerId": group, "type": "group"}
        plan = self.make("/planner/plans", {"title": "Plan", "container": container})
        bucket = self.make("/planner/buckets", {"planId": plan, "name": "Bucket"})
        task = self.make("/planner/tasks", {"planId": plan, "bucketId": bucket, "title": "Task"})
        site = self.app.get(f"/groups/{group}/sites/root").json()["id"]
        drive = self.app.get(f"/groups/{group}/drive").json()["id"]
        one = self.make(f"/sites/{site}/lists", {"displayName": "Intake"})
        item = self.make(f"/sites/{site}/lists/{one}/items", {"fields": {"Title": "One"}})
        file = self.app.put(f"/drives/{drive}/root:/a.txt:/content", content=b"x").json()["id"]
        channel = next(iter(emulator.tenant.teams.teams[group].channels))
        self.known = {
            "plan_id": plan,
            "bucket_id": bucket,
            "task_id": task,
            "group_id": group,
            "team_id": group,
            "user_id": ann,
            "site_id": site,
            "list_id": one,
            "drive_id": drive,
            "channel_id": channel,
            "item_id": file,
            "path": "a.txt",
            "hostname": emulator.tenant.sharepoint.hostname,
        }
        self.known_items = {"lists": item}

    def make(self, path: str, body: dict[str, Any]) -> str:
        reply = self.app.post(path, json=body)
        assert reply.status_code == 201, reply.text
        return str(reply.json()["id"])

    def fill(self, template: str, odd: dict[str, str]) -> str:
        """The template with known ids, except where something odd is to stand."""
        for name in [part.split("}")[0] for part in template.split("{")[1:]]:
            plain = name.rstrip("*")
            known = self.known_items["lists"] if plain == "item_id" and "/lists/" in template else self.known.get(plain)
            template = template.replace(
                f"{{{name}}}", quote(odd.get(plain, known or "1"), safe="/" if "*" in name else "")
            )
        return template


def assert_graph_answer(reply: httpx.Response) -> None:
    """Below 500, and a refusal in Graph's envelope with ids that match the headers."""
    assert reply.status_code < 500, (reply.request.method, str(reply.request.url), reply.text)
    if reply.status_code < 400 or reply.request.method == "HEAD":
        return
    error = reply.json()["error"]
    assert isinstance(error["code"], str)
    assert isinstance(error["message"], str)
    assert error["innerError"]["request-id"] == reply.headers["request-id"]
    assert {"date", "client-request-id"} <= set(error["innerError"])
