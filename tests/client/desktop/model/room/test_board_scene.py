"""What the board shows, and where its cells are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from client.desktop.model.room.board_layout import BoardLayout
from client.desktop.model.room.board_scene import scene
from tests.client.desktop.model.seen import seen, view_after
from tests.game.playing import played, resigned, started


def test_as_it_is_with_the_last_move_lit() -> None:
    shown = scene(view_after(4, 0), "X")
    assert (shown.marks, shown.lit, shown.lines) == ("O...X....", {0}, ())


def test_ones_own_move_is_there_before_it_is_answered_and_only_once() -> None:
    shown = scene(view_after(4, 0), "X", pending=8)
    assert (shown.marks, shown.pending) == ("O...X...X", 8)
    shown = scene(view_after(4, 0, 8), "X", pending=8)
    assert (shown.marks, shown.pending) == ("O...X...X", None)


def test_an_earlier_position_without_what_came_later() -> None:
    view = view_after(0, 4, 1, 5, 2)
    shown = scene(view, "O", step=3, pending=8)
    assert (shown.marks, shown.lit, shown.lines, shown.pending) == ("XX..O....", {1}, (), None)
    assert scene(view, "O", step=0).marks == "........."
    assert scene(view, "O", step=5) == scene(view, "O")


def test_the_winning_line_from_end_to_end() -> None:
    shown = scene(view_after(0, 4, 1, 5, 2), "X")
    assert (shown.lit, shown.lines) == ({0, 1, 2}, ((0, 2),))


def test_two_lines_completed_by_one_move() -> None:
    both = scene(view_after(0, 20, 1, 21, 7, 23, 12, 24, 2, width=5, height=5), "X")
    assert both.lit == {0, 1, 2, 7, 12}
    assert set(both.lines) == {(0, 2), (2, 12)}


def test_a_resigned_game_has_no_line() -> None:
    view = seen(resigned(played(started(), 0, 4, 1), "bob"))
    assert (view.phase, scene(view, "X").lines) == ("finished", ())


boards = st.builds(
    BoardLayout,
    columns=st.integers(3, 10),
    rows=st.integers(3, 10),
    width=st.floats(200, 3000),
    height=st.floats(200, 3000),
)


@given(boards, st.data())
def test_a_cell_is_found_under_its_middle_and_lies_on_the_surface(layout: BoardLayout, data: st.DataObject) -> None:
    cell = data.draw(st.integers(0, layout.columns * layout.rows - 1))
    assert layout.cell_at(*layout.centre(cell)) == cell
    left, top, right, bottom = layout.box(cell)
    assert 0 <= left < right <= layout.width
    assert 0 <= top < bottom <= layout.height


@given(boards, st.floats(-100, 4000), st.floats(-100, 4000))
def test_a_point_is_on_the_cell_that_is_found_or_beside_the_board(layout: BoardLayout, x: float, y: float) -> None:
    cell = layout.cell_at(x, y)
    left, top = layout.origin
    beside = not (0 <= x - left < layout.columns * layout.cell and 0 <= y - top < layout.rows * layout.cell)
    if cell is None:
        assert beside
    else:
        box = layout.box(cell)
        near = 0.01
        assert box[0] - near <= x <= box[2] + near
        assert box[1] - near <= y <= box[3] + near


@given(boards, st.data())
def test_arrows_stay_on_the_board(layout: BoardLayout, data: st.DataObject) -> None:
    cell = data.draw(st.integers(0, layout.columns * layout.rows - 1))
    dx, dy = data.draw(st.sampled_from([(-1, 0), (1, 0), (0, -1), (0, 1)]))
    reached = layout.neighbour(cell, dx, dy)
    row, column = divmod(cell, layout.columns)
    expected = (row + dy, column + dx)
    on_board = 0 <= expected[0] < layout.rows and 0 <= expected[1] < layout.columns
    assert divmod(reached, layout.columns) == (expected if on_board else (row, column))
