"""Vendors: rows of `resources/providers.toml`, read by the library, which knows connections by them too."""

from __future__ import annotations

from workbench.formats.vendors import is_address as is_address
from workbench.library.vendors import Vendor as Vendor
from workbench.library.vendors import vendor as vendor
from workbench.library.vendors import vendors as vendors
