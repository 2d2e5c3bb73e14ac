"""In which language the requester is written to."""

from pathlib import Path

import pytest

from dispatch.models.contract import Contract
from dispatch.models.errors import PlaybookError
from dispatch.models.language import ENGLISH, in_language
from dispatch.process.requester_messages import question_message, reminder_message
from dispatch.texts.answer_page import ANSWER_PAGE_FILE, AnswerPageTexts
from dispatch.texts.approver import APPROVER_FILE, ApproverTexts
from dispatch.texts.loader import load_texts
from dispatch.texts.requester import LANGUAGES, RequesterTexts
from tests.engine.process.test_requester_mail import DEADLINE, QUESTIONS

SHIPPED = Path("dispatch/texts/requester.yaml").read_text(encoding="utf-8")


def test_questions_and_reminders_are_written_in_the_request_s_language() -> None:
    """A German request gets German sentences and a German date, and a language that the engine lacks gets English."""
    german = "\n".join(question_message(QUESTIONS, 1, DEADLINE, "https://desk.example/a/1", "de").paragraphs)
    assert "Bitte antworten Sie bis 5. November 2026, 09:30 UTC" in german
    assert "(zum Beispiel: DD-10001)" in german
    assert "Thank you" not in german
    assert "keine Antwort" in reminder_message(QUESTIONS, 1, 1, DEADLINE, "", "de").paragraphs[0]
    assert question_message(QUESTIONS, 1, DEADLINE, "", "fr") == question_message(QUESTIONS, 1, DEADLINE)


def test_a_text_falls_back_to_the_first_language_that_it_has() -> None:
    """A text by language serves a request in another language too."""
    assert in_language({"de": "Ja", "en": "Yes"}, "en") == "Yes"
    assert in_language({"de": "Ja", "en": "Yes"}, "fr") == "Ja"
    assert in_language("Yes", "de") == "Yes"


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("  de: 'Ihre Nachricht'\n", "", "no_subject"),
        ("am {deadline}.", "am {day}.", "closes_at.de"),
        ("no_subject:", "subject:", "no_subject"),
        ("de: 'Ihre Nachricht'", "de: ' '", "no_subject.de"),
    ],
)
def test_a_texts_file_that_lacks_something_is_refused(tmp_path: Path, old: str, new: str, where: str) -> None:
    """A missing language, another placeholder, an unknown key and an empty text each name their place."""
    file = tmp_path / "requester.yaml"
    file.write_text(SHIPPED.replace(old, new), encoding="utf-8")
    with pytest.raises(PlaybookError) as refused:
        load_texts(file, RequesterTexts, LANGUAGES)
    assert where in str(refused.value)


@pytest.mark.parametrize(
    ("file", "kind", "old", "new", "where"),
    [
        (APPROVER_FILE, ApproverTexts, "priority {priority}", "priority {rank}", "digest_priority"),
        (APPROVER_FILE, ApproverTexts, "fact_why:", "fact_reason:", "fact_why"),
        (ANSWER_PAGE_FILE, AnswerPageTexts, "Wait {seconds} seconds", "Wait", "too_often"),
        (ANSWER_PAGE_FILE, AnswerPageTexts, "  en: 'Send'", "  de: 'Senden'", "send"),
    ],
)
def test_texts_for_approvers_and_of_the_page_are_as_strict(
    tmp_path: Path, file: Path, kind: type[Contract], old: str, new: str, where: str
) -> None:
    """They have one language, and name the place of what is missing or has other placeholders all the same."""
    shipped = file.read_text(encoding="utf-8")
    assert old in shipped
    changed = tmp_path / file.name
    changed.write_text(shipped.replace(old, new), encoding="utf-8")
    with pytest.raises(PlaybookError) as refused:
        load_texts(changed, kind, (ENGLISH,))
    assert where in str(refused.value)
