"""The base address, and which addresses may see the token."""

import pytest

from graph_client.addresses import PUBLIC_GRAPH, GraphAddress, drive_path, segment


@pytest.mark.parametrize(
    "text",
    [
        "https://graph.microsoft.com",
        "https://graph.microsoft.com/",
        "https://graph.microsoft.com/v1.0",
        "https://graph.microsoft.com/v1.0/",
        " https://GRAPH.microsoft.com/v1.0 ",
    ],
)
def test_the_address_is_taken_with_or_without_the_version(text: str) -> None:
    assert GraphAddress.parse(text).base == PUBLIC_GRAPH


def test_an_address_below_a_path_keeps_the_path() -> None:
    assert GraphAddress.parse("https://gateway.example/graph").base == "https://gateway.example/graph/v1.0"


@pytest.mark.parametrize("text", ["http://127.0.0.1:8365", "http://localhost:8365/v1.0", "http://[::1]:8365"])
def test_a_program_on_this_machine_may_be_called_without_encryption(text: str) -> None:
    assert GraphAddress.parse(text).is_local_http


@pytest.mark.parametrize(
    "text",
    [
        "http://graph.microsoft.com",
        "http://10.0.0.5/v1.0",
        "http://localhost.example.org",
        "graph.microsoft.com",
        "ftp://graph.microsoft.com",
        "https://user:word@graph.microsoft.com",
        "https://graph.microsoft.com/?x=1",
        "",
    ],
)
def test_an_address_that_could_give_the_token_away_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="Graph address"):
        GraphAddress.parse(text)


@pytest.mark.parametrize("text", ["https://graph.example:port", "https://graph.example:99999", "https://[::1"])
def test_an_address_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        GraphAddress.parse(text)


def test_only_the_same_scheme_host_and_port_is_our_origin() -> None:
    address = GraphAddress.parse("https://graph.microsoft.com")
    assert address.has_origin_of("https://graph.microsoft.com:443/v1.0/x?y=1")
    for other in ("https://graph.microsoft.com:8443/", "http://graph.microsoft.com/", "https://evil.example/"):
        assert not address.has_origin_of(other)


def test_references_to_a_tenant_on_this_machine_are_written_in_the_public_form() -> None:
    assert GraphAddress.parse("http://127.0.0.1:1").reference_root == PUBLIC_GRAPH
    assert GraphAddress.parse("https://graph.example").reference_root == "https://graph.example/v1.0"


def test_a_drive_path_is_encoded_segment_by_segment() -> None:
    assert drive_path("/Forms/Raise a task #1.xlsx") == "Forms/Raise%20a%20task%20%231.xlsx"


@pytest.mark.parametrize("path", ["", "a//b", "../secret", "a/./b"])
def test_a_path_that_would_climb_or_is_empty_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="segment"):
        drive_path(path)


def test_the_commas_of_a_site_id_stay() -> None:
    assert segment("peakshire.sharepoint.com,1,2") == "peakshire.sharepoint.com,1,2"
