"""Usernames: their owners, reserved names with recovery codes, and lookalikes. Start reading in ``names``."""
