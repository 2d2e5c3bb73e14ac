"""Makes rules of the files of a style; what cannot be run is told by name, and nothing is left out in silence."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from desks.marketing.rules.patterns import Pattern, PatternError
from desks.marketing.rules.rule import Rule
from desks.marketing.rules.vale.capitalization import check_of
from desks.marketing.rules.vale.checks import (
    Capitalization,
    Conditional,
    Consistency,
    Existence,
    Occurrence,
    Repetition,
    Substitution,
)
from desks.marketing.rules.vale.model import NOT_RUN, StyleRule
from desks.marketing.rules.vale.scopes import Scope, scope_of


class NotRun(NamedTuple):
    """Something of a style that is not run: its file, the key in it, and why."""

    file: str
    key: str
    why: str

    @property
    def in_words(self) -> str:
        """One sentence for the person who keeps the style."""
        return f"{self.file}: {f'{self.key}: ' if self.key else ''}{self.why}"


class LoadedRule(NamedTuple):
    """What came of one file: a rule, if any of it can be run, and what cannot."""

    rule: Rule | None
    not_run: tuple[NotRun, ...]


def load_rule(style: str, file: str, content: Any, *, fixes: bool = False) -> LoadedRule:
    """Return the rule of one file, whose parsed YAML is `content`; `file` names it for people."""
    kind = content.get("extends") if isinstance(content, dict) else None
    if not isinstance(content, dict) or not isinstance(kind, str):
        return LoadedRule(
            None, (NotRun(file, "extends", "it is missing, so the file is no rule of a style"),)
        )
    if kind in NOT_RUN:
        return LoadedRule(None, (NotRun(file, "extends", f"'{kind}' is not run: {NOT_RUN[kind]}"),))
    try:
        spec = StyleRule.model_validate(content)
    except ValidationError as error:
        return LoadedRule(None, tuple(_told(file, error)))
    problems: list[NotRun] = []
    scopes = _scopes(file, spec, problems)
    name = f"style.{style}.{file.rpartition('/')[2].rpartition('.')[0]}"
    rule = _made(file, spec, name, scopes, fixes, problems) if scopes else None
    return LoadedRule(rule, tuple(problems))


def _told(file: str, error: ValidationError) -> Iterator[NotRun]:
    for one in error.errors(include_url=False, include_input=False):
        key = ".".join(str(part) for part in one["loc"])
        unknown = one["type"] == "extra_forbidden"
        yield NotRun(file, key, "the key is not known here; remove it" if unknown else one["msg"])


def _scopes(file: str, spec: StyleRule, problems: list[NotRun]) -> tuple[Scope, ...]:
    named = (spec.scope,) if isinstance(spec.scope, str) else spec.scope
    found: list[Scope] = []
    for name in named:
        scope = scope_of(name)
        if scope is None:
            problems.append(
                NotRun(
                    file,
                    "scope",
                    f"'{name}' is not read; use text, heading, sentence, paragraph, list, blockquote or table",
                )
            )
        else:
            found.append(scope)
    return tuple(found)


def _made(
    file: str,
    spec: StyleRule,
    name: str,
    scopes: tuple[Scope, ...],
    fixes: bool,
    problems: list[NotRun],  # noqa: FBT001 (of this module alone)
) -> Rule | None:
    def pattern(source: str, key: str, *, words: bool, before: str = "", after: str = "") -> Pattern | None:
        try:
            return Pattern(before + source + after, ignore_case=spec.ignorecase, whole_words=words)
        except PatternError as error:
            problems.append(NotRun(file, key, f"'{source[:80]}' {error}"))
            return None

    words = not spec.nonword
    common = (spec, name, scopes, fixes)
    match spec.extends:
        case "existence":
            raw = "".join(spec.raw)
            held = [
                t for i, t in enumerate(spec.tokens) if t.strip() and pattern(t, f"tokens.{i}", words=False)
            ]
            if not held and not raw:
                return None
            joined = "|".join(held)
            # Each alone, where one looks around: what stands at the edge of all is not at the edge of each.
            if any("(?" in t and ("(?=" in t or "(?!" in t or "(?<" in t) for t in held) and not raw:
                return _Several(
                    tuple(
                        Existence(*common, one) for t in held if (one := pattern(t, "tokens", words=words))
                    ),
                    name,
                )
            tokens = rf"(?:{joined})" if held else ""
            bounded = rf"\b{tokens}" if held and raw and words else tokens
            made = pattern(
                bounded,
                "raw" if raw else "tokens",
                words=words and bool(held),
                before="" if spec.append else raw,
                after=raw if spec.append else "",
            )
            return Existence(*common, made) if made is not None else None
        case "substitution":
            swaps = [(pattern(key, f"swap.{key}", words=words), value) for key, value in spec.swap.items()]
            return (
                Substitution(*common, tuple((one, value) for one, value in swaps if one is not None))
                if swaps
                else None
            )
        case "consistency":
            pairs = [
                (pattern(a, f"either.{a}", words=words), pattern(b, f"either.{a}", words=words))
                for a, b in spec.either.items()
            ]
            return Consistency(*common, tuple((a, b) for a, b in pairs if a is not None and b is not None))
        case "occurrence":
            one = pattern(spec.token, "token", words=False)
            if spec.max is None and spec.min is None:
                problems.append(NotRun(file, "max", "it has neither max nor min"))
                return None
            return Occurrence(*common, one) if one is not None else None
        case "capitalization":
            try:
                return Capitalization(
                    *common, check_of(spec.match, spec.exceptions, spec.indicators, spec.threshold)
                )
            except PatternError as error:
                problems.append(NotRun(file, "match", f"'{spec.match[:80]}' {error}"))
                return None
        case "conditional":
            first, second = (
                pattern(spec.first, "first", words=False),
                pattern(spec.second, "second", words=False),
            )
            return Conditional(*common, first, second) if first is not None and second is not None else None
        case "repetition":
            one = pattern("|".join(f"(?:{t})" for t in spec.tokens), "tokens", words=False)
            return Repetition(*common, one, max(spec.max or 1, 1)) if one is not None else None


class _Several:
    """Several rules of one name."""

    def __init__(self, rules: tuple[Rule, ...], name: str) -> None:
        self._rules, self.name = rules, name

    def check(self, copy: Any, occasion: Any) -> Iterator[Any]:
        """Yield what each finds."""
        for rule in self._rules:
            yield from rule.check(copy, occasion)


def load_style(
    style: str, files: Mapping[str, Any], leave_out: tuple[str, ...], fix: tuple[str, ...]
) -> tuple[list[Rule], list[NotRun]]:
    """Return the rules of a style's files, given as parsed YAML by their names, and all that is not run."""
    rules: list[Rule] = []
    not_run: list[NotRun] = []
    stems = {name.rpartition(".")[0] for name in files}
    not_run += [
        NotRun(style, "", f"there is no rule '{name}' to leave out or to fix")
        for name in (*leave_out, *fix)
        if name not in stems
    ]
    for name, content in sorted(files.items()):
        stem = name.rpartition(".")[0]
        if stem in leave_out:
            continue
        loaded = load_rule(style, f"{style}/{name}", content, fixes=stem in fix)
        rules += [loaded.rule] if loaded.rule is not None else []
        not_run += loaded.not_run
    return rules, not_run
