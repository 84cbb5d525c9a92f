"""All texts that people read: one catalogue for windows and web pages.

Plain constants, and pure functions that make a text from values. Start reading in ``games`` and ``phrases``, which many
screens share. Servers' errors bring their sentences along, so those are where the errors are raised. Never here: Tk,
threads, calls to servers.
"""
