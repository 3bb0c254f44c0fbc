"""Writes resources/models.json: prices and context sizes of models, from the data file of genai-prices (MIT; only figures are taken).

    python packaging/models_catalogue.py data.json --date 2026-08-21

`data.json` is the list of providers that genai-prices publishes, `--date` the day of that snapshot. Taken are models with one plain price
for each token read and written. Left out, and so unknown to the app, is whatever one figure cannot say: steps by prompt length,
prices by the hour, fees by the request.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parent.parent / "resources" / "models.json"
VENDORS = ("cerebras", "deepseek", "fireworks", "groq", "mistral", "moonshotai", "openai", "openrouter", "perplexity", "together", "x-ai")
ABOUT = "US dollars for a million tokens [read, written, read from cache] and context size; text: another name of that model"


def main() -> None:
    """Read the catalogue, write the file."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("data", type=Path)
    parser.add_argument("--date", required=True)
    options = parser.parse_args()
    providers = {provider["id"]: provider for provider in json.loads(options.data.read_text("utf-8"))}
    lines = [f' "about": {json.dumps(ABOUT)},', ' "vendors": {']
    blocks = [vendor_lines(providers[name], options.date) for name in VENDORS]
    lines.append(",\n".join(blocks))
    TARGET.write_text("{\n" + "\n".join(lines) + "\n }\n}\n", "utf-8")


def vendor_lines(provider: dict[str, Any], date: str) -> str:
    """The lines of one vendor: source, date, then one line for each model."""
    rows: dict[str, Any] = {}
    for model in provider["models"]:
        row = row_of(model, date)
        if row is None:
            continue
        rows[model["id"]] = row
        for name in names(model["match"]):
            rows.setdefault(name, model["id"])
    source = f"{(provider.get('pricing_urls') or [provider['api_pattern']])[0]} (by way of genai-prices)"
    inner = ",\n".join(f"    {json.dumps(name)}: {json.dumps(rows[name])}" for name in sorted(rows))
    return f'  {json.dumps(provider["id"])}: {{"source": {json.dumps(source)}, "date": "{date}", "models": {{\n{inner}\n  }}}}'


def row_of(model: dict[str, Any], date: str) -> list[Any] | None:
    """`[read, written, read from cache, context]` as decimal strings, or None where one figure cannot say it."""
    prices = model["prices"]
    if isinstance(prices, list):
        valid = [each for each in prices if (each.get("constraint") or {"start_date": "0"}).get("start_date", "z") <= date]
        if len(valid) != 1 or len(prices) != 1:
            return None  # the price changes: which day is meant cannot be said in one row
        prices = valid[0]["prices"]
    if "requests_kcount" in prices or any(isinstance(price, dict) for price in prices.values()):
        return None
    read, written = prices.get("input_mtok"), prices.get("output_mtok")
    if read is None or written is None:
        return None
    cached = prices.get("cache_read_mtok")
    return [text(read), text(written), None if cached is None else text(cached), model.get("context_window")]


def names(match: dict[str, Any]) -> Iterator[str]:
    """The exact names among a model's match rules."""
    if "equals" in match:
        yield match["equals"]
    for inner in match.get("or", ()):
        yield from names(inner)


def text(price: float | str) -> str:
    """A price as a decimal string, without the noise of floating point."""
    return format(Decimal(str(price)).normalize(), "f")


if __name__ == "__main__":
    main()
