"""Azure's way in: the host imports this module and finds every door of functions.BLUEPRINTS."""

import azure.functions as func

from functions import BLUEPRINTS

app = func.FunctionApp()
for blueprint in BLUEPRINTS:
    app.register_functions(blueprint)
