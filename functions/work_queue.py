"""The work queue brings ids of outbox rows; its poison queue brings those that five workers could not finish."""

import azure.functions as func

from service.running import running

QUEUE = "%TASKING_WORK_QUEUE_NAME%"
POISON_QUEUE = "%TASKING_WORK_QUEUE_NAME%-poison"
CONNECTION = "AzureWebJobsStorage"

blueprint = func.Blueprint()


@blueprint.function_name("deliver_row")
@blueprint.queue_trigger(arg_name="message", queue_name=QUEUE, connection=CONNECTION)
async def deliver_row(message: func.QueueMessage) -> None:
    """Delivers one outbox row. A row that was delivered meanwhile, or is not due, is left alone."""
    await running().worker.deliver(int(message.get_body()))


@blueprint.function_name("bury_row")
@blueprint.queue_trigger(arg_name="message", queue_name=POISON_QUEUE, connection=CONNECTION)
async def bury_row(message: func.QueueMessage) -> None:
    """Makes a dead letter of a row that its queue gave up on, and tells the operator."""
    running().worker.dead_letter(int(message.get_body()), "The work queue gave up on it after five tries.")
