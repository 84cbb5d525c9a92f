"""Find what a stream lacks where rows are damaged, and fill it with rows of the other copy. Pure.

Both copies are of one log. A row of the same version has the same position and epoch in both, but each copy makes its
own snapshots. Suppose neither copy has a row. Events before a sound snapshot can then be dropped, as compaction would
drop them. Any other such row is lost; a row with the body ``LOST`` keeps its place.
"""

from __future__ import annotations

from typing import NamedTuple

from server.log.entries import StreamCopy


class Holes(NamedTuple):
    """The rows of a stream that are damaged or missing.

    ``versions`` are those of entries; ``snapshot`` is true if the snapshot is needed. Entries after the version
    ``after`` may be missing too.
    """

    stream: str
    versions: tuple[int, ...]
    snapshot: bool
    after: int


def holes_of(copy: StreamCopy) -> Holes | None:
    """Return what the stream lacks, or None if it lacks nothing."""
    sound = _sound_versions(copy)
    first = copy.entries[0].version if copy.entries else 0
    snapshot = copy.snapshot
    floor = 0 if snapshot is None or snapshot.is_lost else snapshot.version
    needed = snapshot is not None and snapshot.is_lost
    if not floor and first > 1:
        needed = True
    if floor and (not first or first > floor):
        first = floor + 1
    last = copy.entries[-1].version if copy.entries else 0
    versions = tuple(version for version in range(first, last + 1) if version not in sound) if first else ()
    return Holes(copy.stream, versions, needed, copy.version) if versions or needed else None


def lacks(copy: StreamCopy) -> Holes:
    """Return the holes as a request to the other copy. Without a visible hole, the last entries may be missing."""
    return holes_of(copy) or Holes(copy.stream, (), False, copy.version)


def rows_for(copy: StreamCopy, holes: Holes) -> StreamCopy:
    """Return the rows that a copy has for these holes.

    The snapshot is included if it is requested, with the entries after it. It is also included if it replaces requested
    entries that are compacted.
    """
    wanted = set(holes.versions)
    compacted = not wanted <= _sound_versions(copy)
    snapshot = copy.snapshot if holes.snapshot or compacted else None
    if snapshot is not None and snapshot.is_lost:
        snapshot = None
    after = min(holes.after, snapshot.version if snapshot is not None else 0) if holes.snapshot else holes.after
    entries = tuple(e for e in copy.entries if not e.is_lost and (e.version in wanted or e.version > after))
    return StreamCopy(copy.stream, snapshot, entries)


def filled(copy: StreamCopy, other: StreamCopy) -> StreamCopy:
    """Return the copy with rows of the other copy where its own are damaged or missing."""
    by_version = {entry.version: entry for entry in other.entries if not entry.is_lost}
    for entry in copy.entries:
        if not entry.is_lost or entry.version not in by_version:
            by_version[entry.version] = entry
    sound = [one for one in (copy.snapshot, other.snapshot) if one is not None and not one.is_lost]
    snapshot = max(sound, key=lambda one: one.version, default=copy.snapshot)
    return StreamCopy(copy.stream, snapshot, tuple(by_version[version] for version in sorted(by_version)))


def without_unneeded_rows(copy: StreamCopy, *, keeps_events: bool) -> StreamCopy:
    """Return the copy without damaged rows that can be dropped when nothing fills them.

    A damaged snapshot can be dropped when all events are there. Damaged events can be dropped before a sound snapshot,
    unless ``keeps_events``.
    """
    snapshot, entries = copy.snapshot, copy.entries
    if snapshot is not None and snapshot.is_lost:
        whole = StreamCopy(copy.stream, None, entries)
        return whole if holes_of(whole) is None and entries else copy
    holes = holes_of(copy)
    if holes is None or snapshot is None or keeps_events:
        return copy
    covered = max((version for version in holes.versions if version <= snapshot.version), default=0)
    return copy._replace(entries=tuple(entry for entry in entries if entry.version > covered))


def _sound_versions(copy: StreamCopy) -> set[int]:
    return {entry.version for entry in copy.entries if not entry.is_lost}
