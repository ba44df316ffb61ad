"""What settings there are: names, meanings, ranges."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

KeyPath = tuple[str, ...]
"""Where a setting is: `("server", "limits", "idle_s")`."""


@dataclass(frozen=True, slots=True)
class Schema:
    """One table or one setting, as JSON schema tells it."""

    node: Mapping[str, Any]
    definitions: Mapping[str, Any]

    @classmethod
    def of(cls, model: type[BaseModel]) -> "Schema":
        whole = model.model_json_schema()
        return cls(whole, whole.get("$defs", {}))

    @property
    def description(self) -> str:
        return str(self.node.get("description", ""))

    @property
    def range(self) -> str:
        """`from 0 to 65535`, or "" for what has no range."""
        low, high = self.node.get("minimum"), self.node.get("maximum")
        return f"from {low} to {high}" if low is not None and high is not None else ""

    @property
    def keys(self) -> list[str]:
        return [*self.node.get("properties", {})]

    def get(self, key: str) -> "Schema | None":
        """The setting or table of that name, also in a table whose names are free."""
        node = self.node.get("properties", {}).get(key, self.node.get("additionalProperties"))
        if not isinstance(node, Mapping):
            return None
        name = str(node.get("$ref", "")).rpartition("/")[2]
        return Schema({**self.definitions.get(name, {}), **node}, self.definitions)

    def follow(self, steps: tuple[int | str, ...]) -> tuple[KeyPath, "Schema"]:
        """As far as the steps lead to something known: the path gone, and what is there."""
        path: KeyPath = ()
        here = self
        for step in steps:
            if not isinstance(step, str) or (inner := here.get(step)) is None:
                break
            path, here = (*path, step), inner
        return path, here

    def paths(self, above: KeyPath = ()) -> Iterator[KeyPath]:
        """Every table and setting."""
        for key in self.keys:
            yield (*above, key)
            if (inner := self.get(key)) is not None:
                yield from inner.paths((*above, key))
