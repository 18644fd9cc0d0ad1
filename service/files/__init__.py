"""Files of members: upload, detection of the type, quota, download."""
