"""Microsoft's own renderer takes every card without a complaint."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from escalation.card_parts import MOST_BUTTONS, MOST_FACTS
from tests.escalation import test_brief_cards, test_cards

RENDERER = Path(__file__).parents[2] / "m365_emulator" / "renderer" / "node_modules" / "adaptivecards" / "dist"
SCRIPT = """
const { AdaptiveCard, SerializationContext, Versions } = require(process.argv[1]);
const cards = JSON.parse(require("fs").readFileSync(0, "utf8"));
const told = [];
for (const source of cards) {
  const card = new AdaptiveCard(), context = new SerializationContext(Versions.v1_4);
  card.parse(source, context);
  for (let i = 0; i < context.eventCount; i++) told.push(context.getEventAt(i).message);
  const checked = card.validateProperties();
  for (const event of checked.validationEvents) told.push(event.message);
  if (card.getItemCount() !== source.body.length) told.push("a part was dropped");
  if (card.getActionCount() !== source.actions.length) told.push("a button was dropped");
}
console.log(JSON.stringify({ cards: cards.length, told: [...new Set(told)] }));
"""


@pytest.mark.skipif(
    shutil.which("node") is None or not RENDERER.is_dir(), reason="node or the Adaptive Cards renderer is not here"
)
def test_the_official_renderer_takes_every_card_whole_and_finds_no_fault() -> None:
    cards = [*test_cards.all_cards(), *(card for _, card in test_brief_cards.all_cards())]
    told = subprocess.run(
        ["node", "-e", SCRIPT, str(RENDERER / "adaptivecards.js")],
        input=json.dumps(cards),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(told.stdout) == {"cards": len(cards), "told": []}
    assert (MOST_FACTS, MOST_BUTTONS) == (6, 4)
