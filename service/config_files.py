"""Reads a YAML file of config and remembers the line of everything in it, so that every fault names file and line.

Faults are collected, never only the first: somebody who mends a file should have to start the service once.
"""

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

Loc = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)

MAX_DEPTH = 20

SHAPE_FAULTS: Mapping[str, str] = {
    "string_type": "must be text; put it in quotes if it is a number, a date, or a word like yes, no, on or off",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "list_type": "must be a list, each line starting with a dash",
    "tuple_type": "must be a list, each line starting with a dash",
    "dict_type": "must hold further keys, each with its value",
    "model_type": "must hold further keys, each with its value",
}


class ConfigError(Exception):
    """Config cannot be used. `faults` holds one line for each thing to mend: `config/force.yaml:41: what is wrong`."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


class ConfigModel(BaseModel):
    """Base of what one part of a config file may hold: exactly these keys, exactly these types."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


@dataclass(frozen=True, slots=True)
class Item(Generic[M]):
    """One checked entry of a list, with the place it came from."""

    loc: Loc
    value: M


def one_line(limit: int) -> AfterValidator:
    """For a text in a model: not blank, on one line, at most `limit` characters, without spaces around it."""

    def check(value: str) -> str:
        if not value.strip():
            raise ValueError("must not be blank")
        if value != value.strip() or "\n" in value:
            raise ValueError("must be one line, without spaces before or after it")
        if len(value) > limit:
            raise ValueError(f"is {len(value)} characters long; {limit} is the most")
        return value

    return AfterValidator(check)


def _check_code(value: str) -> str:
    if not value.isascii() or not value.replace("_", "").isalnum() or value != value.upper() or len(value) > 40:
        raise ValueError("must be a code: capital letters, digits and _, at most 40")
    return value


Code = Annotated[str, AfterValidator(_check_code)]


def did_you_mean(word: object, known: Sequence[str]) -> str:
    """`; did you mean 'x'?` where one of `known` is near to `word`, else nothing."""
    near = difflib.get_close_matches(str(word), known, n=1, cutoff=0.6)
    return f"; did you mean '{near[0]}'?" if near else ""


