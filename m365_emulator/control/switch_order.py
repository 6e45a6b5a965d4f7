"""The order that sets switches: one field for each switch there is, of the switch's own type or as text."""

from typing import Any

from pydantic import ConfigDict

from m365_emulator.control.orders import Order
from m365_emulator.odata import Json
from m365_emulator.switches import Switches

_KINDS = {bool: "boolean", int: "integer", float: "number", str: "string"}


class SwitchesOrder(Order):
    """Switches by name; the switches themselves say which there are and what each may be."""

    model_config = ConfigDict(extra="allow")

    def values(self) -> dict[str, Any]:
        """What is to be set."""
        return dict(self.model_extra or {})

    @classmethod
    def schema_of_body(cls) -> Json:
        """Every switch as a property."""
        properties = {}
        for name, default, meaning in Switches.meanings():
            properties[name] = {"type": _KINDS[type(default)], "default": default, "description": meaning}
            if Switches.choices(name):
                properties[name]["enum"] = list(Switches.choices(name))
            elif not isinstance(default, bool | str):
                properties[name]["minimum"], properties[name]["maximum"] = Switches.bounds(name)
        return {"type": "object", "properties": properties, "additionalProperties": False}
