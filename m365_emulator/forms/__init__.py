"""Microsoft Forms: forms, responses, flows, the response workbook."""
