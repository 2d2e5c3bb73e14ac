"""The file of models: what it may say, and a sentence for each thing that is wrong."""

from datetime import timedelta
from pathlib import Path

import pytest

from dispatch.language_models.models_file import LanguageModel, key_of, read_models
from dispatch.models.errors import SettingsError
from dispatch.models.work.model_use import ModelPrice, cost_micros

WHOLE = """
models:
  small:
    url: http://127.0.0.1:8080/v1/
    id: smollm2
  strong:
    url: https://models.example.com/v1
    id: strong-70b
    key_variable: STRONG_KEY
    context_tokens: 32768
    answer_tokens: 2048
    timeouts: {connect: 2 seconds, first_token: 20 seconds, total: 90 seconds}
    price: {currency: EUR, per_million_in: 0.15, per_million_out: 0.6}
    concurrency: 8
    requests_a_second: 5
    allow: [models.example.com]
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "models.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_what_it_says_is_read(tmp_path: Path) -> None:
    """With defaults for what it leaves out; personal data is masked for every host but this machine."""
    models = read_models(written(tmp_path, WHOLE))
    small, strong = models["small"], models["strong"]
    assert (small.url, small.masks, strong.masks) == ("http://127.0.0.1:8080/v1", False, True)
    assert small.timeouts.total == timedelta(minutes=2)
    assert strong.timeouts.first_token == timedelta(seconds=20)
    assert key_of(strong, {"STRONG_KEY": " k\n"}).get_secret_value() == "k"
    assert key_of(small, {}).get_secret_value() == ""
    with pytest.raises(SettingsError, match="set STRONG_KEY"):
        key_of(strong, {})


def test_without_a_file_there_are_no_models() -> None:
    """The engine runs without any."""
    assert read_models(None) == {}


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    """A sentence for each, with its place and what to write."""
    text = """
models:
  small: {url: "ftp://x", id: "", colour: red, mask: "yes"}
  Big: {url: "http://127.0.0.1/v1", id: x}
  key: {url: "http://u:p@127.0.0.1/v1", id: x, key_variable: sk-123, concurrency: 0}
  odd: {url: "http://127.0.0.1/v1", id: x, answer_tokens: 9000}
  slow: {url: "http://127.0.0.1/v1", id: x, timeouts: {total: 10}}
  out: {url: "http://a.example/v1", id: x, allow: [a.example]}
  none:
  price: {url: "http://127.0.0.1:99999/v1", id: x, price: {currency: euro, per_million_in: -1}}
"""
    with pytest.raises(SettingsError) as raised:
        read_models(written(tmp_path, text))
    lines = str(raised.value).splitlines()
    for place in (
        *("small.url", "small.id", "small.colour", "small.mask", "Big: it cannot be a model's name"),
        *("key.url", "key.key_variable", "key.concurrency", "odd: answer_tokens", "slow.timeouts.total"),
        *("out: a host of allow", "none.url", "none.id", "price.url", "price.price.currency"),
        *("price.price.per_million_in", "price.price.per_million_out"),
    ):
        assert sum(f"at models.{place}" in line for line in lines) == 1, place
    assert len(lines) == 17
    assert "sk-123" not in str(raised.value)


@pytest.mark.parametrize("text", ["", "[]", "models: []", "models: {}\nmore: 1", "models: {a: {}, a: {}}"])
def test_a_file_of_another_form_is_refused(tmp_path: Path, text: str) -> None:
    """With where it is and what it must be."""
    with pytest.raises(SettingsError, match=r"models\.yaml"):
        read_models(written(tmp_path, text))


def test_a_call_costs_what_its_tokens_cost() -> None:
    """In millionths of the currency, exactly: a price is a decimal, not a float."""
    price = ModelPrice.model_validate(
        {"currency": "EUR", "per_million_in": "0.15", "per_million_out": "0.60"}
    )
    assert cost_micros(1_000_000, 1_000_000, price) == 750_000
    assert cost_micros(1000, 10, price) == 156
    assert cost_micros(0, 0, price) == 0


def test_the_file_of_the_docs_is_read(tmp_path: Path) -> None:
    """docs/models.md shows one that holds."""
    page = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")
    text = page.partition("## models.yaml")[2].partition("```yaml\n")[2].partition("```")[0]
    models = read_models(written(tmp_path, text))
    assert (set(models), models["strong"].masks) == ({"small", "strong"}, True)
    for key in LanguageModel.model_fields:
        assert key == "name" or f"| `{key}` |" in page, key
