"""Collections: tables of test cases. The rows of a PERSONA collection are scenarios."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from itertools import islice
from typing import Any, Literal

from personae.errors import NotFound
from personae.sdk.nouns import D, Noun, Received, listing, method
from personae.sdk.steps import Call, Listing, Steps, delete, get, given, post, put

CollectionType = Literal["STANDARD", "PERSONA"]
Json = Mapping[str, Any]
_AT_ONCE = 5_000
"""Rows in one request."""


class Column(Received):
    """A column."""

    id: int
    name: str
    column_type: str
    default_value: str
    categorical_values: tuple[str, ...] | None


class Collection(Received):
    """A table of test cases."""

    id: int
    name: str
    description: str
    collection_type: str
    columns: tuple[Column, ...]
    variables_count: int
    """How many rows there are."""
    read_only: bool
    version: str
    created_at: datetime
    updated_at: datetime


class Row(Received):
    """One test case."""

    id: int
    input_values: dict[str, Any]
    environment_config: dict[str, Any] | None
    created_at: datetime


class Collections(Noun[D]):
    """The project's collections."""

    @listing
    def list(self, *, search: str = "") -> Listing[Collection]:
        """The newest first."""
        return Listing(get("collections", search=search or None), Collection.model_validate)

    @method
    def get(self, collection_id: int) -> Steps[Collection]:
        """One collection, without its rows: see `rows`. Raises NotFound."""
        return Collection.model_validate((yield get(f"collections/{collection_id}")))

    @method
    def by_name(self, name: str) -> Steps[Collection]:
        """The collection with exactly this name. Raises NotFound."""
        found = (yield get("collections", name=name))["items"]
        if not found:
            raise NotFound(f"there is no collection {name!r}")
        return Collection.model_validate(found[0])

    @method
    def create(
        self,
        name: str,
        *,
        columns: Sequence[str | Json] | None = None,
        rows: Iterable[Json] = (),
        description: str = "",
        collection_type: CollectionType = "STANDARD",
    ) -> Steps[Collection]:
        """A new collection. Columns are names, or objects such as `{"name": "persona_goal", "column_type": ...}`.

        Without any, they are those of the rows. Raises Conflict where the name is taken.
        """
        waiting = iter(rows)
        body = {
            "name": name,
            "description": description,
            "collection_type": collection_type,
            "variables": [dict(row) for row in islice(waiting, _AT_ONCE)],
        }
        if columns is not None:
            body["columns"] = [{"name": one} if isinstance(one, str) else dict(one) for one in columns]
        made = yield post("collections", body)
        if some := [*waiting]:
            yield from _added(made["id"], some, skip_existing=False)
            made = yield get(f"collections/{made['id']}")
        return Collection.model_validate(made)

    @method
    def update(self, collection_id: int, *, name: str, description: str | None = None) -> Steps[Collection]:
        """Another name or description."""
        body = given(name=name, description=description)
        return Collection.model_validate((yield put(f"collections/{collection_id}", body)))

    @method
    def delete(self, collection_id: int) -> Steps[None]:
        """With its rows. Experiments keep their own copies."""
        yield delete(f"collections/{collection_id}")

    @listing
    def rows(self, collection_id: int) -> Listing[Row]:
        """Its rows in their order."""
        return Listing(get(f"collections/{collection_id}/entries"), Row.model_validate)

    @method
    def add_row(self, collection_id: int, input_values: Json) -> Steps[Row]:
        """One more row."""
        body = {"input_values": dict(input_values)}
        return Row.model_validate((yield post(f"collections/{collection_id}/entries", body)))

    @method
    def add_rows(self, collection_id: int, rows: Iterable[Json], *, skip_existing: bool = False) -> Steps[int]:
        """Many rows; how many were made. With `skip_existing` those that are there already are left out."""
        return (yield from _added(collection_id, rows, skip_existing=skip_existing))

    @method
    def update_row(self, collection_id: int, row_id: int, input_values: Json) -> Steps[Row]:
        """Give a row other values. Columns that are left out go back to their default."""
        body = {"input_values": dict(input_values)}
        return Row.model_validate((yield put(f"collections/{collection_id}/entries/{row_id}", body)))

    @method
    def delete_row(self, collection_id: int, row_id: int) -> Steps[None]:
        """Remove one row."""
        yield delete(f"collections/{collection_id}/entries/{row_id}")

    @method
    def clear(self, collection_id: int) -> Steps[None]:
        """Remove all rows."""
        yield delete(f"collections/{collection_id}/entries")


def _added(collection_id: int, rows: Iterable[Json], *, skip_existing: bool) -> Steps[int]:
    made = 0
    waiting = iter(rows)
    while some := [*islice(waiting, _AT_ONCE)]:
        text = "\n".join(json.dumps(dict(row), ensure_ascii=False, allow_nan=False) for row in some)
        file = "rows.jsonl", BytesIO(text.encode("utf-8", "surrogatepass"))
        path = f"collections/{collection_id}/entries/batches"
        made += len((yield Call("POST", path, {"skip_existing": skip_existing}, file=file)))
    return made
