"""Activity feed notifications (facts §11, point 53)."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from emulator_server import RunningEmulator

NOTE: dict[str, Any] = {
    "topic": {"source": "text", "value": "Tasking", "webUrl": "https://teams.microsoft.com/l/entity/x"},
    "activityType": "taskAssigned",
    "previewText": {"content": "A task waits for you"},
    "templateParameters": [{"name": "taskId", "value": "T-1"}],
}


@pytest.fixture
def sender(emulator: RunningEmulator, people: dict[str, str]) -> Iterator[httpx.Client]:
    """An app that may send to anybody who has its Teams app."""
    emulator.control("seed", {"groups": [{"mail_nickname": "bcu-north", "team": True}]})
    with emulator.client(emulator.app_token("TeamsActivity.Send")) as client:
        yield client


def feed(emulator: RunningEmulator) -> list[str]:
    """Who got something, in order."""
    return [entry["user"] for entry in emulator.control("teams/notifications", method="GET")["value"]]


def path(user: str) -> str:
    return f"/users/{user}/teamwork/sendActivityNotification"


def test_point_53_a_person_with_the_app_gets_the_notification(
    emulator: RunningEmulator, people: dict[str, str], sender: httpx.Client
) -> None:
    emulator.control("teams/apps", {"user": "ann@peakshire.example"})
    reply = sender.post(path(people["ann"]), json=NOTE)
    assert (reply.status_code, reply.content) == (204, b"")
    assert feed(emulator) == [people["ann"]]


@pytest.mark.parametrize(("switch", "status"), [(None, 403), (403, 403), (404, 404)])
def test_point_53_a_person_without_the_app_gets_nothing(
    emulator: RunningEmulator, people: dict[str, str], sender: httpx.Client, switch: int | None, status: int
) -> None:
    if switch:
        emulator.control("switches", {"activity_not_installed_status": switch})
    emulator.control("teams/apps", {"user": "ann@peakshire.example"})
    emulator.control("teams/apps", {"user": "ann@peakshire.example", "installed": False})
    assert sender.post(path(people["ann"]), json=NOTE).status_code == status
    assert feed(emulator) == []


def test_point_53_a_team_with_the_app_tells_one_or_all_of_its_people(
    emulator: RunningEmulator, people: dict[str, str], sender: httpx.Client
) -> None:
    team = f"/teams/{people['group']}/sendActivityNotification"
    one = {"recipient": {"@odata.type": "microsoft.graph.aadUserNotificationRecipient", "userId": people["ben"]}}
    everybody = {"@odata.type": "microsoft.graph.teamMembersNotificationRecipient", "teamId": people["group"]}
    assert sender.post(team, json=NOTE | one).status_code == 403
    emulator.control("teams/apps", {"group": "bcu-north"})
    assert sender.post(team, json=NOTE | one).status_code == 204
    assert sender.post(team, json=NOTE | {"recipient": everybody}).status_code == 204
    outside = {"recipient": one["recipient"] | {"userId": people["cas"]}}
    assert sender.post(team, json=NOTE | outside).status_code == 403
    assert feed(emulator) == [people["ben"], people["ann"], people["ben"]]


def test_point_53_a_hundred_people_at_once_of_whom_those_without_the_app_are_left_out(
    emulator: RunningEmulator, people: dict[str, str], sender: httpx.Client
) -> None:
    emulator.control("teams/apps", {"user": "cas@peakshire.example"})
    kind = "microsoft.graph.aadUserNotificationRecipient"
    to = [{"@odata.type": kind, "userId": people[name]} for name in ("ann", "cas")]
    many = "/teamwork/sendActivityNotificationToRecipients"
    assert sender.post(many, json=NOTE | {"recipients": to}).status_code == 202
    assert sender.post(many, json=NOTE | {"recipients": to * 51}).status_code == 400
    assert feed(emulator) == [people["cas"]]


@pytest.mark.usefixtures("malformed")
@pytest.mark.parametrize(
    "wrong",
    [
        {"topic": None},
        {"topic": {"source": "text", "value": "x"}},
        {"activityType": ""},
        {"activityType": "systemDefault"},
        {"previewText": {"content": "x" * 151}},
        {"templateParameters": ["x"]},
        {"colour": "red"},
    ],
)
def test_point_53_a_notification_that_lacks_something_is_refused(
    emulator: RunningEmulator, people: dict[str, str], sender: httpx.Client, wrong: dict[str, Any]
) -> None:
    emulator.control("teams/apps", {"user": "ann@peakshire.example"})
    assert sender.post(path(people["ann"]), json=NOTE | wrong).status_code == 400
    assert feed(emulator) == []


def test_point_53_an_unknown_person_is_404_and_another_permission_403(
    emulator: RunningEmulator, people: dict[str, str], sender: httpx.Client
) -> None:
    assert sender.post(path("nobody@peakshire.example"), json=NOTE).status_code == 404
    with emulator.client() as service:
        assert service.post(path(people["ann"]), json=NOTE).status_code == 403


@pytest.mark.parametrize(("per_second", "expected"), [(5, [204] * 5 + [429]), (0, [204] * 6)])
def test_point_53_more_than_five_a_second_are_throttled(
    emulator: RunningEmulator, people: dict[str, str], sender: httpx.Client, per_second: int, expected: list[int]
) -> None:
    emulator.control("switches", {"activity_per_second": per_second})
    emulator.control("teams/apps", {"user": "ann@peakshire.example"})
    assert [sender.post(path(people["ann"]), json=NOTE).status_code for _ in range(6)] == expected
