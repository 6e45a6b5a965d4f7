"""The roles that apps hold on single sites, beside Sites.Selected in their tokens."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class SiteGrants:
    """(app id, site id) to the roles granted there."""

    granted: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)

    def of(self, app_id: str, site_id: str) -> frozenset[str]:
        """What the app may do on the site; nothing unless granted."""
        return self.granted.get((app_id.lower(), site_id), frozenset())

    def change(self, app_id: str, site_id: str, roles: frozenset[str]) -> None:
        """Grant these roles in place of those before; none takes the grant away."""
        self.granted[app_id.lower(), site_id] = roles
        if not roles:
            del self.granted[app_id.lower(), site_id]
