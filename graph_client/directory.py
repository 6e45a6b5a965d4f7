"""Users and groups. A person who has left is absent (Gone) or not enabled, while tasks still hold their id."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from graph_client.batching import BatchItem
from graph_client.errors import Conflict, Gone, Rejected, RetryLater
from graph_client.reading import Json, flag, maybe_text, text
from graph_client.sdk import Target
from graph_client.transport import GraphTransport

# accountEnabled is not in the default set. Source: learn.microsoft.com/graph/api/user-get.
USER_SELECT = "id,displayName,userPrincipalName,accountEnabled"
GROUP_SELECT = "id,displayName,mailNickname"
USER_TYPE = "#microsoft.graph.user"
# Owners and members that one POST /groups takes together.
# Source: learn.microsoft.com/graph/api/group-post-groups.
MOST_PEOPLE_ON_CREATE = 20


@dataclass(frozen=True, slots=True)
class User:
    """A person's account. `enabled` is None where this identity may not see it."""

    user_id: str
    display_name: str | None
    upn: str | None
    enabled: bool | None

    @classmethod
    def read(cls, of: Json) -> "User":
        """From a user."""
        name, upn = maybe_text(of, "displayName"), maybe_text(of, "userPrincipalName")
        return cls(text(of, "id"), name, upn, flag(of, "accountEnabled"))


@dataclass(frozen=True, slots=True)
class Group:
    """A Microsoft 365 group."""

    group_id: str
    display_name: str | None
    mail_nickname: str | None

    @classmethod
    def read(cls, of: Json) -> "Group":
        """From a group."""
        return cls(text(of, "id"), maybe_text(of, "displayName"), maybe_text(of, "mailNickname"))


class DirectoryClient:
    """Every method raises GraphError."""

    def __init__(self, transport: GraphTransport) -> None:
        self._transport = transport

    async def user(self, id_or_upn: str) -> User:
        """One account by its id or user principal name; Gone where there is none."""
        return User.read(await self._transport.get(_user(id_or_upn)))

    async def users_by_id(self, user_ids: Iterable[str]) -> dict[str, User | None]:
        """Many accounts, twenty in a call, by id; None for one that is gone."""
        wanted = {str(number): user_id for number, user_id in enumerate(dict.fromkeys(user_ids))}
        answers = await self._transport.batch([BatchItem(n, _user(user_id)) for n, user_id in wanted.items()])
        found: dict[str, User | None] = {}
        for number, user_id in wanted.items():
            gone = isinstance(answers[number].error(), Gone)
            found[user_id] = None if gone else User.read(answers[number].json())
        return found

    async def group_by_nickname(self, mail_nickname: str) -> Group | None:
        """The group with this mail nickname, None where there is none. Conflict where there are several, since
        guessing which was meant would write to the wrong board."""
        literal = mail_nickname.replace("'", "''")
        query = {"$filter": f"mailNickname eq '{literal}'", "$select": GROUP_SELECT}
        pages = self._transport.pages(lambda graph: graph.groups, query=query)
        found = [Group.read(item) async for item in pages]
        if len(found) > 1:
            raise Conflict("GET /groups", sentence="several groups have this mail nickname")
        return found[0] if found else None

    async def create_group(
        self,
        display_name: str,
        mail_nickname: str,
        description: str,
        owner_ids: Sequence[str],
        member_ids: Sequence[str],
    ) -> Group:
        """A new private Microsoft 365 group. Members beyond what one call takes are added one by one after it.

        Uncertain when it raises with `uncertain`: look by nickname before asking again.
        """
        owners, members = list(dict.fromkeys(owner_ids)), list(dict.fromkeys(member_ids))
        at_once = members[: max(0, MOST_PEOPLE_ON_CREATE - len(owners))]
        body: dict[str, Any] = {
            "displayName": display_name,
            "mailNickname": mail_nickname,
            "description": description,
            "groupTypes": ["Unified"],
            "mailEnabled": True,
            "securityEnabled": False,
            "visibility": "Private",
        }
        for name, people in (("owners@odata.bind", owners), ("members@odata.bind", at_once)):
            if people:
                body[name] = [self._reference("users", user_id) for user_id in people]
        made = await self._transport.write("POST", lambda graph: graph.groups, body)
        if made is None:
            raise RetryLater("POST /groups", uncertain=True, sentence="Graph did not say what was made")
        group = Group.read(made)
        for user_id in members[len(at_once) :]:
            await self.add_member(group.group_id, user_id)
        return group

    async def members(self, group_id: str) -> tuple[User, ...]:
        """The people who are direct members of a group; groups and devices among the members are left out."""
        pages = self._transport.pages(
            lambda graph: graph.groups.by_group_id(group_id).members, query={"$select": USER_SELECT}
        )
        return tuple([User.read(item) async for item in pages if item.get("@odata.type", USER_TYPE) == USER_TYPE])

    async def add_member(self, group_id: str, user_id: str) -> None:
        """Make a person a member; nothing happens where they are one."""
        body = {"@odata.id": self._reference("directoryObjects", user_id)}
        try:
            await self._transport.write("POST", lambda graph: graph.groups.by_group_id(group_id).members.ref, body)
        except Rejected:
            # Graph says "already a member" only in its message, which may not be branched on.
            if all(member.user_id != user_id for member in await self.members(group_id)):
                raise

    def _reference(self, collection: str, object_id: str) -> str:
        return f"{self._transport.address.reference_root}/{collection}/{quote(object_id, safe='')}"


def _user(id_or_upn: str) -> Target:
    # A name that begins with "$" would be read as an OData segment: learn.microsoft.com/graph/api/user-get.
    if id_or_upn.startswith("$"):
        return f"/users('{quote(id_or_upn, safe='')}')?$select={USER_SELECT}"
    return f"/users/{quote(id_or_upn, safe='@')}?$select={USER_SELECT}"
