"""TABLE: the properties of what clients write outside Planner; a body with any other is refused, as Graph does.

Names as in the reference pages of each resource. Annotations (@odata.type, owners@odata.bind) always pass.
"""

from collections.abc import Mapping
from typing import Any

from m365_emulator.odata import GraphFault

_ITEM = (
    "id createdBy createdByUser createdDateTime description eTag lastModifiedBy lastModifiedByUser "
    "lastModifiedDateTime name parentReference webUrl"
)
KNOWN: dict[str, frozenset[str]] = {
    kind: frozenset(names.split())
    for kind, names in {
        "group": (
            "id deletedDateTime allowExternalSenders assignedLabels assignedLicenses autoSubscribeNewMembers "
            "classification createdDateTime description displayName expirationDateTime groupTypes "
            "hideFromAddressLists hideFromOutlookClients isAssignableToRole mail mailEnabled mailNickname members "
            "membershipRule membershipRuleProcessingState owners preferredDataLocation preferredLanguage "
            "proxyAddresses renewedDateTime resourceBehaviorOptions resourceProvisioningOptions securityEnabled "
            "securityIdentifier theme uniqueName visibility"
        ),
        "list": (
            f"{_ITEM} columns contentTypes displayName drive items list operations permissions sharepointIds "
            "subscriptions system"
        ),
        "columnDefinition": (
            "id boolean calculated choice columnGroup contentApprovalStatus currency dateTime defaultValue "
            "description displayName enforceUniqueValues geolocation hidden hyperlinkOrPicture indexed isDeletable "
            "isReorderable isSealed lookup name number personOrGroup propagateChanges readOnly required sourceColumn "
            "sourceContentType term text thumbnail type validation"
        ),
        "listItem": (
            f"{_ITEM} analytics contentType deleted documentSetVersions driveItem fields permissions sharepointIds "
            "versions"
        ),
        "driveItem": (
            f"{_ITEM} audio bundle cTag children content deleted file fileSystemInfo folder image listItem location "
            "malware package pendingOperations permissions photo publication remoteItem retentionLabel root "
            "searchResult shared sharepointIds size specialFolder subscriptions thumbnails versions video webDavUrl "
            "workbook"
        ),
        "channel": (
            "id allMembers createdDateTime description displayName email enabledApps filesFolder isArchived "
            "isFavoriteByDefault layoutType members membershipType messages migrationMode originalCreatedDateTime "
            "sharedWithTeams summary tabs tenantId webUrl"
        ),
    }.items()
}


def require_known(body: Mapping[str, Any], kind: str, code: str = "BadRequest") -> None:
    """Raise GraphFault 400 for the first property that the kind does not have."""
    for name in body:
        if "@" not in name and name not in KNOWN[kind]:
            raise GraphFault(400, code, f"The property '{name}' does not exist on type 'microsoft.graph.{kind}'.")
