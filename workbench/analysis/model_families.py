"""Which maker's models a model belongs to, by the name under which it is called."""

from __future__ import annotations

import re

_FAMILIES: tuple[tuple[str, str], ...] = (
    ("OpenAI", r"gpt|chatgpt|o[1345](?:-|$)|codex|davinci"),
    ("Anthropic", r"claude"),
    ("Google", r"gemini|gemma|palm"),
    ("Meta", r"llama(?!\.cpp)"),
    ("Mistral", r"mistral|mixtral|ministral|codestral|magistral|pixtral|devstral"),
    ("Qwen", r"qwen|qwq"),
    ("DeepSeek", r"deepseek"),
    ("Cohere", r"command|aya(?:-|$)"),
    ("xAI", r"grok"),
    ("Microsoft", r"phi-?\d"),
    ("Amazon", r"nova|titan"),
    ("Moonshot", r"kimi|moonshot"),
    ("Zhipu", r"glm"),
    ("Hugging Face", r"smollm"),
)
_PATTERNS = tuple((name, re.compile(rf"(?:^|[/.:_-])(?:{pattern})", re.IGNORECASE)) for name, pattern in _FAMILIES)


def family_of(model: str) -> str:
    """The maker, such as `OpenAI` for `azure/gpt-4.1-mini`; for an unknown name the name itself without folder and date."""
    for name, pattern in _PATTERNS:
        if pattern.search(model):
            return name
    bare = model.rsplit("/", 1)[-1].split(":")[0]
    return re.sub(r"[-@]?(?:\d{8}|\d{4}-\d{2}-\d{2}|latest)$", "", bare) or model
