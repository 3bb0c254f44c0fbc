"""Vendors: rows of `resources/providers.toml`. Comparison files name them too, so they are read beside the formats."""

from __future__ import annotations

from workbench.formats.vendors import Vendor as Vendor
from workbench.formats.vendors import clean_address as clean_address
from workbench.formats.vendors import place_of as place_of
from workbench.formats.vendors import vendor as vendor
from workbench.formats.vendors import vendors as vendors
