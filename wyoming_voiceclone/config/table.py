"""Table: one of config.toml, and what stands in several."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationInfo


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def _listed(value: Any, source: ValidationInfo) -> Any:
    """`piper,espeak` is a list too: that is how it is written in the environment."""
    if isinstance(value, str) and source.mode == "python":  # a file is read as JSON
        return tuple(part.strip() for part in value.split(","))
    return tuple(value) if isinstance(value, list) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
