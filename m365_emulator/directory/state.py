"""People and Microsoft 365 groups: plain records, found by id, sign-in name or mail nickname."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class User:
    """One account. `id` is its object id; `upn` its sign-in name, compared without case."""

    id: str
    upn: str
    display_name: str
    created_at: datetime
    enabled: bool = True
    user_type: str = "Member"
    job_title: str | None = None
    department: str | None = None


@dataclass(slots=True)
class Group:
    """One Microsoft 365 group. Members and owners are object ids in the order they were added."""

    id: str
    display_name: str
    mail_nickname: str
    created_at: datetime
    description: str | None = None
    visibility: str = "Private"
    member_ids: list[str] = field(default_factory=list)
    owner_ids: list[str] = field(default_factory=list)


@dataclass(slots=True)
class DirectoryState:
    """Every user and group of the tenant, by object id, in order of creation."""

    domain: str
    users: dict[str, User] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)

    def user(self, id_or_upn: str) -> User | None:
        """The account with this object id or sign-in name."""
        wanted = id_or_upn.lower()
        return self.users.get(wanted) or next((u for u in self.users.values() if u.upn.lower() == wanted), None)

    def group(self, id_or_nickname: str) -> Group | None:
        """The group with this object id or mail nickname."""
        wanted = id_or_nickname.lower()
        return self.groups.get(wanted) or next(
            (g for g in self.groups.values() if g.mail_nickname.lower() == wanted), None
        )

    def add_user(
        self, upn: str, display_name: str, now: datetime, *, user_id: str | None = None, enabled: bool = True
    ) -> User:
        """Make an account, or bring the one with this sign-in name up to date."""
        user = self.user(upn)
        if user is None:
            user = User((user_id or str(uuid.uuid4())).lower(), upn, display_name, now)
            self.users[user.id] = user
        user.display_name = display_name
        user.enabled = enabled
        return user

    def drop_user(self, user_id: str) -> None:
        """Take an account away, and out of every group."""
        del self.users[user_id]
        for group in self.groups.values():
            for ids in (group.member_ids, group.owner_ids):
                if user_id in ids:
                    ids.remove(user_id)

    def add_group(self, mail_nickname: str, display_name: str, now: datetime, *, group_id: str | None = None) -> Group:
        """Make a group, or bring the one with this nickname up to date."""
        group = self.group(mail_nickname)
        if group is None:
            group = Group((group_id or str(uuid.uuid4())).lower(), display_name, mail_nickname, now)
            self.groups[group.id] = group
        group.display_name = display_name
        return group
