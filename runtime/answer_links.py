"""The desk's answer links by its settings, for the worker that makes them and the inbox that reads them."""

from dispatch.storage.answer_links import AnswerLinks
from runtime.settings import Settings


def answer_links_from(settings: Settings) -> AnswerLinks:
    """Return the signer of answer links; the secret is read on first use."""
    return AnswerLinks(
        settings.inbox_url, settings.var_dir / "answer-links.secret", settings.answer_link_secret
    )
