"""What the pages are made of: settings of the tab, the record, the force, and who says who somebody is."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from graph_client.directory import User
from reporting.operator_page import Degraded, degraded
from store.unit_of_work import Store
from tasking.audit import FROM_TAB
from tasking.escalation_policy import EscalationPolicy
from tasking.force import Force

Members = Callable[[str], Awaitable[Sequence[User]]]
SOURCE = FROM_TAB
"""How the audit log calls what people do here."""
LOOKED_EVERY = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class TabSettings:
    """How the tab is reached and whom it asks. `url` is its whole address, without a slash at the end.

    `authority` is https://login.microsoftonline.com/TENANT, `api_uri` the name under which Teams asks for a token,
    `frame_ancestors` who may show the tab in a frame, `ca_file` certificates to trust in place of the usual ones,
    `teams_app_id` the app in Teams that links lead into; empty for plain links.
    """

    url: str
    authority: str
    client_id: str
    client_secret: str
    api_uri: str
    frame_ancestors: str
    ca_file: str = ""
    teams_app_id: str = ""

    @property
    def is_secure(self) -> bool:
        """Whether the browser reaches it by https."""
        return self.url.startswith("https:")

    @property
    def path(self) -> str:
        """The path of the address, such as /api/tab."""
        return urlsplit(self.url).path


@dataclass(frozen=True, slots=True)
class RiskQuestion:
    """A question about risk, in the words of the form. `answers` are words by the value that they stand for."""

    field: str
    title: str
    hint: str
    answers: Mapping[str, str]


@dataclass(slots=True)
class Tab:
    """Everything that a page may ask. `planner_task_url` is a template with {plan_id} and {task_id}; `thrive_words` has
    the answers of the Raise form by THRIVE name and level, `risk_questions` what the form asks when
    risk is assessed again, in its order. `default_poster` is how cards go where a meeting names no other way; `members`
    asks Graph for the people of a board, by the board's code, and raises GraphError."""

    settings: TabSettings
    store: Store
    force: Force
    policy: EscalationPolicy
    planner_task_url: str
    members: Members
    thrive_words: Mapping[str, Mapping[int, str]]
    risk_questions: tuple[RiskQuestion, ...] = ()
    default_poster: str = ""
    _looked: tuple[datetime, Degraded] | None = field(default=None, init=False)

    @property
    def now(self) -> Callable[[], datetime]:
        """The clock, UTC."""
        return self.store.clock.now

    def state(self) -> Degraded:
        """What is wrong with the service, asked at most every fifteen seconds."""
        now = self.now()
        if self._looked is None or not timedelta(0) <= now - self._looked[0] < LOOKED_EVERY:
            with self.store.open() as connection:
                self._looked = (now, degraded(connection, self.force, self.default_poster, now))
        return self._looked[1]
