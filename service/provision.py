"""Makes in Microsoft 365 what the force's config names: groups, plans, buckets, labels, channels, intake.

Nothing is ever deleted. What is there already is left as it is and only noted, so the command can be run as
often as one likes.
"""

import io
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.table import Table

from forms_ingest.form_mapping import FormDefinition
from graph_client.client import GraphClient
from graph_client.errors import Gone, GraphError
from graph_client.planner import Bucket
from graph_client.sharepoint import NewColumn
from graph_client.teams import Channel
from planner_sync.board_building import (
    buckets_of_pillars,
    labels_that_differ,
    lost_pillars,
    make_buckets,
    one_worker,
    patiently,
)
from planner_sync.boards import BoardPlan, all_boards, noted_plan_ids, plan_title
from planner_sync.lost_plans import NOT_NUMBERED, give_up_plan, note_plan, standing_on, unknown_plans
from planner_sync.moved import misplaced, promise_moves
from service.wiring import Service
from store import notebook
from tasking.force import Board, Pillar, TaskingMeeting

T = TypeVar("T")

WORKBOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WORKBOOK_TABLE = "OfficeForms.Table"
WORKBOOK_HEADERS = ("Id", "Start time", "Completion time", "Email", "Name")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing looked at. `outcome` is "there", "made", "missing" (when only looking), "failed", "renamed" (a bucket
    that people call something else), "named" (its name was put back), "gone" (an earlier plan that people deleted, in
    whose place nothing is made), "shown": tasks of a plan that people deleted, shown again on the plan in use, or
    "moved": tasks that go to the board where config has them stand now."""

    kind: str
    name: str
    outcome: str
    words: str = ""


Tell = Callable[[Step], None]


class Provision:
    """Brings the tenant to what config says. With `only_look` it makes nothing and reports what is missing.

    Buckets that people renamed are reported; `names_back` gives them config's names again.
    """

    def __init__(self, service: Service, tell: Tell, only_look: bool = False, names_back: bool = False) -> None:
        self._service = service
        self._graph: GraphClient = service.graph
        self._tell = tell
        self._only_look = only_look
        self._names_back = names_back
        self._steps: list[Step] = []

    async def run(self) -> list[Step]:
        """All steps. One that fails is reported and does not stop those that do not need it."""
        groups: dict[str, str] = {}
        intake_group: str | None = None
        for code, board in self._service.force.every_board.items():
            group_id = await self._try("group", board.group_nickname, partial(self._group, board))
            if group_id:
                groups[code] = group_id
                if board.group_nickname == self._service.intake.group_nickname:
                    intake_group = group_id
                await self._try("plan", board.plan_title, partial(self._plan, board, group_id))
        force = self._service.force
        for meeting in force.meetings:
            if meeting.unit in groups and force.channel_code(meeting) == meeting.code:
                group_id = groups[meeting.unit]
                await self._try("channel", meeting.channel, partial(self._channel, meeting, group_id))
        await self._intake(intake_group)
        self._move_tasks()
        return self._steps

    def _move_tasks(self) -> None:
        """What stands on a board where config does not let it be any more goes to where it may."""
        force = self._service.force
        if self._only_look:
            with self._service.store.open() as connection:
                if number := len(misplaced(connection, force)):
                    self._report("tasks", "all boards", "missing", f"{number} would be moved: they may not stand there")
            return
        with self._service.store.act("service", "provision", self._service.store.new_delivery_id()) as uow:
            number = promise_moves(uow, force)
        if number:
            self._report("tasks", "all boards", "moved", f"{number} stood where they may not be any more")

    async def _group(self, board: Board) -> str | None:
        directory = self._graph.directory
        found = await directory.group_by_nickname(board.group_nickname)
        if found is None and not self._only_look:
            found = await directory.create_group(
                board.group_name, board.group_nickname, f"Tasking board of {board.group_name}", (), ()
            )
            self._report("group", board.group_nickname, "made")
        elif found is None:
            self._report("group", board.group_nickname, "missing")
        else:
            self._report("group", board.group_nickname, "there")
        if found is None:
            return None
        self._note("group", board.goes_by, found.group_id, {})
        return found.group_id

    async def _plan(self, board: Board, group_id: str) -> None:
        """The plan in use, then those before it, and any that is not known: tasks of the board still stand there."""
        code = board.goes_by
        noted = self._noted_board(code)
        title = plan_title(self._service.force, code, noted.number if noted else 1)
        plan_id = await patiently(lambda: self._plan_id(noted, title, group_id))
        if plan_id is not None and noted is not None and plan_id == noted.plan_id:
            await self._furnish(replace(noted, group_id=group_id), title)
        elif plan_id is not None:
            number = noted.number if noted else 1
            await self._furnish(BoardPlan(code, plan_id, {}, {}, group_id, number), title, lost=noted)
        for earlier in self._earlier_plans(code, group_id):
            title = plan_title(self._service.force, code, max(earlier.number, 1))
            await self._try("plan", title, partial(self._earlier_plan, earlier, title, group_id))

    async def _earlier_plan(self, board: BoardPlan, title: str, group_id: str) -> None:
        is_known = board.number != NOT_NUMBERED
        if not await self._is_deleted(board.plan_id, group_id):
            self._report("plan", title, "there", "" if is_known else "it was not known, though tasks stand on it")
            await self._furnish(board, title)
            return
        self._report("plan", title, "gone")
        if self._only_look:
            self._tell_who_would_be_shown(board, title)
            return
        with self._service.store.act("service", "provision", f"plan-{board.plan_id[:8]}") as uow:
            number = give_up_plan(uow, self._service.force, board)
        self._tell_shown(number, title, "the plan in use")

    async def _plan_id(self, noted: BoardPlan | None, title: str, group_id: str) -> str | None:
        """The plan that was noted before, whatever it is called now; else the one of this title; else a new one.

        One that is, or was, another board's is never taken. Looks each time before it makes one: the answer to an
        earlier try may have been lost.
        """
        plans = {plan.plan_id: plan for plan in await self._graph.planner.plans_of_group(group_id)}
        if noted is not None and (noted.plan_id in plans or not await self._is_deleted(noted.plan_id, group_id)):
            self._report("plan", title, "there")
            return noted.plan_id
        words = "in place of one that was deleted" if noted is not None else ""
        with self._service.store.open() as connection:
            others = noted_plan_ids(connection)
        found = next(
            (each.plan_id for each in plans.values() if each.title == title and each.plan_id not in others), None
        )
        if found is not None:
            self._report("plan", title, "there", words)
            return found
        if self._only_look:
            self._report("plan", title, "missing", "it was deleted" if noted is not None else "")
            if noted is not None:
                self._tell_who_would_be_shown(noted, title)
            return None
        made = await self._graph.planner.create_plan(group_id, title)
        self._report("plan", title, "made", words)
        return made.plan_id

    async def _is_deleted(self, plan_id: str, group_id: str) -> bool:
        """Whether Planner knows a plan neither by its id nor in its group. Raises GraphError where it does not say."""
        try:
            await self._graph.planner.plan(plan_id)
        except Gone:
            return plan_id not in {plan.plan_id for plan in await self._graph.planner.plans_of_group(group_id)}
        return False

    async def _furnish(self, board: BoardPlan, title: str, lost: BoardPlan | None = None) -> None:
        """Buckets and label names of one plan, as far as they are missing. `lost` is the one in whose place it came:
        what stood there is promised to be shown on this one in the same commit that notes it."""
        if self._only_look:
            await self._buckets(board, title)
            await self._labels(board, title)
            if lost is not None:
                self._tell_who_would_be_shown(lost, title)
            return
        with one_worker(self._service.store, f"board {board.plan_id}"):
            buckets = await self._buckets(board, title)
            await self._labels(board, title)
            with self._service.store.act("service", "provision", f"plan-{board.plan_id[:8]}") as uow:
                number = note_plan(uow, self._service.force, board, buckets, lost)
        self._tell_shown(number, title, "the new plan")

    def _tell_shown(self, number: int, title: str, where: str) -> None:
        if number:
            words = "1 task is" if number == 1 else f"{number} tasks are"
            self._report("tasks", title, "shown", f"{words} shown again on {where}")

    def _tell_who_would_be_shown(self, lost: BoardPlan, title: str) -> None:
        with self._service.store.open() as connection:
            number = len(standing_on(connection, self._service.force, lost.plan_id))
        if number:
            self._report("tasks", title, "missing", f"{number} would be shown again: its plan was deleted")

    async def _buckets(self, board: BoardPlan, title: str) -> dict[str, str]:
        """Bucket ids by pillar; see board_building. Only looking, those that are there."""
        planner, force, noted = self._graph.planner, self._service.force, board.bucket_of_pillar
        there = await patiently(lambda: planner.buckets(board.plan_id))
        await self._names(there, noted, title)
        if self._only_look:
            found = buckets_of_pillars(there, force, noted)
            for pillar in lost_pillars(found, force):
                self._report("bucket", f"{title}: {pillar.label}", "missing")
            return {pillar: bucket.bucket_id for pillar, bucket in found.items()}

        def settled(pillar: Pillar, bucket: Bucket, is_new: bool) -> None:
            if is_new:
                self._report("bucket", f"{title}: {pillar.label}", "made")

        return await make_buckets(planner, board.plan_id, there, force, noted, settled)

    async def _names(self, there: tuple[Bucket, ...], noted: Mapping[str, str], title: str) -> None:
        """Buckets that are called otherwise than their pillar: reported, and named again where that was asked for."""
        pillars = self._service.force.pillars
        for code, bucket in buckets_of_pillars(there, self._service.force, noted).items():
            label = pillars[code].label
            if bucket.name == label:
                continue
            if self._names_back and not self._only_look:
                await self._graph.planner.update_bucket(bucket.bucket_id, bucket.etag, name=label)
                self._report("bucket", f"{title}: {label}", "named")
            else:
                self._report("bucket", f"{title}: {label}", "renamed", f"people call it {bucket.name!r}")

    async def _labels(self, board: BoardPlan, title: str) -> None:
        """Names the label slots of config. Slots that config does not name belong to the board's people."""
        details = await patiently(lambda: self._graph.planner.plan_details(board.plan_id))
        differ = labels_that_differ(details, self._service.force)
        if not differ:
            return
        self._report("labels", title, "missing" if self._only_look else "made", f"{len(differ)} names")
        if not self._only_look:
            await self._graph.planner.update_plan_details(board.plan_id, differ, details.etag)

    async def _channel(self, meeting: TaskingMeeting, group_id: str) -> None:
        teams = self._graph.teams
        if self._only_look:
            await self._look_at_channel(meeting, group_id)
            return
        team_id = await patiently(lambda: teams.ensure_team(group_id))
        channel = self._known_channel(meeting, await patiently(lambda: teams.channels(team_id)))
        if channel is not None:
            self._report("channel", meeting.channel, "there")
        else:
            channel = await teams.create_channel(team_id, meeting.channel, meeting.name)
            self._report("channel", meeting.channel, "made")
        self._note("channel", meeting.code, channel.channel_id, {"team_id": team_id})

    async def _look_at_channel(self, meeting: TaskingMeeting, group_id: str) -> None:
        """A team has the id of its group (learn.microsoft.com/graph/api/team-put-teams)."""
        try:
            channel = self._known_channel(meeting, await self._graph.teams.channels(group_id))
        except Gone:
            channel = None
        self._report("channel", meeting.channel, "there" if channel else "missing")

    def _known_channel(self, meeting: TaskingMeeting, channels: tuple[Channel, ...]) -> Channel | None:
        noted = self._noted_id("channel", meeting.code)
        by_id = next((each for each in channels if each.channel_id == noted), None)
        return by_id or next((each for each in channels if each.name == meeting.channel), None)

    async def _intake(self, group_id: str | None) -> None:
        intake = self._service.intake
        if group_id is None:
            self._report("intake", intake.group_nickname, "failed", "its group is not there yet")
            return
        await self._try("list", intake.list_name, lambda: self._list(group_id))
        drive_id = await self._try("drive", intake.group_nickname, lambda: self._drive(group_id))
        for form in self._service.forms.values() if drive_id else ():
            await self._try("workbook", form.workbook, partial(self._workbook, form, drive_id or ""))

    async def _list(self, group_id: str) -> None:
        sharepoint, intake = self._graph.sharepoint, self._service.intake
        site = await patiently(lambda: sharepoint.site_of_group(group_id))
        self._note("site", "intake", site.site_id, {})
        found = next((each for each in await sharepoint.lists(site.site_id) if each.name == intake.list_name), None)
        if found is None:
            self._report("list", intake.list_name, "missing" if self._only_look else "made")
            if self._only_look:
                return
            names = intake.columns
            columns = [NewColumn(name) for name in (names.form_id, names.response_id, names.responder, names.submitted)]
            found = await sharepoint.create_list(
                site.site_id, intake.list_name, [*columns, NewColumn(names.answers, "long_text")]
            )
        else:
            self._report("list", intake.list_name, "there")
        self._note("list", "intake", found.list_id, {})

    async def _drive(self, group_id: str) -> str:
        drive_id = await patiently(lambda: self._graph.drives.group_drive_id(group_id))
        self._note("drive", "intake", drive_id, {})
        return drive_id

    async def _workbook(self, form: FormDefinition, drive_id: str) -> None:
        """Forms makes the response workbook itself when the form belongs to the group; an empty one stands in."""
        drives = self._graph.drives
        if await drives.item_by_path(drive_id, form.workbook) is not None:
            self._report("workbook", form.workbook, "there")
            return
        self._report("workbook", form.workbook, "missing" if self._only_look else "made")
        if not self._only_look:
            await drives.upload(drive_id, form.workbook, _empty_workbook(form), WORKBOOK_TYPE)

    async def _try(self, kind: str, name: str, do: Callable[[], Awaitable[T]]) -> T | None:
        try:
            return await do()
        except GraphError as error:
            self._report(kind, name, "failed", str(error))
            return None

    def _report(self, kind: str, name: str, outcome: str, words: str = "") -> None:
        step = Step(kind, name, outcome, words)
        self._steps.append(step)
        self._tell(step)

    def _note(self, kind: str, key: str, graph_id: str, details: Mapping[str, object]) -> None:
        if self._only_look:
            return
        with self._service.store.open() as connection:
            notebook.provision(connection, kind, key, graph_id, details, self._service.store.clock.now())

    def _noted_id(self, kind: str, key: str) -> str | None:
        with self._service.store.open() as connection:
            row = notebook.provisioned_rows(connection, kind).get(key)
        return str(row["graph_id"]) if row else None

    def _noted_board(self, unit: str) -> BoardPlan | None:
        with self._service.store.open() as connection:
            return next((each for each in all_boards(connection) if each.unit == unit and each.is_current), None)

    def _earlier_plans(self, unit: str, group_id: str) -> list[BoardPlan]:
        """Those noted, and then those that only stays of tasks still name."""
        with self._service.store.open() as connection:
            known = [each for each in all_boards(connection) if each.unit == unit and not each.is_current]
            strays = sorted(plan_id for of_unit, plan_id in unknown_plans(connection) if of_unit == unit)
        return [
            *known,
            *(BoardPlan(unit, each, {}, {}, group_id, NOT_NUMBERED, is_current=False) for each in strays),
        ]


def _empty_workbook(form: FormDefinition) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Sheet1"
    headers = [*WORKBOOK_HEADERS, *(question.title for question in form.questions)]
    sheet.append(headers)
    sheet.add_table(Table(displayName=WORKBOOK_TABLE, ref=f"A1:{get_column_letter(len(headers))}2"))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()
