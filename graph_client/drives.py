"""Files in a group's document library: found by path, read whole, replaced whole.

An unchanged `ctag` means unchanged content; the `etag` moves for a rename as well.
"""

from dataclasses import dataclass

from graph_client.addresses import drive_path, segment
from graph_client.errors import Gone, RetryLater
from graph_client.reading import Json, maybe_text, text, whole_number
from graph_client.transport import GraphTransport


@dataclass(frozen=True, slots=True)
class DriveItem:
    """A file or folder. `size` is in bytes; folders have no `ctag`."""

    item_id: str
    drive_id: str
    name: str
    size: int
    etag: str | None
    ctag: str | None
    web_url: str | None

    @classmethod
    def read(cls, of: Json, drive_id: str) -> "DriveItem":
        """From a driveItem of this drive."""
        return cls(
            item_id=text(of, "id"),
            drive_id=maybe_text(of, "parentReference", "driveId") or drive_id,
            name=text(of, "name"),
            size=whole_number(of, "size", 0),
            etag=maybe_text(of, "eTag"),
            ctag=maybe_text(of, "cTag"),
            web_url=maybe_text(of, "webUrl"),
        )


class DrivesClient:
    """Every method raises GraphError; ValueError for a path with empty segments or dots."""

    def __init__(self, transport: GraphTransport) -> None:
        self._transport = transport

    async def group_drive_id(self, group_id: str) -> str:
        """The id of the group's document library."""
        drive = await self._transport.get(lambda graph: graph.groups.by_group_id(group_id).drive)
        return text(drive, "id")

    async def item_by_path(self, drive_id: str, path: str) -> DriveItem | None:
        """The item at a path below the drive's root, None where there is none."""
        try:
            return DriveItem.read(await self._transport.get(_at_path(drive_id, path)), drive_id)
        except Gone:
            return None

    async def content(self, drive_id: str, item_id: str) -> bytes:
        """A file's bytes, at most 50 MiB (Rejected beyond)."""
        return await self._transport.get_bytes(
            lambda graph: graph.drives.by_drive_id(drive_id).items.by_drive_item_id(item_id).content
        )

    async def upload(self, drive_id: str, path: str, content: bytes, content_type: str) -> DriveItem:
        """Put a file at a path, in place of one that is there. One PUT: meant for files of a few megabytes.

        RetryLater where a person has the file locked. Source: learn.microsoft.com/graph/api/driveitem-put-content.
        """
        address = f"{_at_path(drive_id, path)}:/content"
        told = await self._transport.write("PUT", address, content, content_type=content_type)
        if told is None:
            sentence = "Graph did not say what was stored"
            raise RetryLater("PUT in a drive", uncertain=True, sentence=sentence)
        return DriveItem.read(told, drive_id)


def _at_path(drive_id: str, path: str) -> str:
    # Path addressing has colons and slashes that the SDK's builders would encode.
    return f"/drives/{segment(drive_id)}/root:/{drive_path(path)}"
