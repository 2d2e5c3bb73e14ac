"""Copy composed from sentences that follow the brand, some with one defect planted; the same seed makes the same cases."""

import random  # noqa: TID251 (cases to measure by, never replayed)
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

from desks.marketing.brand_file import load_house
from desks.marketing.copy.reading import read_source
from desks.marketing.copy.text import CopyForm
from desks.marketing.models.occasion import Occasion
from desks.marketing.rules.house import House
from dispatch.evals.planted import PlantedCase
from dispatch.playbooks.strict_yaml import read_yaml

CLEAN: Final = 180
EACH: Final = 6
"""Cases without a defect, and cases of each defect."""

_HERE: Final = Path(__file__).parent
_TAGS: Final = {
    "mail": "utm_source=newsletter&utm_medium=email&utm_campaign=season",
    "post": "utm_source=linkedin&utm_medium=social&utm_campaign=season",
    "ad": "utm_source=search&utm_medium=paid&utm_campaign=season",
    "landing_page": "from=home",
}
_PATHS: Final = ("tents", "shells", "huts", "repair", "winter/guide")
_MIDDLES: Final = {"mail": (3, 6), "post": (1, 3), "ad": (1, 1), "landing_page": (5, 9)}
_LAUNCH: Final = date(2026, 12, 1)
_MOST_OF_AD: Final = 150


def cases(seed: int) -> Iterator[PlantedCase]:
    """Yield clean copy in every form, channel and language, and copy with each defect."""
    chance = random.Random(seed)  # noqa: S311 (cases to measure by, and nothing secret)
    for number in range(CLEAN):
        yield _case(f"clean-{number}", "", _Composer(chance).composed())
    for rule, defect in _defects().items():
        for number in range(EACH):
            yield _case(f"{rule}-{number}", rule, _Composer(chance, defect).composed())


def judge(case: PlantedCase) -> tuple[str, ...]:
    """Return the rules that flag a case, by the brand as it is shipped."""
    data: Mapping[str, Any] = case.data
    occasion = Occasion(
        channel=data["channel"], language=data["language"], region=data["region"], launch=_LAUNCH
    )
    copy = read_source(data["source"], CopyForm(data["form"]))
    return tuple(dict.fromkeys(flag.rule for flag in _house().judged(copy, occasion)))


@cache
def _house() -> House:
    return load_house()


@cache
def _sentences() -> Mapping[str, Mapping[str, Sequence[str]]]:
    content: Mapping[str, Mapping[str, Sequence[str]]] = read_yaml(_HERE / "clean_sentences.yaml")
    return content


@cache
def _defects() -> Mapping[str, Mapping[str, Any]]:
    content: Mapping[str, Mapping[str, Any]] = read_yaml(_HERE / "defects.yaml")
    return content


def _case(case_id: str, planted: str, data: dict[str, Any]) -> PlantedCase:
    return PlantedCase(case_id=case_id, planted=planted, data=data)


class _Composer:
    """Composes one copy: a heading, sentences in paragraphs, a link, in one of three forms."""

    def __init__(self, chance: random.Random, defect: Mapping[str, Any] | None = None) -> None:
        self._chance, self._defect = chance, defect or {}
        spoken = [language for language in ("en", "de") if self._defect.get(language)]
        general = not any(self._defect.get(language) for language in ("en", "de"))
        self._language = chance.choice(spoken or (["en", "de"] if general and not defect else ["en"]))
        self._channel = self._defect.get("channel") or chance.choice(
            ["mail", "post", "landing_page"] if defect else list(_MIDDLES)
        )
        self._form = chance.choice(list(CopyForm))
        self._bank = _sentences()[self._language]

    def composed(self) -> dict[str, Any]:
        """Return the data of a case."""
        sentences = self._with_defect(self._clean_sentences())
        title = self._chance.choice(self._defect.get("title") or self._bank["titles"])
        source = self._written(title, sentences, self._link())
        return {
            "source": source,
            "form": self._form.value,
            "channel": self._channel,
            "language": self._language,
            "region": self._chance.choice(["DE", "AT", "CH"]),
        }

    def _clean_sentences(self) -> list[str]:
        chance, bank = self._chance, self._bank
        fewest, most = _MIDDLES[self._channel]
        middles = chance.sample(bank["middles"], min(chance.randint(fewest, most), len(bank["middles"])))
        quotes = chance.sample(bank["quotes"], 1) if self._channel != "ad" and chance.random() < 0.4 else []  # noqa: PLR2004 (often enough to be met)
        found = [chance.choice(bank["openings"]), *middles, *quotes, chance.choice(bank["endings"])]
        if self._channel == "ad" and not self._defect:
            while sum(map(len, found)) > _MOST_OF_AD and len(found) > 1:
                found.pop(0)
        return found

    def _with_defect(self, sentences: list[str]) -> list[str]:
        defect, chance = self._defect, self._chance
        if planted := defect.get(self._language):
            sentences.insert(chance.randint(1, len(sentences)), chance.choice(planted))
        if defect.get("replace"):
            return [chance.choice(defect["replace"])]
        if defect.get("repeat"):
            return [*sentences, *self._chance.sample(self._bank["middles"], 6)]
        return [*sentences[:-1], sentences[-1] + defect["add"]] if defect.get("add") else sentences

    def _link(self) -> str:
        if self._defect.get("link"):
            return str(self._chance.choice(self._defect["link"]))
        return f"https://kestrel.example/{self._chance.choice(_PATHS)}?{_TAGS[self._channel]}"

    def _written(self, title: str, sentences: Sequence[str], link: str) -> str:
        half = max(len(sentences) // 2, 1)
        first, second = " ".join(sentences[:half]), " ".join(sentences[half:])
        if self._form is CopyForm.MARKDOWN:
            return f"# {title}\n\n{first}\n\n{second}\n\n[kestrel.example]({link})\n"
        if self._form is CopyForm.HTML:
            address = link.replace("&", "&amp;")
            return (
                f"<h1>{title}</h1>\n<script>var best = 'the cheapest!!';</script>\n<p>{first}</p>\n<p>{second}\n"
                f'<a href="{address}">kestrel.example</a></p>\n'
            )
        return f"Headline: {title}\n\n{first}\n\n{second}\n{link}\n"
