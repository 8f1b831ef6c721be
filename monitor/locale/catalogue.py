"""How is an English text of the program said in another language?

English texts in the source are the message ids; `zh_CN.po` beside this file is read once, without a compile step.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import Final, get_args

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from ticketing.ticket import Language

LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)

Translate = Callable[[str], str]


def msg(text: str) -> str:
    """Mark a text for the catalogue without translating it yet."""
    return text


@cache
def read_catalogue(language: Language) -> Catalog:
    """The catalogue of a language other than English, as it is written beside this file."""
    path = resources.files("monitor.locale").joinpath(f"{language}.po")
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


@cache
def catalogue(language: Language) -> NullTranslations:
    """The translations of a language, with gettext's methods; English is the source and needs no file."""
    if language == "en":
        return NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, read_catalogue(language))
    compiled.seek(0)
    return Translations(compiled)


def translate(language: Language) -> Translate:
    """The function that says a message id in that language; an unknown id is given back as it is."""
    return catalogue(language).gettext
