"""Which names are used from which host."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.main.name_hosts import NameHosts

NAMES, HOSTS = ["ada", "bob", "eve"], ["", "h1", "h2"]


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from([*HOSTS, None]))))
def test_a_name_counts_for_the_host_where_it_was_last_used_alone(
    steps: list[tuple[str, str | None]],
) -> None:
    hosts, expected = NameHosts(), dict[str, str]()
    for name, host in steps:
        if host is None:
            hosts.forget(name)
            expected.pop(name, None)
        else:
            hosts.put(name, host)
            expected.update({name: host} if host else {})
        for one in HOSTS:
            assert hosts.names_of(one) == {name for name, at in expected.items() if at == one}
        assert hosts._hosts == expected
    for name in NAMES:
        hosts.forget(name)
    assert (hosts._hosts, hosts._names) == ({}, {}), "nothing is left of hosts that nobody is at"
