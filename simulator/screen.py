"""The output of ``tictactoe.py simulate``: progress, failed seeds and their findings, a trace, and the totals."""

from __future__ import annotations

from rich.console import Console
from rich.progress import track
from rich.table import Table

from game.errors import InvalidArgument
from simulator.engine.verdict import Verdict, VerdictCounts
from simulator.mutations import MUTATIONS
from simulator.run import CLUSTER, SUBJECTS, run_many, run_one

SHOWN_FAILURES = 20
SHOWN_FINDINGS = 5
LIST = "?"


def simulate_and_show(
    console: Console, subject: str, first: int, count: int, *, broken: str = "", traced: bool = False, jobs: int = 1
) -> bool:
    """Run schedules and print their results.

    Return whether all were clean. Raises InvalidArgument for unknown names.
    """
    if broken == LIST:
        for mutation in MUTATIONS.values():
            console.print(f"{mutation.name}: {mutation.what}", highlight=False)
        return True
    _check(subject, broken)
    together = VerdictCounts()
    verdicts = run_many(subject, first, count, broken=broken, jobs=jobs)
    for verdict in track(verdicts, "schedules", total=count, console=console, disable=not console.is_terminal):
        together.add(verdict)
        if not verdict.clean and len(together.failed) <= SHOWN_FAILURES:
            _show_failure(console, subject, verdict, broken)
    if traced and (together.failed or count == 1):
        seed = together.failed[0].seed if together.failed else first
        _print_lines(console, run_one(subject, seed, broken=broken, traced=True).trace)
    _show_sum(console, together, first, count)
    return not together.failed


def _check(subject: str, broken: str) -> None:
    if subject not in SUBJECTS:
        raise InvalidArgument(f"unknown subject {subject!r}; the subjects are {', '.join(SUBJECTS)}")
    if broken and subject != CLUSTER:
        raise InvalidArgument(f"mutations are only for the subject {CLUSTER}, not for {subject}")
    if broken and broken not in MUTATIONS:
        raise InvalidArgument(f"unknown mutation {broken!r}; the mutations are {', '.join(MUTATIONS)}")


def _show_failure(console: Console, subject: str, verdict: Verdict, broken: str) -> None:
    again = f"--of {subject} --schedules 1 --seed {verdict.seed}" + (f" --broken {broken}" if broken else "")
    sentence = f"seed {verdict.seed} failed; replay it with: simulate {again} --trace"
    console.print(sentence, style="red", highlight=False, soft_wrap=True)
    _print_lines(console, verdict.findings[:SHOWN_FINDINGS])


def _print_lines(console: Console, lines: tuple[str, ...]) -> None:
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _show_sum(console: Console, together: VerdictCounts, first: int, count: int) -> None:
    table = Table(show_header=False)
    table.add_row("schedules", f"{together.schedules} (seeds {first} to {first + count - 1})")
    table.add_row("failed", str(len(together.failed)))
    table.add_row("calls of clients", str(together.calls))
    table.add_row("virtual time", f"{together.seconds:.0f} s")
    for name, number in together.faults.most_common():
        table.add_row(name, str(number))
    console.print(table)
