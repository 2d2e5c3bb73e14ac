"""Makes rules of the files of a style; what cannot be run is told by name, and nothing is left out in silence."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from desks.marketing.copy.text import Copy
from desks.marketing.models.flag import Flag
from desks.marketing.models.occasion import Occasion
from desks.marketing.rules.patterns import Pattern, PatternError, looks_around
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


class _Common(NamedTuple):
    """What every kind of rule has."""

    spec: StyleRule
    name: str
    scopes: tuple[Scope, ...]
    fixes: bool


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
    if not scopes:
        return LoadedRule(None, tuple(problems))
    builder = _Builder(file, spec, _Common(spec, name, scopes, fixes))
    return LoadedRule(builder.made(), (*problems, *builder.problems))


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


class _Builder:
    """Makes the rule of one file, and collects what of it cannot be run."""

    def __init__(self, file: str, spec: StyleRule, common: _Common) -> None:
        self._file, self._spec, self._common = file, spec, common
        self.problems: list[NotRun] = []

    def made(self) -> Rule | None:
        """Return the rule; None where nothing of it can be run."""
        build: Mapping[str, Callable[[], Rule | None]] = {
            "existence": self._existence,
            "substitution": self._substitution,
            "consistency": self._consistency,
            "occurrence": self._occurrence,
            "capitalization": self._capitalization,
            "conditional": self._conditional,
            "repetition": self._repetition,
        }
        return build[self._spec.extends]()

    def _pattern(self, source: str, key: str, *, words: bool = False) -> Pattern | None:
        try:
            return Pattern(source, ignore_case=self._spec.ignorecase, whole_words=words)
        except PatternError as error:
            self.problems.append(NotRun(self._file, key, f"'{source[:80]}' {error}"))
            return None

    def _existence(self) -> Rule | None:
        spec, words = self._spec, not self._spec.nonword
        raw = "".join(spec.raw)
        tokens = [
            token
            for index, token in enumerate(spec.tokens)
            if token.strip() and self._pattern(token, f"tokens.{index}") is not None
        ]
        if not raw and any(looks_around(token) for token in tokens):
            # What looks around stands at the edge of one token, not of all of them.
            each = (self._pattern(token, "tokens", words=words) for token in tokens)
            return Several(tuple(Existence(*self._common, one) for one in each if one), self._common.name)
        joined = f"(?:{'|'.join(tokens)})" if tokens else ""
        if not joined and not raw:
            return None
        bounded = rf"\b{joined}" if raw and joined and words else joined
        source = f"{bounded}{raw}" if spec.append else f"{raw}{bounded}"
        made = self._pattern(source, "raw" if raw else "tokens", words=words and bool(joined))
        return Existence(*self._common, made) if made is not None else None

    def _substitution(self) -> Rule | None:
        words = not self._spec.nonword
        found = [
            (made, value)
            for key, value in self._spec.swap.items()
            if (made := self._pattern(key, f"swap.{key}", words=words)) is not None
        ]
        return Substitution(*self._common, tuple(found)) if found else None

    def _consistency(self) -> Rule | None:
        words = not self._spec.nonword
        pairs: list[tuple[Pattern, Pattern]] = []
        for one, other in self._spec.either.items():
            key = f"either.{one}"
            first, second = self._pattern(one, key, words=words), self._pattern(other, key, words=words)
            pairs += [(first, second)] if first is not None and second is not None else []
        return Consistency(*self._common, tuple(pairs)) if pairs else None

    def _occurrence(self) -> Rule | None:
        if self._spec.max is None and self._spec.min is None:
            self.problems.append(NotRun(self._file, "max", "it has neither max nor min"))
            return None
        token = self._pattern(self._spec.token, "token")
        return Occurrence(*self._common, token) if token is not None else None

    def _capitalization(self) -> Rule | None:
        spec = self._spec
        try:
            holds = check_of(spec.match, spec.exceptions, spec.indicators, spec.threshold)
        except PatternError as error:
            self.problems.append(NotRun(self._file, "match", f"'{spec.match[:80]}' {error}"))
            return None
        return Capitalization(*self._common, holds)

    def _conditional(self) -> Rule | None:
        first, second = self._pattern(self._spec.first, "first"), self._pattern(self._spec.second, "second")
        return Conditional(*self._common, first, second) if first is not None and second is not None else None

    def _repetition(self) -> Rule | None:
        token = self._pattern("|".join(f"(?:{token})" for token in self._spec.tokens), "tokens")
        return Repetition(*self._common, token, max(self._spec.max or 1, 1)) if token is not None else None


class Several:
    """Several rules of one name."""

    def __init__(self, rules: tuple[Rule, ...], name: str) -> None:
        self._rules, self.name = rules, name

    def check(self, copy: Copy, occasion: Occasion) -> Iterator[Flag]:
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
