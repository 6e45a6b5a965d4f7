"""docs/ui.md shows every page that is looked at, with pictures that are there and small."""

import re

from built_service import PROJECT
from PIL import Image

from web.pages import PAGES

TOLD = (PROJECT / "docs" / "ui.md").read_text("utf-8")
PICTURES = PROJECT / "docs" / "pictures" / "ui"
NO_PICTURE = {"/board/changes", "/register.csv"}
"""What is read by a script, or is a file."""


def test_every_page_that_is_looked_at_is_told_of() -> None:
    looked_at = {
        page.path.replace(":int", "") for page in PAGES if "GET" in page.methods and "/files/" not in page.path
    }
    in_place = "/meetings/{ref}/points/{number}/{reference}/{decision}"
    assert {path for path in looked_at - NO_PICTURE - {in_place} if f"`{path}`" not in TOLD} == set()


def test_every_picture_is_there_used_small_and_of_a_phone_or_a_desktop() -> None:
    named = set(re.findall(r"\(pictures/ui/([a-z-]+\.png)\)", TOLD))
    assert named == {path.name for path in PICTURES.glob("*.png")}
    for name in sorted(named):
        with Image.open(PICTURES / name) as picture:
            assert picture.size == ((390, 844) if name.endswith("-phone.png") else (1280, 900)), name
        assert (PICTURES / name).stat().st_size < 80_000, name
