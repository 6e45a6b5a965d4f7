"""What a person can do with a task, as links on its page: only what their role allows and its state does."""

from collections.abc import Sequence
from dataclasses import dataclass

from tasking.deciding import RULES
from tasking.escalation import Escalation
from tasking.rights import Right
from tasking.task import Task
from web.deciding import Choice, choices_of
from web.visit import Visit


@dataclass(frozen=True, slots=True)
class Link:
    """An address below the tab's, and its words."""

    path: str
    words: str
    is_warning: bool = False


@dataclass(frozen=True, slots=True)
class Acts:
    """`steps` take the task up or down, `others` are what else can be decided about it, `besides` is no decision."""

    steps: tuple[Link, ...]
    others: tuple[Link, ...]
    besides: tuple[Link, ...]

    @property
    def any(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.steps or self.others or self.besides)


def acts_on(visit: Visit, task: Task, steps: Sequence[Escalation]) -> Acts:
    """The links for the task's own page. `steps` are its escalations, oldest first."""
    base = f"/tasks/{task.reference}"
    besides = []
    if task.is_open and visit.may_on(Right.REASSESS, task):
        besides.append(Link(f"{base}/reassess", "Assess the risk again"))
    if task.is_open and visit.may_on(Right.ALLOCATE, task):
        besides.append(Link(f"{base}/reassign", "Give to another owner"))
    if visit.may_on(Right.NOTE, task):
        besides.append(Link(f"{base}/note", "Write a note"))
    first, others = in_groups(choices_of(visit, task, steps), f"{base}/decide")
    return Acts(first, others, tuple(besides))


def in_groups(choices: Sequence[Choice], base: str) -> tuple[tuple[Link, ...], tuple[Link, ...]]:
    """The links of decisions that take a task up or down, and of the others. `base` is the address before the slug."""
    links = [(_moves(each), Link(f"{base}/{each.slug}", each.act.words, each.act.is_warning)) for each in choices]
    return tuple(link for moves, link in links if moves), tuple(link for moves, link in links if not moves)


def _moves(choice: Choice) -> bool:
    return RULES[choice.kind].changes_a_step
