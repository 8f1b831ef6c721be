"""Which words, numbers and times does a reader of this language see?"""

from __future__ import annotations

from monitor.locale.catalogue import LANGUAGES, Translate, catalogue, msg, translate
from monitor.locale.formats import Formats

__all__ = ["LANGUAGES", "Formats", "Translate", "catalogue", "msg", "translate"]
