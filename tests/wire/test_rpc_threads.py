"""Threads that serve one connection after the other."""

from __future__ import annotations

import threading

from wire.rpc.threads import KEPT, Threads


def test_each_has_a_thread_of_its_own_and_those_that_are_done_are_kept() -> None:
    threads, go = Threads(), threading.Event()
    seen: list[int] = []
    met = threading.Barrier(KEPT + 3)

    def work() -> None:
        met.wait(10.0)
        go.wait(10.0)
        seen.append(threading.get_ident())

    for _ in range(KEPT + 2):
        threads.do(work)
    met.wait(10.0)
    go.set()
    done = threading.Event()
    again: list[int] = []

    def one_more() -> None:
        again.append(threading.get_ident())
        done.set()

    threads.do(one_more)
    assert done.wait(10.0)
    assert len(again) == 1


def test_threads_that_were_begun_before_take_the_first_work() -> None:
    threads = Threads()
    threads.begin()
    done = threading.Semaphore(0)
    for _ in range(2 * KEPT):
        threads.do(done.release)
    for _ in range(2 * KEPT):
        assert done.acquire(timeout=10.0)
