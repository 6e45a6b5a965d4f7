"""Microsoft Graph for the service: the only importer of msgraph; knows no policing word."""
