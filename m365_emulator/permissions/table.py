"""Which permissions let each Planner, directory and Teams route through (Microsoft's permissions reference, v1.0)."""

from m365_emulator.permissions.check import Access

ACCESS: tuple[Access, ...] = (
    Access(
        operations=("GET /groups",),
        delegated=(
            "Group-NestingSupport.ReadWrite.All Group.ReadBasic.All Directory.Read.All "
            "Directory.ReadWrite.All Group-PreferredDataLocation.ReadWrite.All "
            "Group.ManageProtection.All Group.Read.All Group.ReadWrite.All GroupMember.Read.All"
        ),
        application=(
            "Group-NestingSupport.ReadWrite.All Group.ReadBasic.All Directory.Read.All "
            "Directory.ReadWrite.All Group-PreferredDataLocation.ReadWrite.All "
            "Group.ManageProtection.All Group.Read.All Group.ReadWrite.All GroupMember.Read.All"
        ),
    ),
    Access(
        operations=("POST /groups",),
        delegated="Group.ReadWrite.All Directory.ReadWrite.All Group-PreferredDataLocation.ReadWrite.All",
        application=(
            "Group.Create Directory.ReadWrite.All Group-PreferredDataLocation.ReadWrite.All Group.ReadWrite.All"
        ),
    ),
    Access(
        operations=("DELETE /groups/{id}",),
        delegated="Group.ReadWrite.All",
        application="Group.ReadWrite.All",
    ),
    Access(
        operations=("GET /groups/{id}",),
        delegated=(
            "Group-NestingSupport.ReadWrite.All Directory.Read.All Directory.ReadWrite.All "
            "Group-PreferredDataLocation.ReadWrite.All Group-XTenantIdentitySync.Read.All "
            "Group.ManageProtection.All Group.Read.All Group.ReadBasic.All Group.ReadWrite.All "
            "GroupMember.Read.All"
        ),
        application=(
            "Group-NestingSupport.ReadWrite.All Directory.Read.All Directory.ReadWrite.All "
            "Group-PreferredDataLocation.ReadWrite.All Group-XTenantIdentitySync.Read.All "
            "Group.ManageProtection.All Group.Read.All Group.ReadBasic.All Group.ReadWrite.All "
            "GroupMember.Read.All"
        ),
    ),
    Access(
        operations=("PATCH /groups/{id}",),
        delegated=(
            "Group-NestingSupport.ReadWrite.All Directory.ReadWrite.All "
            "Group-PreferredDataLocation.ReadWrite.All Group.ManageProtection.All Group.ReadWrite.All"
        ),
        application=(
            "Group-NestingSupport.ReadWrite.All Directory.ReadWrite.All "
            "Group-PreferredDataLocation.ReadWrite.All Group.ManageProtection.All Group.ReadWrite.All"
        ),
    ),
    Access(
        operations=("GET /groups/{id}/members",),
        delegated=(
            "GroupMember.ReadBasic.All Directory.Read.All Group.Read.All Group.ReadBasic.All "
            "Group.ReadWrite.All GroupMember.Read.All GroupMember.ReadWrite.All"
        ),
        application=(
            "GroupMember.ReadBasic.All Directory.Read.All Group.Read.All Group.ReadBasic.All "
            "Group.ReadWrite.All GroupMember.Read.All GroupMember.ReadWrite.All"
        ),
    ),
    Access(
        operations=("DELETE /groups/{id}/members/{id}",),
        delegated="GroupMember.ReadWrite.All Directory.ReadWrite.All Group.ReadWrite.All",
        application="GroupMember.ReadWrite.All Directory.ReadWrite.All Group.ReadWrite.All",
    ),
    Access(
        operations=("GET /groups/{id}/owners",),
        delegated=(
            "Group.ReadWrite.All GroupMember.Read.All Directory.Read.All Group.Read.All GroupMember.ReadWrite.All"
        ),
        application=(
            "Group.ReadWrite.All GroupMember.Read.All Directory.Read.All Group.Read.All GroupMember.ReadWrite.All"
        ),
    ),
    Access(
        operations=(
            "POST /groups/{id}/owners",
            "PUT /groups/{id}/team",
            "DELETE /groups/{id}/owners/{id}",
        ),
        delegated="Group.ReadWrite.All Directory.ReadWrite.All",
        application="Group.ReadWrite.All Directory.ReadWrite.All",
    ),
    Access(
        operations=(
            "GET /groups/{id}/planner/plans",
            "GET /users/{id}/planner/tasks",
            "GET /planner/buckets/{id}/tasks",
            "GET /planner/plans/{id}/buckets",
            "GET /planner/plans/{id}/tasks",
        ),
        delegated="Tasks.Read Group.Read.All Group.ReadWrite.All Tasks.ReadWrite",
        application="Tasks.Read.All Tasks.ReadWrite.All",
    ),
    Access(
        operations=("GET /me",),
        delegated=(
            "User.Read AgentIdUser.ReadWrite.All AgentIdUser.ReadWrite.IdentityParentedBy "
            "Directory.Read.All Directory.ReadWrite.All User.Read.All User.ReadBasic.All User.ReadWrite "
            "User.ReadWrite.All"
        ),
        application="",
    ),
    Access(
        operations=("GET /users",),
        delegated=(
            "User.ReadBasic.All User.ReadWrite.All AgentIdUser.ReadWrite.All "
            "AgentIdUser.ReadWrite.IdentityParentedBy DeviceManagementApps.Read.All "
            "DeviceManagementApps.ReadWrite.All DeviceManagementConfiguration.Read.All "
            "DeviceManagementConfiguration.ReadWrite.All DeviceManagementManagedDevices.Read.All "
            "DeviceManagementManagedDevices.ReadWrite.All DeviceManagementServiceConfig.Read.All "
            "DeviceManagementServiceConfig.ReadWrite.All Directory.Read.All Directory.ReadWrite.All "
            "User.Read.All"
        ),
        application=(
            "User.ReadBasic.All User.ReadWrite.All AgentIdUser.ReadWrite.All "
            "AgentIdUser.ReadWrite.IdentityParentedBy DeviceManagementApps.Read.All "
            "DeviceManagementApps.ReadWrite.All DeviceManagementConfiguration.Read.All "
            "DeviceManagementConfiguration.ReadWrite.All DeviceManagementManagedDevices.Read.All "
            "DeviceManagementManagedDevices.ReadWrite.All DeviceManagementServiceConfig.Read.All "
            "DeviceManagementServiceConfig.ReadWrite.All Directory.Read.All Directory.ReadWrite.All "
            "User.Read.All User.ReadWrite.CrossCloud"
        ),
    ),
    Access(
        operations=("GET /users/{id}",),
        delegated=(
            "User.ReadBasic.All User.ReadWrite.All AgentIdUser.ReadWrite.All "
            "AgentIdUser.ReadWrite.IdentityParentedBy DeviceManagementApps.Read.All "
            "DeviceManagementApps.ReadWrite.All DeviceManagementConfiguration.Read.All "
            "DeviceManagementConfiguration.ReadWrite.All DeviceManagementManagedDevices.Read.All "
            "DeviceManagementManagedDevices.ReadWrite.All DeviceManagementServiceConfig.Read.All "
            "DeviceManagementServiceConfig.ReadWrite.All Directory.Read.All Directory.ReadWrite.All "
            "User.Read User.Read.All User.ReadWrite"
        ),
        application=(
            "User.ReadBasic.All User.ReadWrite.All AgentIdUser.ReadWrite.All "
            "AgentIdUser.ReadWrite.IdentityParentedBy DeviceManagementApps.Read.All "
            "DeviceManagementApps.ReadWrite.All DeviceManagementConfiguration.Read.All "
            "DeviceManagementConfiguration.ReadWrite.All DeviceManagementManagedDevices.Read.All "
            "DeviceManagementManagedDevices.ReadWrite.All DeviceManagementServiceConfig.Read.All "
            "DeviceManagementServiceConfig.ReadWrite.All Directory.Read.All Directory.ReadWrite.All "
            "User.Read.All User.ReadWrite.CrossCloud"
        ),
    ),
    Access(
        operations=("GET /teams/{id}",),
        delegated=(
            "Team.ReadBasic.All TeamSettings.ReadWrite.All Directory.Read.All Directory.ReadWrite.All "
            "Group.Read.All Group.ReadWrite.All TeamSettings.Read.All"
        ),
        application=(
            "TeamSettings.Read.Group TeamSettings.ReadWrite.Group Directory.Read.All "
            "Directory.ReadWrite.All Group.Read.All Group.ReadWrite.All Team.ReadBasic.All "
            "TeamSettings.Read.All TeamSettings.ReadWrite.All"
        ),
    ),
    Access(
        operations=("GET /teams/{id}/channels",),
        delegated=(
            "Channel.ReadBasic.All ChannelSettings.Read.All ChannelSettings.ReadWrite.All "
            "Directory.Read.All Directory.ReadWrite.All Group.Read.All Group.ReadWrite.All"
        ),
        application=(
            "ChannelSettings.Read.Group Channel.ReadBasic.All ChannelSettings.Read.All "
            "ChannelSettings.ReadWrite.All ChannelSettings.ReadWrite.Group Directory.Read.All "
            "Directory.ReadWrite.All Group.Read.All Group.ReadWrite.All"
        ),
    ),
    Access(
        operations=("POST /teams/{id}/channels",),
        delegated="Channel.Create Directory.ReadWrite.All Group.ReadWrite.All",
        application=(
            "Channel.Create.Group Channel.Create Directory.ReadWrite.All Group.ReadWrite.All Teamwork.Migrate.All"
        ),
    ),
    Access(
        operations=("GET /teams/{id}/channels/{id}",),
        delegated=(
            "Channel.ReadBasic.All ChannelSettings.ReadWrite.All ChannelSettings.Read.All "
            "Directory.Read.All Directory.ReadWrite.All Group.Read.All Group.ReadWrite.All"
        ),
        application=(
            "ChannelSettings.Read.Group ChannelSettings.ReadWrite.Group Channel.ReadBasic.All "
            "ChannelSettings.Read.All ChannelSettings.ReadWrite.All Directory.Read.All "
            "Directory.ReadWrite.All Group.Read.All Group.ReadWrite.All"
        ),
    ),
    Access(
        operations=("PATCH /teams/{id}/channels/{id}",),
        delegated="ChannelSettings.ReadWrite.All Directory.ReadWrite.All Group.ReadWrite.All",
        application=(
            "ChannelSettings.ReadWrite.Group ChannelSettings.ReadWrite.All Directory.ReadWrite.All Group.ReadWrite.All"
        ),
    ),
    Access(
        operations=("DELETE /teams/{id}/channels/{id}",),
        delegated="Channel.Delete.All Directory.ReadWrite.All Group.ReadWrite.All",
        application="Channel.Delete.Group Channel.Delete.All Directory.ReadWrite.All Group.ReadWrite.All",
    ),
    Access(
        operations=(
            "GET /teams/{id}/channels/{id}/messages",
            "GET /teams/{id}/channels/{id}/messages/{id}",
            "GET /teams/{id}/channels/{id}/messages/{id}/replies",
        ),
        delegated="ChannelMessage.Read.All Group.Read.All Group.ReadWrite.All",
        application="ChannelMessage.Read.Group ChannelMessage.Read.All Group.Read.All Group.ReadWrite.All",
    ),
    Access(
        operations=(
            "POST /teams/{id}/channels/{id}/messages",
            "POST /teams/{id}/channels/{id}/messages/{id}/replies",
        ),
        delegated="ChannelMessage.Send Group.ReadWrite.All",
        application="Teamwork.Migrate.All",
    ),
    Access(
        operations=(
            "DELETE /planner/buckets/{id}",
            "DELETE /planner/plans/{id}",
            "DELETE /planner/tasks/{id}",
            "PATCH /planner/buckets/{id}",
            "PATCH /planner/plans/{id}",
            "PATCH /planner/plans/{id}/details",
            "PATCH /planner/tasks/{id}",
            "PATCH /planner/tasks/{id}/assignedtotaskboardformat",
            "PATCH /planner/tasks/{id}/buckettaskboardformat",
            "PATCH /planner/tasks/{id}/details",
            "PATCH /planner/tasks/{id}/progresstaskboardformat",
            "POST /planner/buckets",
            "POST /planner/plans",
            "POST /planner/tasks",
            "POST /me/planner/tasks",
        ),
        delegated="Tasks.ReadWrite Group.ReadWrite.All",
        application="Tasks.ReadWrite.All",
    ),
    Access(
        operations=(
            "GET /planner/buckets",
            "GET /planner/buckets/{id}",
            "GET /planner/plans",
            "GET /planner/plans/{id}",
            "GET /planner/plans/{id}/details",
            "GET /planner/tasks",
            "GET /planner/tasks/{id}",
            "GET /planner/tasks/{id}/assignedtotaskboardformat",
            "GET /planner/tasks/{id}/buckettaskboardformat",
            "GET /planner/tasks/{id}/details",
            "GET /planner/tasks/{id}/progresstaskboardformat",
        ),
        delegated="Tasks.Read Tasks.ReadWrite Group.Read.All Group.ReadWrite.All",
        application="Tasks.Read.All Tasks.ReadWrite.All",
    ),
    Access(
        operations=("POST /groups/{id}/members",),
        delegated="GroupMember.ReadWrite.All Group.ReadWrite.All Directory.ReadWrite.All",
        application="GroupMember.ReadWrite.All Group.ReadWrite.All Directory.ReadWrite.All",
    ),
    Access(
        operations=(
            "GET /me/planner/tasks",
            "GET /me/planner/plans",
            "GET /users/{id}/planner/plans",
        ),
        delegated="Tasks.Read Tasks.ReadWrite Group.Read.All Group.ReadWrite.All",
        application="",
    ),
    Access(
        operations=("POST /users/{id}/teamwork/sendActivityNotification",),
        delegated="TeamsActivity.Send",
        application="TeamsActivity.Send TeamsActivity.Send.User",
    ),
    Access(
        operations=("POST /teams/{id}/sendActivityNotification",),
        delegated="TeamsActivity.Send",
        application="TeamsActivity.Send TeamsActivity.Send.Group",
    ),
    Access(
        operations=("POST /teamwork/sendActivityNotificationToRecipients",),
        delegated="TeamsActivity.Send",
        application="TeamsActivity.Send",
    ),
    Access(
        operations=(
            "GET /subscriptions",
            "POST /subscriptions",
            "GET /subscriptions/{id}",
            "PATCH /subscriptions/{id}",
            "DELETE /subscriptions/{id}",
            "POST /subscriptions/{id}/reauthorize",
        ),
        delegated=(
            "Tasks.Read Tasks.ReadWrite Files.ReadWrite Files.ReadWrite.All Sites.ReadWrite.All Sites.Manage.All "
            "ChannelMessage.Read.All"
        ),
        application=(
            "Tasks.Read.All Tasks.ReadWrite.All Files.ReadWrite.All Sites.ReadWrite.All Sites.Manage.All "
            "ChannelMessage.Read.All ChannelMessage.Read.Group"
        ),
    ),
)
