"""Usernames: who owns which, reserved names with recovery codes, and names that look alike. Start reading in
``names``."""
