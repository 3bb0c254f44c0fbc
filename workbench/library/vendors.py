"""Vendors: rows of `resources/providers.toml`. Comparison files name them too, so they are read beside the formats."""

from __future__ import annotations

from workbench.formats.vendors import Vendor as Vendor
from workbench.formats.vendors import named_after as named_after
from workbench.formats.vendors import paid_at as paid_at
from workbench.formats.vendors import place_of as place_of
from workbench.formats.vendors import vendor as vendor
from workbench.formats.vendors import vendor_at as vendor_at
from workbench.formats.vendors import vendors as vendors
