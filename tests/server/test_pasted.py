"""What is pasted from a spreadsheet."""

from __future__ import annotations

from typing import Any

import pytest

from personae.errors import InputError
from personae.server.pasted import as_rows, cell
from personae.server.schemas.collection import Column

COLUMNS = [
    Column.model_validate(
        {"id": place, "name": name, "column_type": type_, "default_value": "", "column_position": place}
        | {"categorical_values": None}
    )
    for place, (name, type_) in enumerate((("goal", "persona_goal"), ("order", "text"), ("facts", "json")))
]


@pytest.mark.parametrize(
    ("text", "first", "rows"),
    [
        (
            "Return it.\tA-1\r\nCancel it.\tA-2\r\n",
            0,
            [{"goal": "Return it.", "order": "A-1"}, {"goal": "Cancel it.", "order": "A-2"}],
        ),
        ("A-1\nA-2", 1, [{"order": "A-1"}, {"order": "A-2"}]),
        ("order\tgoal\nA-1\tReturn it.", 2, [{"order": "A-1", "goal": "Return it."}]),
        ('"two\r\nlines"\t"a ""quote"""\n\n', 0, [{"goal": "two\nlines", "order": 'a "quote"'}]),
        ('{"a": [1]}\n ', 2, [{"facts": {"a": [1]}}]),
        ("goal\n", 0, []),
    ],
)
def test_cells_go_to_the_right_and_down(text: str, first: int, rows: list[dict[str, Any]]) -> None:
    assert as_rows(text, COLUMNS, first) == rows


@pytest.mark.parametrize(
    ("text", "first", "says"),
    [("\n \t\n", 0, "holds no cells"), ("a\tb", 2, "has 2 cells for 1 columns"), ("{a", 2, "is not JSON")],
)
def test_what_does_not_fit_is_said(text: str, first: int, says: str) -> None:
    with pytest.raises(InputError, match=says):
        as_rows(text, COLUMNS, first)


def test_a_cell_shows_what_its_row_holds() -> None:
    assert [cell(None), cell("ü"), cell({"ü": 1})] == ["", "ü", '{"ü": 1}']
