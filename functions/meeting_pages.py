"""/api/tab/…: the Teams tab. Nobody needs a function key for it: the pages have a sign-in of their own."""

import azure.functions as func

from functions.answers import problem
from service.running import running_tab

blueprint = func.Blueprint()


@blueprint.function_name("tab")
@blueprint.route(route="tab/{*path}", methods=["GET", "POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def tab(req: func.HttpRequest) -> func.HttpResponse:
    """A page of the tab. 404 with a problem document where the tab is not set up."""
    application = running_tab()
    if application is None:
        return problem(404, "There is no tab", ["The tab is not set up here: docs/settings.md says what it needs."])
    answer: func.HttpResponse = await func.AsgiMiddleware(application).handle_async(req)
    return answer
