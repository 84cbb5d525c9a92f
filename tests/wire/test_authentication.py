"""The machine behind the peer ports, without any connection: who has the key, and which message comes when."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.errors import InvariantBroken
from wire.authentication import (
    CHALLENGE_BYTES,
    HELLO_BYTES,
    TAG_BYTES,
    Initiator,
    NotAuthentic,
    Responder,
    Session,
    version_of,
)

KEY = b"a key that both have"
VERSION = 3
Message = tuple[bytes, bytes, bytes]
"""Token, header and data."""


def shake(
    initiator: Initiator, responder: Responder, change: Callable[[int, Message], Message] = lambda _, message: message
) -> tuple[Session, Session]:
    """Shake hands, with every message changed on its way."""
    hello = change(0, (initiator.hello(b"h0", b"hello"), b"h0", b"hello"))
    responder.accept_hello(*hello)
    challenge = change(1, (responder.challenge(b"h1", b"welcome"), b"h1", b"welcome"))
    ours = initiator.accept(*challenge)
    proof = change(2, (initiator.proof(b"h2", b""), b"h2", b""))
    return ours, responder.accept_proof(*proof)


def ends(key: bytes = KEY, version: int = VERSION) -> tuple[Initiator, Responder]:
    return Initiator(KEY, VERSION), Responder(key, version)


def sessions() -> tuple[Session, Session]:
    return shake(*ends())


def test_two_with_one_key_understand_one_another_both_ways() -> None:
    ours, theirs = sessions()
    for number in range(300):
        data = b"x" * number
        theirs.verify(ours.tag(b"header", data), b"header", data)
        ours.verify(theirs.tag(b"header", data), b"header", data)


def test_tokens_have_the_sizes_that_are_promised() -> None:
    initiator, responder = ends()
    hello = initiator.hello(b"", b"")
    responder.accept_hello(hello, b"", b"")
    challenge = responder.challenge(b"", b"")
    session = initiator.accept(challenge, b"", b"")
    proof = initiator.proof(b"", b"")
    sizes = [len(token) for token in (hello, challenge, proof, session.tag(b"", b""))]
    assert sizes == [HELLO_BYTES, CHALLENGE_BYTES, TAG_BYTES, TAG_BYTES]
    assert (version_of(hello), version_of(None), version_of(b"")) == (VERSION, None, None)


@pytest.mark.parametrize(("key", "version"), [(b"another key", VERSION), (KEY, VERSION + 1)])
def test_another_key_or_version_is_refused_at_the_first_message(key: bytes, version: int) -> None:
    with pytest.raises(NotAuthentic):
        shake(*ends(key, version))


@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize("part", [0, 1, 2])
def test_no_message_of_a_handshake_can_be_changed(number: int, part: int) -> None:
    def change(at: int, message: Message) -> Message:
        parts = list(message)
        if at == number:
            *first, last = parts[part] or b"x"
            parts[part] = bytes([*first, last ^ 1])
        return parts[0], parts[1], parts[2]

    with pytest.raises(NotAuthentic):
        shake(*ends(), change)


@pytest.mark.parametrize("number", [1, 2])
def test_a_message_of_an_earlier_handshake_is_refused(number: int) -> None:
    earlier: list[Message] = []
    shake(*ends(), lambda _, message: earlier.append(message) or message)  # type: ignore[func-returns-value]
    with pytest.raises(NotAuthentic):
        shake(*ends(), lambda at, message: earlier[at] if at == number else message)


def test_an_earlier_hello_gets_a_challenge_that_its_sender_cannot_answer() -> None:
    earlier: list[Message] = []
    shake(*ends(), lambda _, message: earlier.append(message) or message)  # type: ignore[func-returns-value]
    responder = Responder(KEY, VERSION)
    responder.accept_hello(*earlier[0])
    responder.challenge(b"h1", b"welcome")
    with pytest.raises(NotAuthentic):
        responder.accept_proof(*earlier[2])


def test_nobody_can_shake_hands_with_themselves() -> None:
    """What a caller sends comes back to it: as if it were the other's."""
    initiator = Initiator(KEY, VERSION)
    hello = initiator.hello(b"h", b"hello")
    with pytest.raises(NotAuthentic):
        initiator.accept(hello, b"h", b"hello")


def test_steps_come_in_their_order() -> None:
    initiator, responder = ends()
    for step in (
        lambda: initiator.proof(b"", b""),
        lambda: responder.accept_proof(b"", b"", b""),
    ):
        with pytest.raises(InvariantBroken):
            step()


@given(order=st.lists(st.integers(0, 3), min_size=1, max_size=6))
def test_messages_count_in_their_order_alone_and_each_once(order: list[int]) -> None:
    ours, theirs = sessions()
    messages = [(ours.tag(b"h", data := bytes([number])), b"h", data) for number in range(4)]
    taken = 0
    for number in order:
        if number == taken:
            theirs.verify(*messages[number])
            taken += 1
        else:
            with pytest.raises(NotAuthentic):
                theirs.verify(*messages[number])
            break
    else:
        assert order == list(range(len(order)))


@pytest.mark.parametrize("wrong", [None, b"", bytes(TAG_BYTES), bytes(TAG_BYTES + 1)])
def test_after_one_message_that_is_not_authentic_none_is(wrong: bytes | None) -> None:
    ours, theirs = sessions()
    right = ours.tag(b"h", b"d")
    with pytest.raises(NotAuthentic):
        theirs.verify(wrong, b"h", b"d")
    with pytest.raises(NotAuthentic):
        theirs.verify(right, b"h", b"d")


def test_a_message_back_to_its_sender_or_in_another_session_is_not_authentic() -> None:
    (ours, _), (_, others) = sessions(), sessions()
    tag = ours.tag(b"h", b"d")
    for receiver in (ours, others):
        with pytest.raises(NotAuthentic):
            receiver.verify(tag, b"h", b"d")


def test_every_session_has_other_keys() -> None:
    tags = [session.tag(b"h", b"d") for pair in (sessions(), sessions()) for session in pair]
    assert all(one != other for one, other in itertools.combinations(tags, 2))


@given(key=st.binary(min_size=1, max_size=200), header=st.binary(max_size=30), data=st.binary(max_size=300))
def test_a_tag_is_hmac_sha256_over_number_header_and_data(key: bytes, header: bytes, data: bytes) -> None:
    session = Session(sending=key, receiving=key)
    for number in range(3):
        expected = hmac.new(key, struct.pack("!Q", number) + header + data, hashlib.sha256).digest()
        assert session.tag(header, data) == expected
