"""Addresses from the SDK's templates are those that the SDK itself would make."""

from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation

from graph_client.url_templates import path_without_names, url_template

BASE = "https://graph.microsoft.com/v1.0"
TEMPLATES = [
    "{+baseurl}/planner/tasks{?%24count,%24expand,%24filter,%24orderby,%24search,%24select,%24skip,%24top}",
    "{+baseurl}/planner/tasks/{plannerTask%2Did}{?%24expand,%24select}",
    "{+baseurl}/planner/tasks/{plannerTask%2Did}/details{?%24expand,%24select}",
    "{+baseurl}/groups/{group%2Did}/members/$ref{?%40id*,%24count,%24select,%24top}",
    "{+baseurl}/sites/{site%2Did}/lists/{list%2Did}/items/{listItem%2Did}/fields{?%24expand,%24select}",
    "{+baseurl}/sites/{site%2Did}/lists/{list%2Did}/items/delta(token='{token}'){?%24select,%24top}",
    "{+baseurl}/users/{user%2Did}/reminderView(start='{start}'){&%24count,%24select,%24top}",
    "{+baseurl}/$batch",
    "{+baseurl}",
]
FORMED_TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def by_the_sdk(template: str, parameters: dict[str, Any], query: dict[str, str]) -> str:
    request = RequestInformation(Method.GET, template, {**parameters, "baseurl": BASE})
    request.query_parameters = {name.replace("$", "%24"): value for name, value in query.items()}
    url = request.url
    for name in query:  # as the SDK's middleware does before it sends
        url = url.replace(f"{name.replace('$', '%24')}=", f"{name}=")
    return url


@pytest.mark.parametrize("text", TEMPLATES)
@given(data=st.data())
def test_an_address_is_the_one_that_the_sdk_makes(text: str, data: st.DataObject) -> None:
    template = url_template(text)
    parameters = {name: data.draw(FORMED_TEXT) for _, name in template.pieces}
    known = sorted(template.options & {"$select", "$top"})
    query = {
        name: data.draw(FORMED_TEXT) for name in data.draw(st.sets(st.sampled_from(known)) if known else st.just([]))
    }
    query = {name: query[name] for name in sorted(query)}
    assert template.url(BASE, parameters, query) == by_the_sdk(text, parameters, query)


def test_what_was_asked_is_told_without_ids() -> None:
    assert url_template(TEMPLATES[1]).path == "/planner/tasks/{plannerTask-id}"
    assert path_without_names(f"{BASE}/users/ann@example.org?$select=id") == "/users/…"
    assert path_without_names(f"{BASE}/$batch") == "/$batch"


def test_an_option_that_the_template_lacks_is_refused() -> None:
    with pytest.raises(ValueError, match=r"takes no \$top"):
        url_template(TEMPLATES[1]).url(BASE, {"plannerTask%2Did": "t"}, {"$top": "1"})


def test_a_parameter_that_is_missing_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        url_template(TEMPLATES[1]).url(BASE, {}, None)


def test_a_template_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="base address"):
        url_template("/planner/tasks/{id}")


def test_every_option_is_known_by_its_plain_name() -> None:
    assert url_template(TEMPLATES[3]).options == {"@id", "$count", "$select", "$top"}
    assert all(option == unquote(option) for text in TEMPLATES for option in url_template(text).options)
