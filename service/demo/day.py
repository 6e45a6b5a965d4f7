"""The meetings of the demo's day: packs that write themselves, an escalation to force and back, one declined, a chair's
override, minutes. Everything is decided as `tasking decide` would."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from reporting.meeting_pack import read_pack
from reporting.minutes import minutes
from reporting.minutes_documents import minutes_docx
from reporting.pack_documents import pack_docx
from reporting.pack_page import pack_html
from service.clock import MovableClock
from service.demo.morning import Morning
from service.wiring import Service
from store import packs
from tasking import holding
from tasking.calendar import meeting_ref, occurrences
from tasking.clocks import LONDON
from tasking.deciding import decide
from tasking.decision import Decision, DecisionRequest, DecisionType
from tasking.meetings import Attendance

TO_FORCE_AND_BACK = 16
DECLINED = 12
OVERRIDDEN = 14
MISSING = 1
FORCE_MEETING = "FORCE_DAILY"
CANCELLED = "CH_DAILY"

D = DecisionType


@dataclass(frozen=True, slots=True)
class Chair:
    """Somebody of config/demo/people.yaml, and what they act as."""

    person: str
    role: str


EREFIELD = Chair("insp.erefield@peakshire.example", "Duty Inspector")
SOUTHBROOK = Chair("insp.southbrook@peakshire.example", "Duty Inspector")
SOUTH = Chair("ci.south@peakshire.example", "Divisional Chief Inspector")
FORCE = Chair("supt.duty@peakshire.example", "Duty Superintendent")
DUTY_OFFICER = Chair("supt.duty@peakshire.example", "Force Duty Officer")


class Day:
    """What the chairs do, meeting by meeting. Papers go into `papers`."""

    def __init__(self, service: Service, clock: MovableClock, morning: Morning, papers: Path) -> None:
        self._service = service
        self._clock = clock
        self._morning = morning
        self._papers = papers
        self.decisions: list[Decision] = []
        self.written: list[str] = []

    async def until(self, at: time) -> None:
        """Moves both clocks on to this London time of the day."""
        now = self._clock.now().astimezone(LONDON)
        goal = datetime.combine(now.date(), at, LONDON)
        await self._morning.hours_pass(max((goal - now) / timedelta(hours=1), 0))

    async def duty_officer_takes_the_missing_person(self) -> None:
        """Between meetings the duty role decides: a high-risk missing person does not wait for ten o'clock."""
        self._decide(MISSING, D.ESCALATION_ACCEPT, DUTY_OFFICER, "Immediate threat to life; search assets are needed.")

    async def a_meeting_is_cancelled(self) -> None:
        """One section's inspector is at an incident."""
        with self._acting("insp.spireton@peakshire.example") as uow:
            starts = self._starts(CANCELLED)
            holding.cancel_meeting(uow, self._service.force, CANCELLED, starts, "The inspector is at an incident.")

    async def section_meetings(self) -> None:
        """08:30: two sections look at what the policy proposes, and send it up."""
        self._open("ER_DAILY", EREFIELD, "Tasking Sergeant")
        self._decide(
            TO_FORCE_AND_BACK,
            D.ENDORSE,
            EREFIELD,
            "Third night running; drivers have swerved. The section has four officers until Sunday.",
            meeting="ER_DAILY",
        )
        self._open("SD_DAILY", SOUTHBROOK, "Tasking Sergeant")
        self._decide(
            DECLINED, D.ENDORSE, SOUTHBROOK, "Residents have complained four times this month.", meeting="SD_DAILY"
        )

    async def division_meeting(self) -> None:
        """09:15: South Division accepts one, declines one, and asks the force for what it lacks itself."""
        self._open("DIV_S_DAILY", SOUTH, "Divisional Tasking Officer")
        self._decide(
            TO_FORCE_AND_BACK,
            D.ESCALATION_ACCEPT,
            SOUTH,
            "Risk of death on a trunk road outweighs the cost.",
            meeting="DIV_S_DAILY",
            options=("Do nothing", "Section alone", "Division with force support"),
        )
        self._decide(
            DECLINED,
            D.ESCALATION_DECLINE,
            SOUTH,
            "Complaints, not harm: the section's two-week plan is proportionate. Come back if it shows no change.",
            meeting="DIV_S_DAILY",
            options=("Do nothing", "Accept", "Decline"),
        )
        self._decide(
            TO_FORCE_AND_BACK,
            D.ESCALATE,
            SOUTH,
            "The division has no CCTV van and no patrol hours left this week.",
            meeting="DIV_S_DAILY",
            trigger="BEYOND_RESOURCES",
            tried="Section patrols at dusk for a week; the council's mobile camera was not free.",
            resources="A CCTV van and its crew",
            how_many=3,
            hours=60,
            **self._nights(5),
        )

    async def force_meeting(self) -> None:
        """10:00: the force accepts, grants hours, and the chair sees one task as more pressing than its score."""
        self._open(FORCE_MEETING, FORCE, "Force Tasking Officer", "Peakshire Council:Community safety officer")
        self._decide(
            TO_FORCE_AND_BACK,
            D.ESCALATION_ACCEPT,
            FORCE,
            "A force asset for three nights is proportionate to the risk to life.",
            meeting=FORCE_MEETING,
            hours=60,
            how_many=3,
            **self._nights(3),
            options=("Do nothing", "Van only", "Van and sixty hours"),
            dissent="Roads policing would have waited for the council's fencing.",
        )
        self._decide(
            OVERRIDDEN,
            D.PRIORITY_OVERRIDE,
            FORCE,
            "Nine vehicles overnight, and an owner was threatened: the score was made before that.",
            meeting=FORCE_MEETING,
            band="IMMEDIATE",
        )
        self._decide(
            OVERRIDDEN,
            D.RESOURCE,
            FORCE,
            "The offenders move between three sections within an hour: no section can cover that alone.",
            meeting=FORCE_MEETING,
            text="Two stop-check crews tonight and tomorrow",
            resources="Two crews, 18:00 to 02:00",
            how_many=4,
            hours=32,
            **self._nights(2),
        )

    async def back_to_the_division(self) -> None:
        """15:30: fencing is up; the force gives back, and the division takes over by name."""
        self._decide(
            TO_FORCE_AND_BACK,
            D.DE_ESCALATE,
            FORCE,
            "The council has fenced the footbridge, and two nights passed without a report.",
            conditions="Ask again if anything is thrown within seven days.",
            residual_risk="The fence can be cut; a patrol passes at dusk.",
            receiver=SOUTH.person,
        )
        self._decide(TO_FORCE_AND_BACK, D.RECEIVE, SOUTH, "The division patrols at dusk until Sunday.", unit="DIV_S")

    def _nights(self, number: int) -> dict[str, datetime]:
        """From this evening, for so many nights."""
        starts_at = self._clock.now() + timedelta(hours=8)
        return {"starts_at": starts_at, "ends_at": starts_at + timedelta(days=number)}

    async def write_papers(self) -> None:
        """Each pack of the day, and the minutes of the force's meeting, as files to open."""
        self._papers.mkdir(parents=True, exist_ok=True)
        with self._service.store.open() as connection:
            stored = [pack for reference in self.meetings for pack in packs.of_meeting(connection, reference)]
            read = [read_pack(connection, each.pack_id) for each in stored]
            reference = meeting_ref(self._meeting, self._starts(FORCE_MEETING))
            minuted = minutes(connection, self._service.force, reference, self._clock.now())
        for pack in read:
            self._write(f"pack {pack.meeting_ref}.docx", pack_docx(pack))
            self._write(f"pack {pack.meeting_ref}.html", pack_html(pack).encode())
        self._write(f"minutes {minuted.meeting_ref}.docx", minutes_docx(minuted))

    @property
    def meetings(self) -> list[str]:
        """References of the day's meetings, but for the cancelled one."""
        return [
            meeting_ref(meeting, at)
            for meeting in self._service.force.meetings
            for at in self._sittings(meeting.code)
            if meeting.code != CANCELLED
        ]

    @property
    def _meeting(self) -> Any:
        return self._service.force.meeting(FORCE_MEETING)

    def _write(self, name: str, content: bytes) -> None:
        (self._papers / name).write_bytes(content)
        self.written.append(name)

    def _acting(self, person: str) -> Any:
        return self._service.store.act(person, "demo", secrets.token_hex(8))

    def _open(self, code: str, chair: Chair, *there: str) -> None:
        attendance = tuple(
            Attendance(role, role, agency, police_part=not agency)
            for agency, _, role in (entry.rpartition(":") for entry in there)
        )
        with self._acting(chair.person) as uow:
            starts = self._starts(code)
            holding.open_meeting(uow, self._service.force, code, starts, chair.person, chair.role, attendance)

    def _decide(self, number: int, kind: DecisionType, chair: Chair, why: str, meeting: str = "", **given: Any) -> None:
        reference = meeting_ref(self._service.force.meeting(meeting), self._starts(meeting)) if meeting else ""
        said: Mapping[str, Any] = {"decided_by": chair.person, "role": chair.role, "rationale": why, **given}
        task = self._morning.record(number)
        request = DecisionRequest(reference=task.reference, decision_type=kind, meeting_ref=reference, **said)
        with self._acting(chair.person) as uow:
            self.decisions.append(decide(uow, self._service.force, self._service.policy, request))

    def _starts(self, code: str) -> datetime:
        return self._sittings(code)[0]

    def _sittings(self, code: str) -> tuple[datetime, ...]:
        """The meeting's starts on the demo's day."""
        day = self._clock.now().astimezone(LONDON).date()
        morning = datetime.combine(day, time(0), LONDON)
        return occurrences(self._service.force.meeting(code), morning, morning + timedelta(days=1))
