"""Who sends the responses of the soak: people's forms by the intake list, flows by the HTTP door, some by both."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from bench.responses import FORM, answers, by_key, flow_body
from bench.soak_verdict import Sent
from bench.stage import PEOPLE, Stage

KEY = "the-key-of-the-soak"
AT_ONCE = 8
CLIMBS_EVERY = 10
BY_FORM = 0.5
"""Share of the responses that come by the intake list; the others come by the HTTP door."""
BOTH_WAYS = 0.1
"""Share of those on the list that a flow posts to the HTTP door as well."""
SENT_ONCE_MORE = 0.1
"""Share of those accepted at the HTTP door that are sent again, as by a flow that lost the answer."""
ANSWER_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One response on its way. `by_form` is what a person submits, `by_http` what a flow posts; one of them is None."""

    sent: Sent
    by_form: dict[str, Any] | None
    by_http: dict[str, Any] | None
    comes_both_ways: bool = False


class Senders:
    """Sends to an emulator's form and to these workers' doors. Counts what was accepted, sent again and refused."""

    def __init__(self, tenant_url: str, doors: Sequence[str], seed: int) -> None:
        self.accepted = 0
        self.sent_again = 0
        self.refused: list[str] = []
        self._form = f"{tenant_url}/_emulator/forms/{FORM}/responses"
        self._doors = [f"{address}/api/forms/{FORM}/responses" for address in doors]
        self._random = random.Random(f"senders {seed}")

    async def send_all(self, outgoing: Sequence[Outgoing], turn: Callable[[int], Awaitable[None]]) -> None:
        """Sends each when `turn` of its number lets it, until every one is accepted or refused."""
        gate = asyncio.Semaphore(AT_ONCE)
        limits = httpx.Limits(max_keepalive_connections=0)
        async with httpx.AsyncClient(timeout=ANSWER_SECONDS, trust_env=False, limits=limits) as http:

            async def one(number: int, response: Outgoing) -> None:
                await turn(number)
                async with gate:
                    await self._send(http, response)

            await asyncio.gather(*(one(number, response) for number, response in enumerate(outgoing)))

    async def _send(self, http: httpx.AsyncClient, response: Outgoing) -> None:
        if response.by_form is not None:
            answer = (await http.post(self._form, json=response.by_form)).raise_for_status().json()
            if response.comes_both_ways:
                await self._post(http, answer["body"])
        if response.by_http is not None:
            await self._post(http, response.by_http)
            if self._random.random() < SENT_ONCE_MORE:
                self.sent_again += 1
                await self._post(http, response.by_http)
        self.accepted += 1

    async def _post(self, http: httpx.AsyncClient, body: dict[str, Any]) -> None:
        """Posts to one of the doors until the response is accepted, as a flow's HTTP action repeats."""
        while True:
            try:
                answer = await http.post(self._random.choice(self._doors), json=body, headers={"x-functions-key": KEY})
            except httpx.HTTPError:
                answer = None
            if answer is not None and answer.status_code == 202:
                return
            if answer is not None and answer.status_code < 500:
                self.refused.append(f"{answer.status_code} {answer.text[:200]}")
                return
            self.sent_again += 1
            await asyncio.sleep(self._random.uniform(0.1, 0.6))


async def write_responses(stage: Stage, number: int, seed: int) -> list[Outgoing]:
    """So many responses, half by each way, a few by both, one in ten of a missing person."""
    dice = random.Random(f"responses {seed}")
    async with stage.service() as service:
        codes = {unit.name: unit.code for unit in service.force.units.values()}
        found = []
        for each in range(number):
            climbs = each % CLIMBS_EVERY == CLIMBS_EVERY - 1
            given = answers(service, each, climbs)
            sent = Sent(each, codes[given["unit"]], climbs)
            if dice.random() < BY_FORM:
                body = {"responder": PEOPLE[0], "answers": by_key(service, given)}
                found.append(Outgoing(sent, body, None, dice.random() < BOTH_WAYS))
            else:
                found.append(Outgoing(sent, None, flow_body(service, given, f"9{each:06}", PEOPLE[0])))
    return found
