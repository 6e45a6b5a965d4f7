"""Files of a group: content, delta, workbooks."""
