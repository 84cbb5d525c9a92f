"""The simulation: time, messages, and nodes that die, stand still and come back with what their disk kept."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from simulator import EventTrace, NetworkConditions, Node, Simulation


@dataclass(frozen=True)
class Hello:
    """A message."""

    number: int


@dataclass(frozen=True)
class Stranger:
    """A message that nobody handles."""


@dataclass(frozen=True)
class Shared:
    """A message that could be changed after it was sent."""

    items: list[int] = field(default_factory=list)


class Listener(Node):
    """Writes down what it hears, and when."""

    def __init__(self, heard: list[tuple[str, int]]) -> None:
        self.heard = heard

    def on_Hello(self, hello: Hello, sender: str) -> None:  # noqa: N802
        self.heard.append((sender, hello.number))


class Counter(Node):
    """Counts on its disk, and syncs every second count."""

    def start(self) -> None:
        self.count = int(str(self.disk.read("count", 0)))
        self.set_timer(1.0, self.on)

    def on(self) -> None:
        self.count += 1
        self.disk.write("count", self.count)
        if self.count % 2 == 0:
            self.disk.sync()
        self.set_timer(1.0, self.on)


def two(seed: str = "a", conditions: NetworkConditions | None = None) -> tuple[Simulation, list[tuple[str, int]]]:
    simulation, heard = Simulation(seed, conditions=conditions), list[tuple[str, int]]()
    for name in ("ada", "bob"):
        simulation.add(name, lambda: Listener(heard))
    return simulation, heard


def say(simulation: Simulation, number: int) -> None:
    node = simulation.node("ada")
    assert node is not None
    node.send("bob", Hello(number))


def test_things_happen_in_the_order_of_their_time() -> None:
    simulation, happened = Simulation("a"), list[str]()
    simulation.after(2.0, lambda: happened.append("second"))
    simulation.after(1.0, lambda: happened.append("first"))
    simulation.after(2.0, lambda: happened.append("third"))
    simulation.run(1.5)
    assert (happened, simulation.now) == (["first"], 1.5)
    simulation.run(10.0)
    assert happened == ["first", "second", "third"]


def test_a_message_takes_time_and_arrives_once() -> None:
    simulation, heard = two()
    say(simulation, 1)
    assert not heard
    simulation.run(1.0)
    assert heard == [("ada", 1)]


def test_a_bad_network_loses_doubles_and_reorders() -> None:
    simulation, heard = two(conditions=NetworkConditions(loss=0.2, duplicate=0.2, straggle=0.3))
    for number in range(200):
        say(simulation, number)
    simulation.run(5.0)
    numbers = [number for _, number in heard]
    assert set(numbers) < set(range(200)), "some are lost"
    assert len(numbers) > len(set(numbers)), "some come twice"
    assert numbers != sorted(numbers), "some are overtaken"


def test_what_is_cut_off_hears_nothing_until_it_is_mended() -> None:
    simulation, heard = two()
    simulation.network.cut("ada", "bob")
    simulation.network.cut("ada", "bob")
    say(simulation, 1)
    simulation.network.mend("ada", "bob")
    say(simulation, 2)
    simulation.network.mend("ada", "bob")
    say(simulation, 3)
    simulation.run(1.0)
    assert heard == [("ada", 3)]


def test_one_seed_makes_one_history_and_another_another() -> None:
    def history(seed: str) -> list[tuple[str, int]]:
        simulation, heard = two(seed, NetworkConditions(loss=0.2, straggle=0.3))
        for number in range(50):
            say(simulation, number)
        simulation.run(5.0)
        return heard

    assert history("a") == history("a")
    assert history("a") != history("b")


def test_a_crash_keeps_what_was_synced_and_may_lose_what_came_after() -> None:
    counts = set()
    for seed in range(20):
        simulation = Simulation(str(seed))
        simulation.add("counter", Counter)
        simulation.run(5.5)
        simulation.crash("counter")
        simulation.start("counter")
        counter = simulation.node("counter")
        assert isinstance(counter, Counter)
        counts.add(counter.count)
    assert counts == {4, 5}


def test_the_dead_do_nothing_and_the_next_life_has_timers_of_its_own() -> None:
    simulation = Simulation("a")
    simulation.add("counter", Counter)
    simulation.run(2.5)
    simulation.crash("counter")
    assert simulation.node("counter") is None
    simulation.run(10.0)
    assert simulation.disk("counter").read("count") == 2


def test_a_paused_node_does_all_at_once_when_it_wakes() -> None:
    simulation, heard = two()
    simulation.pause("bob")
    say(simulation, 1)
    say(simulation, 2)
    simulation.run(5.0)
    assert not heard
    simulation.wake("bob")
    assert sorted(heard) == [("ada", 1), ("ada", 2)]


def test_a_timer_that_came_due_in_a_pause_can_still_be_cancelled() -> None:
    simulation, heard = two()
    bob = simulation.node("bob")
    assert bob is not None
    timer = bob.set_timer(1.0, lambda: heard.append(("timer", 0)))
    simulation.pause("bob")
    simulation.run(2.0)
    timer.cancel()
    simulation.wake("bob")
    assert not heard


def test_a_message_that_nobody_handles_is_a_fault_of_the_node() -> None:
    simulation, _ = two()
    ada = simulation.node("ada")
    assert ada is not None
    ada.send("bob", Stranger())
    simulation.run(1.0)
    assert len(simulation.failures) == 1
    assert "does not handle Stranger" in simulation.failures[0]
    assert not simulation.is_alive("bob")


def test_what_could_be_changed_cannot_be_sent() -> None:
    simulation, _ = two()
    ada = simulation.node("ada")
    assert ada is not None
    with pytest.raises(TypeError):
        ada.send("bob", Shared())


def test_the_time_line_says_who_did_what_when() -> None:
    trace = EventTrace(on=True)
    simulation = Simulation("a", trace=trace)
    for name in ("ada", "bob"):
        simulation.add(name, lambda: Listener([]))
    say(simulation, 7)
    simulation.crash("bob")
    assert [line.split(None, 1)[1] for line in trace.lines] == [
        "ada            starts",
        "bob            starts",
        "ada            → bob            Hello(number=7)",
        "bob            crashes",
    ]
