"""Makes each part of the service once and hands it its parts. Nothing here is policing, Graph or SQL."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from escalation.announce import Announce
from escalation.posters import POSTERS, Poster
from escalation.sweep import Sweep
from forms_ingest.form_mapping import FormDefinition
from forms_ingest.ingest import Ingest
from forms_ingest.intake_list import IntakeList, ListColumns
from forms_ingest.receive import Receiver
from forms_ingest.workbook_reconcile import WorkbookReconcile
from graph_client.auth import make_credential
from graph_client.client import GraphClient
from planner_sync.create import Create
from planner_sync.in_step import InStep
from planner_sync.levels import Levels
from planner_sync.mend import Mend
from planner_sync.owners import Owners
from planner_sync.polling import Polling
from planner_sync.pull import Pull
from planner_sync.push import Push
from planner_sync.retention import Retention
from service.clock import SystemClock
from service.event_routes import ROUTES
from service.force_config import IntakeConfig, load_force
from service.form_config import load_forms
from service.outbox_worker import Handler, OutboxWorker
from service.policy_config import load_policy
from service.settings import WEBHOOK_PREFIX, BadSettings, Settings
from service.work_queue import queue_for
from store.database import open_at_this_version
from store.outbox import Delivery
from store.tasks import units_with_open_tasks
from store.unit_of_work import Store
from tasking.escalation_policy import EscalationPolicy
from tasking.events import Event
from tasking.force import Force
from tasking.ports import Clock

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential


@dataclass(frozen=True, slots=True)
class Service:
    """The running service: what doors, jobs and commands call."""

    settings: Settings
    force: Force
    intake: IntakeConfig
    forms: Mapping[str, FormDefinition]
    policy: EscalationPolicy
    store: Store
    graph: GraphClient
    credential: "AsyncTokenCredential"
    receiver: Receiver
    intake_list: IntakeList
    workbooks: WorkbookReconcile
    ingest: Ingest
    in_step: InStep
    polling: Polling
    sweep: Sweep
    poster: Poster
    worker: OutboxWorker

    async def aclose(self) -> None:
        """Closes connections; the database is closed last."""
        await self.poster.aclose()
        await self.graph.aclose()
        await self.credential.close()
        self.store.engine.dispose()


def build_service(settings: Settings, clock: Clock | None = None) -> Service:
    """The service that these settings describe.

    Raises ConfigError, BadSettings or OldSchema, each naming what to mend; asks nothing of the network.
    """
    force, intake = load_force(settings.config_dir)
    forms = load_forms(settings.config_dir, force, intake)
    policy = load_policy(settings.config_dir, force)
    if settings.poster not in POSTERS:
        raise BadSettings([f"TASKING_POSTER: there is no poster {settings.poster!r}; there are {', '.join(POSTERS)}."])
    if strangers := sorted(settings.webhooks.keys() - {meeting.code for meeting in force.meetings}):
        raise BadSettings([f"{WEBHOOK_PREFIX}{code}: force.yaml has no meeting of this code." for code in strangers])
    engine = open_at_this_version(settings.database_url)
    store = Store(engine, clock or SystemClock(), ROUTES, force.reference_prefix)
    _check_units(store, force)
    store.on_promised = queue_for(settings)
    credential = make_credential(settings.identity)
    graph = GraphClient.connect(settings.graph_base_url, credential, in_flight=settings.graph_in_flight)
    receiver = Receiver(store, intake.replies)
    polling, mend = Polling(store), Mend(store, graph.planner, force)
    settle_for = timedelta(seconds=settings.settle_seconds)
    create = Create(store, graph.planner, force, mend, settle_for, settings.planner_task_url)
    in_step = InStep(
        store,
        create,
        Push(store, graph.planner, force, mend, settings.planner_task_url),
        Pull(store, graph.planner, force, polling, Owners(store, graph.directory)),
        polling,
        mend,
        Retention(store, graph.planner, force),
    )
    poster = POSTERS[settings.poster](settings.webhooks)
    ingest, sweep = Ingest(store, force, forms, intake.time_zone), Sweep(store, force, policy)
    announce = Announce(store, force, poster, settings.planner_task_url, settings.planner_board_url)
    handlers = handlers_of(ingest, in_step, Levels(store, create, in_step), sweep, announce)
    return Service(
        settings=settings,
        force=force,
        intake=intake,
        forms=forms,
        policy=policy,
        store=store,
        graph=graph,
        credential=credential,
        receiver=receiver,
        intake_list=IntakeList(
            store, graph.sharepoint, receiver, list(forms.values()), ListColumns(**asdict(intake.columns))
        ),
        workbooks=WorkbookReconcile(store, graph.drives, receiver, intake.time_zone),
        ingest=ingest,
        in_step=in_step,
        polling=polling,
        sweep=sweep,
        poster=poster,
        worker=OutboxWorker(store, handlers),
    )


def _check_units(store: Store, force: Force) -> None:
    """Raises BadSettings when config has dropped a unit that still has open tasks: nobody would see them climb."""
    with store.open() as connection:
        in_use = units_with_open_tasks(connection)
    gone = {unit: number for unit, number in in_use.items() if unit not in force.units}
    if gone:
        store.engine.dispose()
        raise BadSettings(
            [
                f"force.yaml has no unit {unit} any more, but {number} open tasks stand there."
                for unit, number in gone.items()
            ]
        )


def handlers_of(
    ingest: Ingest, in_step: InStep, levels: Levels, sweep: Sweep, announce: Announce
) -> Mapping[str, Handler]:
    """The handlers that `event_routes.ROUTES` names."""
    return {
        "ingest.take": _by_event(lambda event: ingest.take(int(event.inbox_id))),
        "escalation.look_now": _at_once(lambda event: sweep.look_at(event.task_id)),
        "planner.show_on_board": _by_event(in_step.show_on_board),
        "planner.update_boards": _by_event(in_step.update_boards),
        "planner.show_above": _by_event(levels.show_above),
        "planner.take_back": _by_event(levels.take_back),
        "planner.withdraw": _by_event(levels.withdraw),
        "planner.mend_board": _by_event(in_step.mend_board),
        "announce.escalated": _by_event_and_delivery(announce.escalated),
        "announce.returned": _by_event_and_delivery(announce.returned),
    }


def _by_event(handle: Callable[[Any], Awaitable[None]]) -> Handler:
    async def handler(event: Event, delivery: Delivery) -> None:
        await handle(event)

    return handler


def _by_event_and_delivery(handle: Callable[[Any, Delivery], Awaitable[None]]) -> Handler:
    return handle


def _at_once(handle: Callable[[Any], object]) -> Handler:
    async def handler(event: Event, delivery: Delivery) -> None:
        handle(event)

    return handler
