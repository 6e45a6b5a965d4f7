"""axe-core on a page as it stands."""

from pathlib import Path
from typing import Any

RENDERER = Path(__file__).resolve().parents[2] / "m365_emulator" / "renderer"
AXE = RENDERER / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN = "tags => axe.run(document, { runOnly: { type: 'tag', values: tags } })"


def violations(page: Any) -> list[str]:
    """Everything that axe-core finds wrong on the page as it stands, minor or critical, and where."""
    page.add_script_tag(path=AXE)
    found = page.evaluate(RUN, TAGS)["violations"]
    return [f"{rule['id']}: {node['target']} {node['html'][:120]}" for rule in found for node in rule["nodes"]]
