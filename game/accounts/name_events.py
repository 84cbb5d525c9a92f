"""The events of a username, and their plain form for the log. ``names`` decides them."""

from __future__ import annotations

from msgspec import Struct

from game.plain_values import Form


class Claimed(Struct, frozen=True, tag="claimed", tag_field="kind"):
    """The name belongs to the token with this hash."""

    name: str
    token_hash: str


class Reserved(Struct, frozen=True, tag="kept", tag_field="kind"):
    """The name is reserved. It can be recovered only with the code of this hash."""

    code_hash: str


class Recovered(Struct, frozen=True, tag="recovered", tag_field="kind"):
    """The name belongs to the token with this hash, and no longer to its former token."""

    token_hash: str


class Released(Struct, frozen=True, tag="released", tag_field="kind"):
    """The name is free."""


Event = Claimed | Reserved | Recovered | Released

EVENTS: Form[Event] = Form(Claimed, Reserved, Recovered, Released)
