"""The language of a text: by its script, and for Latin letters by its small words. Good enough for answers, not for single words."""

from __future__ import annotations

import re
from collections import Counter

from workbench.evaluators.facts import Asked, Finding, Handler
from workbench.evaluators.outcomes import CannotRun, Invalid
from workbench.evaluators.texts import as_text

_LETTERS = 20_000
"""As much of an answer as is looked at."""
_FEWEST_HITS = 3
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|https?://\S+", re.DOTALL)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")

_NAMES = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "pt": "Portuguese", "nl": "Dutch", "sv": "Swedish",
    "da": "Danish", "no": "Norwegian", "fi": "Finnish", "pl": "Polish", "cs": "Czech", "tr": "Turkish", "ro": "Romanian",
    "hu": "Hungarian", "id": "Indonesian", "vi": "Vietnamese", "ru": "Russian", "uk": "Ukrainian", "el": "Greek", "ar": "Arabic",
    "he": "Hebrew", "hi": "Hindi", "th": "Thai", "ja": "Japanese", "zh": "Chinese", "ko": "Korean",
}  # fmt: skip
_SMALL_WORDS = {
    "en": "the and of to in is that for with you your are this was not have be it on as can will or from we an by our if please",
    "de": "der die das und ist nicht ein eine zu mit den von sie ich wir für auf dem im des auch es sich ihre ihr wird werden haben bei",
    "fr": "le la les et des est un une du que pour dans vous nous sur pas avec votre au ce qui je ne par il sont cette plus être",
    "es": "el la los las y de que en un una es por con para su se no del al lo como más está usted sus pero este esta son puede",
    "it": "il di che è la e un una per non con del della sono gli le nel si da come più anche questo alla lo suo puoi ha i dei",
    "pt": "o a os as e de que em um uma é por com para não do da se no na mais como seu sua ao você está são foi pelo dos",
    "nl": "de het een en van is dat niet op te in voor met zijn je we ik aan er uw om maar ook als bij door kan worden deze",
    "sv": "och att det som en är på för av med inte den till ett om har vi du kan jag från din detta eller så ska också när",
    "da": "og at det som en er på for af med ikke den til et om har vi du kan jeg fra din dette eller så skal også når blev hvad",
    "no": "og at det som en er på for av med ikke den til et om har vi du kan jeg fra din dette eller så skal også når ble hva",
    "fi": "ja on ei se että hän mutta kuin myös tai olla ovat oli niin jos kun sen voi tämä joka mitä hyvä ole sinun me",
    "pl": "i w nie na z się do jest że to jak o co po ale za od czy dla przez są już być może tym oraz proszę lub",
    "cs": "a se v na je že to s z do o i jako za ale by pro jsou nebo není tak aby jsem který při může vám jste být",
    "tr": "ve bir bu için ile da de çok olarak daha ne gibi olan var değil ama ben sen siz mi en kadar sonra lütfen her",
    "ro": "și de în la cu nu este pe că un o pentru din care se mai sunt ca sau dar ce fi acest această vă poate",
    "hu": "a az és hogy nem is egy van meg de ha csak mint ez azt volt már még lehet vagy kell el ki itt önnek",
    "id": "yang dan di untuk dengan tidak ini itu dari pada adalah akan anda ke dalam saya bisa atau kami sudah juga oleh",
    "vi": "và của là có không cho được trong một các với này người bạn tôi để những khi đã từ đến chúng vào",
}
_OWNERS: dict[str, list[str]] = {}
for _code, _text in _SMALL_WORDS.items():
    for _small in _text.split():
        _OWNERS.setdefault(_small, []).append(_code)
_SCRIPTS = (
    ("hiragana", "ja", "\u3040-\u30ff"), ("hangul", "ko", "\uac00-\ud7af\u1100-\u11ff"), ("han", "zh", "\u4e00-\u9fff"),
    ("cyrillic", "ru", "\u0400-\u04ff"), ("greek", "el", "\u0370-\u03ff"), ("arabic", "ar", "\u0600-\u06ff"),
    ("hebrew", "he", "\u0590-\u05ff"), ("devanagari", "hi", "\u0900-\u097f"), ("thai", "th", "\u0e00-\u0e7f"),
)  # fmt: skip
_SCRIPT_PATTERNS = [(code, re.compile(f"[{letters}]")) for _, code, letters in _SCRIPTS]
_UKRAINIAN = re.compile("[іїєґІЇЄҐ]")


def language_of(text: str) -> str | None:
    """The code of the language, such as `en`; None where the text is too short or too mixed to tell. Code and addresses do not count."""
    text = _CODE.sub(" ", text[:_LETTERS])
    letters = sum(map(str.isalpha, text))
    counts = {code: len(pattern.findall(text)) for code, pattern in _SCRIPT_PATTERNS}
    if counts["ja"] and counts["ja"] * 10 >= counts["zh"]:
        counts["ja"] += counts["zh"]
        counts["zh"] = 0
    best = max(counts, key=lambda code: counts[code])
    if letters and counts[best] * (4 if best in ("ja", "zh", "ko") else 2) > letters:
        return "uk" if best == "ru" and len(_UKRAINIAN.findall(text)) * 50 > counts["ru"] else best
    hits: Counter[str] = Counter()
    for word in _WORD.findall(text.lower()):
        owners = _OWNERS.get(word, ())
        for code in owners:
            hits[code] += 1
    ranked = hits.most_common(2)
    if not ranked or ranked[0][1] < _FEWEST_HITS or (len(ranked) > 1 and ranked[0][1] == ranked[1][1]):
        return None
    return ranked[0][0]


def is_language(asked: Asked) -> Finding:
    """The answer is in this language (`de`, `de-AT` or `German`; of several, one of them)."""
    value = asked.value
    wanted = value if isinstance(value, list) else as_text(value).split(",") if value not in (None, "") else []
    codes = [_code_of(as_text(one).strip()) for one in wanted]
    if not codes:
        raise Invalid("The check names no language, such as de or German.")
    found = language_of(asked.text)
    if found is None:
        raise CannotRun("The answer is too short or too mixed to tell its language.")
    named = " or ".join(_NAMES[code] for code in codes)
    return found in codes, f"The answer is in {_NAMES[found]}, wanted is {named}."


def _code_of(name: str) -> str:
    low = name.lower()
    code = next((code for code, title in _NAMES.items() if title.lower() == low), re.split("[-_]", low)[0])
    code = {"nb": "no", "nn": "no", "cn": "zh", "jp": "ja"}.get(code, code)
    if code not in _NAMES:
        raise CannotRun(f"The language {name} cannot be told here. Known are {', '.join(sorted(_NAMES))}.")
    return code


HANDLERS: dict[str, Handler] = {"language": is_language}
