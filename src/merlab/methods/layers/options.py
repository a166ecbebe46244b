"""What the options of a network may be. pydantic reads it; the networks themselves need nothing but torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any


@dataclass(frozen=True)
class Between:
    """A finite number from ``least`` to ``most``, both included."""

    least: float
    most: float

    def __get_pydantic_core_schema__(self, source: type, handler: Callable[[type], dict[str, Any]]) -> dict[str, Any]:
        finite = {"allow_inf_nan": False} if source is float else {}
        return {**handler(source), "ge": self.least, "le": self.most, **finite}


@dataclass(frozen=True)
class OneOf:
    """One of the numbers ``values``, which messages call ``name``."""

    name: str
    values: tuple[int, ...]

    def __get_pydantic_core_schema__(self, source: type, handler: Callable[[type], dict[str, Any]]) -> dict[str, Any]:
        function = {"type": "no-info", "function": self._known}
        return {"type": "function-after", "function": function, "schema": handler(source)}

    def _known(self, value: int) -> int:
        # Only pydantic calls this.
        from pydantic_core import PydanticCustomError

        if value not in self.values:
            raise PydanticCustomError("one_of", f"{self.name} are {', '.join(map(str, self.values))}")
        return value


# The factor of every number of channels of a network.
Width = Annotated[float, Between(0.01, 16)]
