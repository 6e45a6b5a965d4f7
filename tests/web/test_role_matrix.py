"""Every page of the tab for every role: what opens, what is refused, and what is as if it were not there."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from built_service import clock_of
from peakshire import HOUR, a_proposal
from secure_emulator import SecureEmulator
from tab_world import Visitor, World, tab_world

from tasking.rights import RIGHTS, AppRole, Reach, Right
from tasking.task import Classification, Task
from web.pages import PAGES

ASB, HIDDEN = "ASB_NEIGHBOURHOOD", "DOMESTIC_ABUSE_VAWG"
MEETING, DAILY = "/meetings/HP_LOCAL%202026-11-10", "/meetings/HP_DAILY%202026-11-03"
OPENS, SENT_ON, NOTHING_DONE = frozenset({200}), frozenset({303}), frozenset({303, 404, 409, 422})
FORM = OPENS | NOTHING_DONE
"""A form that is not offered now says so with 409; one that is sent empty does nothing."""
R, GET, POST = Right, "GET", "POST"


@dataclass(frozen=True, slots=True)
class Line:
    """The right that opens a page, an address of it, and what one who has the right is answered.

    {task} in the address is a task; then `on_task` is the right that is needed for that very one.
    """

    right: Right
    path: str
    answers: frozenset[int] = OPENS
    on_task: Right = R.SEE_TASKS


def _both(route: str, *lines: Line) -> dict[tuple[str, str], tuple[Line, ...]]:
    """The lines of a page that shows a form and takes it."""
    return {(method, route): lines for method in (GET, POST)}


def _one(method: str, route: str, right: Right, path: str = "", answers: frozenset[int] = OPENS) -> Any:
    return {(method, route): (Line(right, path or route, answers),)}


MATRIX: Mapping[tuple[str, str], tuple[Line, ...]] = {
    **_one(GET, "/", R.SEE_MY_WORK),
    **_one(GET, "/mine", R.SEE_MY_WORK),
    **_one(GET, "/kept", R.SEE_MY_WORK, answers=SENT_ON),
    **_one(GET, "/about", R.SEE_MY_WORK),
    **_one(GET, "/teams/configure", R.SEE_MY_WORK),
    **_one(GET, "/board", R.SEE_BOARD),
    **_one(GET, "/board/changes", R.SEE_BOARD),
    **_one(POST, "/board/views", R.SEE_BOARD, answers=NOTHING_DONE),
    **_one(POST, "/board/views/{view_id}/delete", R.SEE_BOARD, "/board/views/none/delete", NOTHING_DONE),
    **_one(GET, "/search", R.SEE_BOARD, "/search?text=market"),
    **_one(GET, "/today", R.SEE_BOARD),
    **_one(GET, "/inbox", R.SEE_INBOX),
    **_one(GET, "/register", R.SEE_REGISTER),
    **_one(GET, "/register.csv", R.EXPORT_REGISTER),
    **_one(GET, "/roles", R.SEE_MEETINGS),
    **_one(GET, "/operator", R.SEE_OPERATIONS),
    **_one(POST, "/operator/replay", R.REPLAY, answers=NOTHING_DONE),
    **_one(GET, "/meetings", R.SEE_PARTNER_PART),
    **_one(GET, "/meetings/{ref}", R.SEE_PARTNER_PART, MEETING),
    **_one(GET, "/meetings/{ref}/points/{number:int}", R.SEE_PARTNER_PART, f"{MEETING}/points/1"),
    **_one(GET, "/meetings/{ref}/files/pack.{shape}", R.SEE_PARTNER_PART, f"{MEETING}/files/pack.html"),
    **_one(GET, "/meetings/{ref}/files/minutes.{shape}", R.SEE_MEETINGS, f"{MEETING}/files/minutes.html"),
    **_one(POST, "/meetings/{ref}/open", R.RUN_MEETING, f"{MEETING}/open", NOTHING_DONE),
    **_one(POST, "/meetings/{ref}/agenda/add", R.RUN_MEETING, f"{DAILY}/agenda/add", FORM),
    **_one(POST, "/meetings/{ref}/agenda/move", R.RUN_MEETING, f"{DAILY}/agenda/move", FORM),
    **_one(POST, "/meetings/{ref}/agenda/leave-out", R.RUN_MEETING, f"{DAILY}/agenda/leave-out", FORM),
    **_one(POST, "/meetings/{ref}/agenda/put-back", R.RUN_MEETING, f"{DAILY}/agenda/put-back", FORM),
    **_both(
        "/meetings/{ref}/points/{number:int}/{reference}/{decision}",
        Line(R.DECIDE, f"{DAILY}/points/1/{{task}}/allocate", FORM),
    ),
    (GET, "/tasks/{reference}"): (Line(R.SEE_TASKS, "/tasks/{task}"),),
    **_both("/tasks/{reference}/note", Line(R.NOTE, "/tasks/{task}/note", FORM, R.NOTE)),
    **_both("/tasks/{reference}/reassign", Line(R.ALLOCATE, "/tasks/{task}/reassign", FORM, R.ALLOCATE)),
    **_both("/tasks/{reference}/reassess", Line(R.REASSESS, "/tasks/{task}/reassess", FORM, R.REASSESS)),
    **_both("/tasks/{reference}/second-score", Line(R.REASSESS, "/tasks/{task}/second-score", FORM, R.REASSESS)),
    **_both(
        "/tasks/{reference}/decisions/{decision_ref}/correct",
        Line(R.ASK_UP, "/tasks/{task}/decisions/DEC-2026-000001/correct", FORM),
    ),
    **_both("/meetings/{ref}/cancel", Line(R.RUN_MEETING, f"{DAILY}/cancel", FORM)),
    **_both(
        "/tasks/{reference}/decide/{decision}",
        Line(R.ASK_UP, "/tasks/{task}/decide/escalate", FORM, R.ASK_UP),
        Line(R.ASK_UP, "/tasks/{task}/decide/allocate", FORM, R.DECIDE),
    ),
}
"""Every page, by method and path of web/pages.py: a page without a line here fails, and one with another right too."""

OPEN_TO_ALL = {"/sign-in", "/sign-in/start", "/signed-in", "/sso", "/sign-out", "/signed-out"}
LINES = [(method, line) for (method, _), lines in MATRIX.items() for line in lines]
EVERYTHING = tuple(role for role in AppRole if role not in (AppRole.PARTNER, AppRole.RESTRICTED, AppRole.AUDITOR))
"""All roles but the auditor's, to whom a task's page says who looked at it, and so changes with every look."""


def expected(role: AppRole, line: Line, is_own: bool) -> frozenset[int]:
    """The statuses that the table of rights means for somebody with this role, for the unit that has the task."""
    far = RIGHTS[role]
    if line.right not in far:
        return frozenset({403})
    if "{task}" not in line.path:
        return line.answers
    for right, otherwise in ((R.SEE_TASKS, 404), (line.on_task, 403)):
        if far.get(right, Reach.NONE) is Reach.NONE or (far[right] is Reach.OWN and not is_own):
            return frozenset({otherwise})
    return line.answers


@pytest.fixture(scope="module")
def world(secure_process: SecureEmulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One tab for all of them: nothing is done to its tasks."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
            patch.delenv(name, raising=False)
        secure_process.tenant.reset()
        with tab_world(secure_process, tmp_path_factory.mktemp("matrix")) as found:
            yield found


def answered(visitor: Visitor, method: str, path: str) -> httpx.Response:
    """The page; or the answer to an empty form of a page of theirs."""
    return visitor.get(path) if method == GET else visitor.send(path, visitor.get("/about"))


def test_every_page_of_the_application_stands_in_the_matrix_with_its_right() -> None:
    there = {(method, page.path): page.right for page in PAGES for method in page.methods}
    assert there == {key: lines[0].right for key, lines in MATRIX.items()}
    assert all(line.right == lines[0].right for lines in MATRIX.values() for line in lines)


@pytest.mark.parametrize("role", AppRole)
def test_each_page_opens_for_the_roles_that_have_its_right_and_for_no_other(world: World, role: AppRole) -> None:
    visitor = world.visitor(role.value, f"{role}.HP")
    others = world.desk.raised(pillar=ASB, title="Market place")
    own = world.desk.raised(pillar=ASB, title="Market place again", submitted_by=visitor.upn)
    world.desk.on_board(own, owner_ids=(world.ids[visitor.upn],))
    wrong = []
    for method, line in LINES:
        for task in (others, own) if "{task}" in line.path else (others,):
            path = line.path.replace("{task}", task.reference)
            status = answered(visitor, method, path).status_code
            if status not in expected(role, line, task is own):
                wrong.append((method, path, status, sorted(expected(role, line, task is own))))
    assert wrong == []


@pytest.mark.parametrize("role", [role for role in AppRole if RIGHTS[role].get(R.SEE_TASKS) is Reach.UNIT])
def test_a_role_for_another_unit_opens_no_page_of_the_task(world: World, role: AppRole) -> None:
    task = world.desk.raised(pillar=ASB)
    visitor = world.visitor(f"{role.value}-dd", f"{role}.DD")
    wrong = [
        (method, line.path, status)
        for method, line in LINES
        if "{task}" in line.path
        and (status := answered(visitor, method, line.path.replace("{task}", task.reference)).status_code)
        not in (403, 404)
    ]
    assert wrong == []
    assert visitor.get(f"/tasks/{task.reference}").status_code == 404


def test_nothing_opens_for_somebody_who_is_not_signed_in(world: World) -> None:
    task = world.desk.raised(pillar=ASB, title="Bricks thrown")
    stranger = world.stranger()
    for method, line in LINES:
        path = line.path.replace("{task}", task.reference)
        answer = stranger.get(path) if method == GET else stranger.post(path, {"csrf": "x", "form_key": "y" * 30})
        assert answer.status_code == (401 if method == GET else 403), path
        assert "Bricks thrown" not in answer.text


def secret(world: World, how: str) -> Task:
    """A restricted task that went up and was decided about, and one that is done."""
    changes: dict[str, Any] = {
        "pillar": {"pillar": HIDDEN},
        "mark": {"pillar": ASB, "classification": Classification.OFFICIAL_SENSITIVE},
        "label": {"pillar": ASB},
    }[how]
    found = []
    for title in ("Secret market matter", "Secret and done"):
        task = world.desk.raised(title=title, **changes)
        if how == "label":
            world.desk.on_board(task, labels=frozenset({"RESTRICTED"}))
        found.append(task)
    world.desk.on_board(found[1], progress=100)
    return world.desk.escalated(found[0], a_proposal())


def plain(page: httpx.Response) -> str:
    """The page without what differs each time."""
    return re.sub(r'name="(csrf|form_key)" value="[^"]+"', "", page.text)


def looked_at(visitor: Visitor, other: Task) -> dict[str, str]:
    """Every page that is read, and every point of both meetings."""
    paths = [line.path.replace("{task}", other.reference) for method, line in LINES if method == GET]
    paths += [DAILY, f"{DAILY}/files/pack.html", f"{DAILY}/files/minutes.html", "/board?scope=ENDED"]
    paths += ["/search?text=secret", "/inbox?kind=AWAITING_RESULT", "/register?text=secret"]
    for meeting in (DAILY, MEETING):
        points = max(map(int, re.findall(r"/points/(\d+)", visitor.get(meeting).text)))
        paths += [f"{meeting}/points/{number}" for number in range(1, points + 1)]
    return {path: plain(visitor.get(path)) for path in paths}


@pytest.mark.parametrize("how", ["pillar", "mark", "label"])
def test_a_restricted_task_changes_no_page_of_somebody_without_the_role(world: World, how: str) -> None:
    everything = tuple(f"{role}.HP" for role in EVERYTHING)
    other = world.desk.raised(pillar=ASB, title="Market place")
    clock_of(world.service).advance(HOUR)
    world.desk.escalated(other, a_proposal())
    visitor = world.visitor(f"dee-{how}", *everything)
    knowing = world.visitor(f"kim-{how}", *everything, "RestrictedMatters")
    before, knew = looked_at(visitor, other), looked_at(knowing, other)
    task = secret(world, how)
    after, knows = looked_at(visitor, other), looked_at(knowing, other)
    counted = "/operator"
    assert {path for path in before if before[path] != after[path]} - {counted} == set()
    assert task.reference not in after[counted]
    assert "Secret" not in after[counted]
    changed = {path for path in knew if knew[path] != knows[path]}
    assert {"/board", "/board/changes", "/search?text=secret", "/today", "/inbox", DAILY} <= changed


@pytest.mark.parametrize("role", [role for role in AppRole if RIGHTS[role].get(R.SEE_TASKS)])
def test_of_a_restricted_task_every_address_answers_as_for_a_reference_that_is_none(
    world: World, role: AppRole
) -> None:
    task = world.desk.raised(pillar=HIDDEN, title="Secret")
    visitor = world.visitor(f"{role.value}-r", f"{role}.HP")
    for method, line in LINES:
        if "{task}" not in line.path:
            continue
        told, unknown = (
            answered(visitor, method, line.path.replace("{task}", reference))
            for reference in (task.reference, "T-9999")
        )
        assert told.status_code == unknown.status_code in (403, 404), line.path
        assert plain(told) == plain(unknown)