class ConfigFile:
    """One YAML file: its data, the line of every key and entry, and the faults found in it so far."""

    def __init__(self, path: Path) -> None:
        """Reads the file. Raises ConfigError at once when it cannot be read as YAML at all."""
        self.path = path
        self._lines: dict[Loc, int] = {(): 1}
        self._faults: list[tuple[int, str]] = []
        root = self._compose()
        self._scalars = yaml.SafeLoader("")
        self.data: Any = self._plain(root, ()) if root is not None else {}
        if not isinstance(self.data, dict):
            raise ConfigError([f"{path}:1: the file must hold keys, each with its value"])

    @property
    def faults(self) -> list[str]:
        """Every fault so far as `file:line: words`, in the order of the lines, none twice."""
        return [f"{self.path}:{line}: {words}" for line, words in sorted(dict.fromkeys(self._faults))]

    def fault(self, loc: Loc, words: str) -> None:
        """Notes a fault at a place in the file, or at the nearest place around it that has a line."""
        while loc not in self._lines:
            loc = loc[:-1]
        self._faults.append((self._lines[loc], words))

    def raise_faults(self) -> None:
        """Raises ConfigError with all faults, if there are any."""
        if self._faults:
            raise ConfigError(self.faults)

    def check_keys(self, known: Sequence[str], needed: Sequence[str] | None = None) -> None:
        """Holds the top of the file to these sections; all of them are needed unless `needed` says otherwise."""
        for key in self.data:
            if key not in known:
                self.fault((key,), f"unknown key '{key}'{did_you_mean(key, known)}")
        for key in known if needed is None else needed:
            if key not in self.data:
                self.fault((), f"'{key}' is missing")

    def at(self, loc: Loc) -> Any:
        """What stands at a place, or None where nothing does."""
        found = self.data
        for step in loc:
            try:
                found = found[step]
            except (KeyError, IndexError, TypeError):
                return None
        return found

    def model(self, loc: Loc, kind: type[M], data: object = None) -> M | None:
        """The part at `loc`, or `data` read from there, as a `kind`.

        None, with the faults noted, where it does not fit; None where the part is missing altogether.
        """
        if loc and not self._has(loc):
            return None
        try:
            return kind.model_validate(self.at(loc) if data is None else data)
        except ValidationError as error:
            for each in error.errors(include_url=False):
                self._note_shape(loc, kind, each)
            return None

    def models(self, loc: Loc, kind: type[M]) -> list[Item[M]]:
        """The entries of the list at `loc` that fit `kind`; the others are noted as faults."""
        if not self._has(loc):
            return []
        entries = self.at(loc)
        if not isinstance(entries, list):
            self.fault(loc, f"'{loc[-1]}' {SHAPE_FAULTS['list_type']}")
            return []
        found = ((*loc, index) for index in range(len(entries)))
        return [Item(each, value) for each in found if (value := self.model(each, kind)) is not None]

    def named(self, loc: Loc, key: str) -> set[object]:
        """What the entries of a list have under `key`, also of entries with faults: one fault, one line."""
        entries = self.at(loc)
        found = [each.get(key) for each in entries if isinstance(each, dict)] if isinstance(entries, list) else []
        return {each for each in found if isinstance(each, str | int)}

    def check_unique(self, items: Sequence[Item[M]], what: str, key: str, of: Callable[[M], object]) -> None:
        """Notes each entry whose `of` an earlier one has, at its `key`: `pillar 'ROADS' is listed twice`."""
        seen: dict[object, int] = {}
        for item in items:
            value = of(item.value)
            if value in seen:
                words = f"{what} '{value}' is listed twice; the first is on line {seen[value]}"
                self.fault((*item.loc, key), words)
            else:
                seen[value] = self._line((*item.loc, key))

    def _has(self, loc: Loc) -> bool:
        parent = self.at(loc[:-1])
        return loc[-1] in parent if isinstance(parent, dict) else isinstance(parent, list)

    def _line(self, loc: Loc) -> int:
        while loc not in self._lines:
            loc = loc[:-1]
        return self._lines[loc]

    def _note_shape(self, loc: Loc, kind: type[BaseModel], error: ErrorDetails) -> None:
        where = (*loc, *(step for step in error["loc"] if step != "[key]"))
        name, sort = where[-1] if where else self.path.name, error["type"]
        if sort == "missing":
            self.fault(where[:-1], f"'{name}' is missing")
        elif sort == "extra_forbidden":
            known = [field.alias or key for key, field in kind.model_fields.items()]
            self.fault(where, f"unknown key '{name}'{did_you_mean(name, known)}")
        elif sort == "value_error":
            self.fault(where, f"'{name}' {error['ctx']['error']}")
        else:
            self.fault(where, f"'{name}' {SHAPE_FAULTS.get(sort) or _in_plain_words(error)}")

    def _compose(self) -> yaml.Node | None:
        try:
            text = self.path.read_text(encoding="utf-8")
            return yaml.compose(text, Loader=yaml.SafeLoader)
        except FileNotFoundError:
            raise ConfigError([f"{self.path}: there is no such file"]) from None
        except OSError as error:
            raise ConfigError([f"{self.path}: cannot be read ({error.strerror})"]) from error
        except UnicodeDecodeError as error:
            raise ConfigError([f"{self.path}: is not text in UTF-8"]) from error
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark else 1
            raise ConfigError([f"{self.path}:{line}: is not YAML: {error.problem or error.context}"]) from error
        except yaml.YAMLError as error:
            raise ConfigError([f"{self.path}:1: holds a character that YAML does not allow"]) from error

    def _plain(self, node: yaml.Node, loc: Loc) -> Any:
        if len(loc) > MAX_DEPTH:
            self.fault(loc, f"is nested deeper than {MAX_DEPTH} levels")
            return None
        if isinstance(node, yaml.MappingNode):
            return {key: self._plain(value, (*loc, key)) for key, value in self._entries(node, loc)}
        if isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                self._lines[(*loc, index)] = value.start_mark.line + 1
            return [self._plain(value, (*loc, index)) for index, value in enumerate(node.value)]
        return self._scalar(node, loc)

    def _entries(self, node: yaml.MappingNode, loc: Loc) -> Iterator[tuple[str, yaml.Node]]:
        seen: set[str] = set()
        for key_node, value in node.value:
            line = key_node.start_mark.line + 1
            key = self._scalar(key_node, loc) if isinstance(key_node, yaml.ScalarNode) else None
            if not isinstance(key, str):
                words = f"the key {key_node.value}" if isinstance(key_node, yaml.ScalarNode) else "this key"
                self._faults.append((line, f"{words} must be text; put it in quotes"))
            elif key in seen:
                self._faults.append((line, f"the key '{key}' stands here twice"))
            else:
                seen.add(key)
                self._lines[(*loc, key)] = line
                yield key, value

    def _scalar(self, node: yaml.Node, loc: Loc) -> Any:
        try:
            return self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError):
            self._faults.append((node.start_mark.line + 1, f"cannot be read: {node.value!r}"))
            return None


def _in_plain_words(error: ErrorDetails) -> str:
    expected = (error.get("ctx") or {}).get("expected")
    return f"must be one of {expected}" if expected else error["msg"][:1].lower() + error["msg"][1:]
