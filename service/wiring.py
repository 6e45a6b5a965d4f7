"""Makes each part of the service once and hands it its parts. Nothing here is policing, Graph or SQL."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from escalation.account_watch import AccountWatch
from escalation.announce import Announce
from escalation.canary import Canaries
from escalation.digest import Digests
from escalation.interim import InterimReviews
from escalation.posters import Poster
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
from planner_sync.meeting_dates import MeetingDates
from planner_sync.mend import Mend
from planner_sync.moving import Moving
from planner_sync.owners import Owners
from planner_sync.polling import Polling
from planner_sync.pull import Pull
from planner_sync.push import Push
from planner_sync.retention import Retention
from service.clock import SystemClock
from service.config_audit import note_config
from service.event_routes import ROUTES
from service.force_config import IntakeConfig, load_force
from service.form_config import load_forms
from service.outbox_worker import Handler, OutboxWorker
from service.policy_config import load_policy
from service.posting import check_posters, make_account, make_poster
from service.record_links import record_url
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
    meeting_dates: MeetingDates
    polling: Polling
    sweep: Sweep
    digests: Digests
    canaries: Canaries
    interim_reviews: InterimReviews
    account_watch: AccountWatch | None
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
    check_posters(settings, force)
    _check_webhooks(settings, force)
    engine = open_at_this_version(settings.database_url)
    store = Store(engine, clock or SystemClock(), ROUTES, force.reference_prefix)
    _check_units(store, force)
    note_config(store, settings.config_dir, policy.version)
    store.on_promised = queue_for(settings)
    credential = make_credential(settings.identity)
    graph = GraphClient.connect(settings.graph_base_url, credential, in_flight=settings.graph_in_flight)
    receiver = Receiver(store, intake.replies)
    polling, mend = Polling(store), Mend(store, graph.planner, force)
    settle_for = timedelta(seconds=settings.settle_seconds)
    create = Create(store, graph.planner, force, mend, settle_for, settings.planner_task_url)
    push = Push(store, graph.planner, force, mend, settings.planner_task_url)
    in_step = _in_step(store, force, graph, polling, mend, create, push)
    account = make_account(settings, store.clock)
    poster = make_poster(settings, force, store, account)
    ingest, sweep = Ingest(store, force, forms, intake.time_zone), Sweep(store, force, policy)
    ingest.forms_are_back()
    announce = Announce(
        store,
        force,
        poster,
        settings.planner_task_url,
        settings.planner_board_url,
        record_url(settings),
        settings.pack_url,
    )
    handlers = handlers_of(ingest, in_step, Levels(store, force, create, in_step), sweep, announce)
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
        meeting_dates=MeetingDates(store, force),
        polling=polling,
        sweep=sweep,
        digests=Digests(store, force),
        canaries=Canaries(store, force),
        interim_reviews=InterimReviews(store, force),
        account_watch=AccountWatch(store, account) if account else None,
        poster=poster,
        worker=OutboxWorker(store, handlers),
    )


def _in_step(
    store: Store, force: Force, graph: GraphClient, polling: Polling, mend: Mend, create: Create, push: Push
) -> InStep:
    """What keeps boards and record in step."""
    pull = Pull(store, graph.planner, force, polling, Owners(store, graph.directory))
    retention = Retention(store, graph.planner, force)
    moving = Moving(store, graph.planner, force, create, pull)
    return InStep(store, force, create, push, pull, polling, mend, retention, moving)


def _check_webhooks(settings: Settings, force: Force) -> None:
    """Raises BadSettings for the address of a channel that config does not have: its cards would go nowhere."""
    codes = {force.channel_code(meeting) for meeting in force.meetings}
    if strangers := sorted(settings.webhooks.keys() - codes):
        raise BadSettings(
            [f"{WEBHOOK_PREFIX}{code}: no channel in force.yaml goes by this meeting code." for code in strangers]
        )


def _check_units(store: Store, force: Force) -> None:
    """Raises BadSettings when config has dropped a unit where open tasks stand: nobody would see them climb."""
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
        "escalation.look_now": _by_event(lambda event: sweep.look_at(event.task_id)),
        "planner.show_on_board": _by_event(in_step.show_on_board),
        "planner.update_boards": _by_event(in_step.update_boards),
        "planner.show_above": _by_event(levels.show_above),
        "planner.take_back": _by_event(levels.take_back),
        "planner.withdraw": _by_event(levels.withdraw),
        "planner.mend_board": _by_event(in_step.mend_board),
        "announce.proposed": _by_event_and_delivery(announce.proposed),
        "announce.escalated": _by_event_and_delivery(announce.escalated),
        "announce.returned": _by_event_and_delivery(announce.returned),
        "announce.chased": _by_event_and_delivery(announce.chased),
        "announce.passed_on": _by_event_and_delivery(announce.passed_on),
        "announce.overrun": _by_event_and_delivery(announce.overrun),
        "announce.decided": _by_event_and_delivery(announce.decided),
        "announce.pack_ready": _by_event_and_delivery(announce.pack_ready),
        "announce.strategy": _by_event_and_delivery(announce.strategy),
        "announce.digest": _by_event_and_delivery(announce.digest),
        "announce.cycle_closed": _by_event_and_delivery(announce.cycle_closed),
        "announce.interim_review": _by_event_and_delivery(announce.interim_review),
        "announce.canary": _by_event_and_delivery(announce.canary),
    }


def _by_event(handle: Callable[[Any], Awaitable[object]]) -> Handler:
    async def handler(event: Event, delivery: Delivery) -> None:
        await handle(event)

    return handler


def _by_event_and_delivery(handle: Callable[[Any, Delivery], Awaitable[None]]) -> Handler:
    return handle
