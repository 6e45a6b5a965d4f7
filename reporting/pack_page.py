"""A pack as a page: HTML for a phone, a meeting-room screen and A4 paper. Everything that people wrote is escaped."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from reporting import pack_shape
from reporting.pack_parts import Pack, PackItem, Standing
from reporting.wording import OPEN_IT_THERE, day_words, short_time, time_words

TEMPLATES = Path(__file__).parent / "templates"


def pack_html(
    pack: Pack, task_url: Callable[[str], str | None] = lambda task_id: None, all_url: str | None = None
) -> str:
    """The whole page. `task_url` gives the address of a task by its id; `all_url` lists what is not shown."""

    def url(item: PackItem | Standing) -> str | None:
        return task_url(item.task_id)

    return (
        environment()
        .get_template("pack.html")
        .render(
            pack=pack,
            mark=pack.classification.value,
            url=url,
            all_url=all_url,
            columns=pack_shape.COLUMNS,
            first_look=pack_shape.first_look(pack),
            left_out=pack_shape.left_out_lines(pack),
            further_words=pack_shape.further_words(pack),
            has_parts=pack_shape.has_parts(pack),
            stage_before=pack_shape.stage_before,
            numbered=pack_shape.numbered(pack),
            part_titles=pack_shape.PART_TITLES,
            nothing=pack_shape.NOTHING,
            open_it_there=OPEN_IT_THERE,
            heading_of=pack_shape.heading_of,
            place_words=pack_shape.place_words,
            state_lines=pack_shape.state_lines,
            asked_lines=pack_shape.asked_lines,
            decided_by=pack_shape.decided_by,
        )
    )


@cache
def environment() -> Environment:
    """The templates of this package. All of them escape what is put into them; a name that is not there is an error."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(day=day_words, moment=time_words, short=short_time)
    return made
