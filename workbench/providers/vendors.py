"""Vendors: rows of `resources/providers.toml`, read by the library, which knows connections by them too."""

from __future__ import annotations

from workbench.library.vendors import Vendor as Vendor
from workbench.library.vendors import named_after as named_after
from workbench.library.vendors import paid_at as paid_at
from workbench.library.vendors import vendor as vendor
from workbench.library.vendors import vendor_at as vendor_at
from workbench.library.vendors import vendors as vendors
