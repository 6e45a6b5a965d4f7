"""Which permissions let each SharePoint and drive route through (Microsoft's permissions reference, v1.0)."""

from m365_emulator.permissions.check import Access

FILE_ACCESS: tuple[Access, ...] = (
    Access(
        operations=(
            "DELETE /drives/{id}/items/{id}",
            "DELETE /groups/{id}/drive/items/{id}",
            "DELETE /sites/{id}/drive/items/{id}",
            "PATCH /drives/{id}/items/{id}",
            "PATCH /groups/{id}/drive/items/{id}",
            "PATCH /sites/{id}/drive/items/{id}",
            "POST /drives/{id}/items/{id}/children",
            "POST /groups/{id}/drive/items/{id}/children",
            "POST /sites/{id}/drive/items/{id}/children",
            "PUT /drives/{id}/items/{id}/content",
            "PUT /groups/{id}/drive/items/{id}/content",
            "PUT /groups/{id}/drive/items/{id}:/{id}:/content",
            "PUT /sites/{id}/drive/items/{id}/content",
            "PUT /sites/{id}/drive/items/{id}:/{id}:/content",
        ),
        delegated="Files.ReadWrite Files.ReadWrite.All Sites.ReadWrite.All",
        application="Files.ReadWrite.All Sites.ReadWrite.All",
    ),
    Access(
        operations=(
            "DELETE /sites/{id}/lists/{id}/columns/{id}",
            "PATCH /sites/{id}/lists/{id}/columns/{id}",
            "POST /sites/{id}/lists/{id}/columns",
        ),
        delegated="Sites.Manage.All Sites.FullControl.All",
        application="Sites.Manage.All Sites.FullControl.All",
    ),
    Access(
        operations=(
            "DELETE /sites/{id}/lists/{id}/items/{id}",
            "PATCH /sites/{id}/lists/{id}/items/{id}",
            "PATCH /sites/{id}/lists/{id}/items/{id}/fields",
            "POST /sites/{id}/lists/{id}/items",
        ),
        delegated="Sites.ReadWrite.All",
        application="Sites.ReadWrite.All",
    ),
    Access(
        operations=(
            "GET /drives/{id}",
            "GET /drives/{id}/root/delta",
            "GET /drives/{id}/root:/{id}:/children",
            "GET /groups/{id}/drive",
            "GET /groups/{id}/drive/root/delta",
            "GET /groups/{id}/drives",
            "GET /sites/{id}/drive",
            "GET /sites/{id}/drive/root/delta",
            "GET /sites/{id}/drives",
        ),
        delegated=("Files.Read Files.Read.All Files.ReadWrite Files.ReadWrite.All Sites.Read.All Sites.ReadWrite.All"),
        application="Files.Read.All Files.ReadWrite.All Sites.Read.All Sites.ReadWrite.All",
    ),
    Access(
        operations=(
            "GET /drives/{id}/items/{id}",
            "GET /groups/{id}/drive/items/{id}",
            "GET /sites/{id}/drive/items/{id}",
        ),
        delegated=(
            "Files.Read Files.ReadWrite Files.Read.All Files.ReadWrite.All Group.Read.All "
            "Group.ReadWrite.All Sites.Read.All Sites.ReadWrite.All"
        ),
        application=(
            "Files.Read.All Files.ReadWrite.All Group.Read.All Group.ReadWrite.All Sites.Read.All Sites.ReadWrite.All"
        ),
    ),
    Access(
        operations=(
            "GET /drives/{id}/items/{id}/children",
            "GET /drives/{id}/items/{id}/content",
            "GET /groups/{id}/drive/items/{id}/children",
            "GET /groups/{id}/drive/items/{id}/content",
            "GET /sites/{id}/drive/items/{id}/children",
            "GET /sites/{id}/drive/items/{id}/content",
        ),
        delegated=("Files.Read Files.ReadWrite Files.Read.All Files.ReadWrite.All Sites.Read.All Sites.ReadWrite.All"),
        application="Files.Read.All Files.ReadWrite.All Sites.Read.All Sites.ReadWrite.All",
    ),
    Access(
        operations=(
            "GET /drives/{id}/root:/{id}",
            "GET /groups/{id}/drive/root:/{id}",
            "GET /sites/{id}/drive/root:/{id}",
        ),
        delegated=(
            "Files.Read Files.Read.All Files.ReadWrite Files.ReadWrite.All Group.Read.All "
            "Group.ReadWrite.All Sites.Read.All Sites.ReadWrite.All"
        ),
        application=(
            "Files.Read.All Files.ReadWrite.All Group.Read.All Group.ReadWrite.All Sites.Read.All Sites.ReadWrite.All"
        ),
    ),
    Access(
        operations=("GET /groups/{id}/drive/root",),
        delegated="Files.Read",
        application="Files.Read.All",
    ),
    Access(
        operations=(
            "GET /groups/{id}/sites/root",
            "GET /sites/{id}",
            "GET /sites/{id}/lists",
            "GET /sites/{id}/lists/{id}",
            "GET /sites/{id}/lists/{id}/items",
            "GET /sites/{id}/lists/{id}/items/delta",
        ),
        delegated="Sites.Read.All Sites.ReadWrite.All",
        application="Sites.Read.All Sites.ReadWrite.All",
    ),
    Access(
        operations=(
            "GET /sites/{id}/lists/{id}/columns",
            "GET /sites/{id}/lists/{id}/columns/{id}",
        ),
        delegated="Sites.Manage.All Sites.Read.All Sites.FullControl.All Sites.ReadWrite.All",
        application="Sites.Manage.All Sites.Read.All Sites.FullControl.All Sites.ReadWrite.All",
    ),
    Access(
        operations=("GET /sites/{id}/lists/{id}/items/{id}",),
        delegated="Sites.Read.All Sites.ReadWrite.All",
        application="Sites.Read.All Sites.ReadWrite.All Sites.Manage.All",
    ),
    Access(
        operations=("POST /drives/{id}/items/{id}",),
        delegated="Files.ReadWrite",
        application="Files.ReadWrite.All",
    ),
    Access(
        operations=("GET /workbook", "POST /workbook"),
        delegated="Files.ReadWrite Files.ReadWrite.All Sites.ReadWrite.All",
        application="Files.ReadWrite.All Sites.ReadWrite.All",
    ),
    Access(
        operations=("POST /sites/{id}/lists",),
        delegated="Sites.Manage.All",
        application="Sites.Manage.All Sites.ReadWrite.All",
    ),
)
