"""YAML files as plain values, read without the surprises of YAML 1.1.

A key that occurs twice, a number that is not written as a decimal one, and an anchor of a whole list or mapping are
refused: PyYAML keeps only the last of equal keys, reads 010 as 8 and 1:30 as 90, and a few nested anchors can stand for
more values than fit into memory.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import ConstructorError
from yaml.events import AliasEvent
from yaml.nodes import MappingNode, Node, ScalarNode

from merlab.errors import MerlabError, cannot_read

DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)")
MOST_DIGITS = 100
REMEDY = "correct the file"
# What PyYAML calls the file in the place of a fault.
UNNAMED = '"<unicode string>"'


class _Loader(yaml.SafeLoader):
    """The safe loader of PyYAML with the rules of this module."""

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        """A node; of an anchor only text, numbers and the like."""
        mark = self.peek_event().start_mark if self.check_event(AliasEvent) else None  # type: ignore[no-untyped-call]
        node: Node | None = super().compose_node(parent, index)
        if mark is not None and not isinstance(node, ScalarNode):
            raise ConstructorError(None, None, "an alias of a list or mapping is not read; write it out", mark)
        return node

    def construct_mapping(self, node: MappingNode, deep: bool = False) -> dict[Any, Any]:
        """A mapping whose keys are all different."""
        keys: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, (list, dict)):
                raise ConstructorError(None, None, "a list or mapping cannot be a key", key_node.start_mark)
            if key in keys:
                raise ConstructorError(None, None, f"{key!r} occurs twice; keep one of them", key_node.start_mark)
            keys.add(key)
        return super().construct_mapping(node, deep=deep)

    def construct_yaml_int(self, node: ScalarNode) -> int:
        """A whole number in decimal digits."""
        text = self.construct_scalar(node)
        if not DECIMAL.fullmatch(text) or len(text) > MOST_DIGITS:
            problem = f"{text[:40]!r} is not a decimal number; write one such as 90, or put a text into quotes"
            raise ConstructorError(None, None, problem, node.start_mark)
        return int(text)


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_yaml_int)


def read_yaml(path: Path) -> Any:
    """The content of a YAML file; raises MerlabError with the file, the line and the fault."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), _Loader)  # a subclass of SafeLoader
    except OSError as error:
        raise MerlabError(cannot_read(path, error, "give the path of a YAML file")) from error
    except UnicodeDecodeError as error:
        raise MerlabError(f"{path} cannot be read as YAML: it is not text in UTF-8; save it as UTF-8") from error
    except RecursionError as error:
        raise MerlabError(f"{path} cannot be read as YAML: it is nested too deeply; {REMEDY}") from error
    except (ValueError, LookupError, AttributeError, TypeError, yaml.YAMLError) as error:
        # A ValueError: an impossible date.
        reason = " ".join((str(error) or type(error).__name__).replace(f"{UNNAMED}, ", "").split())
        raise MerlabError(f"{path} cannot be read as YAML: {reason}; {REMEDY}") from error
