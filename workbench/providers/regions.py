"""Where a model runs, as far as its address or its name says so. Pure: nothing is asked, and what is not said is not known.

The names are those of the clouds' own lists: https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html,
https://cloud.google.com/compute/docs/regions-zones, https://learn.microsoft.com/azure/reliability/regions-list. A region in Europe
need not lie in the European Union: London, Zurich and Oslo do not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

_AWS = re.compile(r"^bedrock(?:-[a-z]+)*\.((?:[a-z]{2,4}-)+(?:[a-z]+-)?\d+)\.(?:amazonaws\.com(?:\.cn)?|api\.aws)$", re.I)
_GOOGLE = re.compile(r"^([a-z]+-[a-z]+\d+)-aiplatform\.googleapis\.com$", re.I)
_AZURE = re.compile(r"^([a-z]+\d?)\.api\.cognitive\.microsoft\.com$", re.I)
_PROFILE = re.compile(r"^(us|us-gov|eu|apac|ap|au|jp|ca|sa|uk|global)\.(?=[a-z0-9-]+\.)", re.I)

_IN_THE_EU = frozenset(
    {
        "eu-central-1", "eu-west-1", "eu-west-3", "eu-north-1", "eu-south-1", "eu-south-2",
        "europe-west1", "europe-west3", "europe-west4", "europe-west8", "europe-west9", "europe-west10", "europe-west12",
        "europe-central2", "europe-north1", "europe-north2", "europe-southwest1",
        "swedencentral", "swedensouth", "westeurope", "northeurope", "francecentral", "francesouth", "germanywestcentral", "germanynorth",
        "polandcentral", "italynorth", "spaincentral", "austriaeast", "belgiumcentral", "denmarkeast",
    }
)  # fmt: skip
_US = re.compile(r"^(us-|us$|(east|west|central|northcentral|southcentral|westcentral)us\d?$)")


def region_of(name: str, base_url: str, options: Mapping[str, Any]) -> str:
    """The region in which a model is asked, such as `EU`, `US` or `europe-west2`; empty where nothing says it.

    A model's name on Bedrock may send calls through several regions (`eu.`, `us.`, `global.`): then that counts, not the address.
    """
    host = (urlsplit(base_url if "//" in base_url else f"//{base_url}").hostname or "").lower()
    on_aws = _AWS.search(host)
    if on_aws or "region" in options:
        profile = _PROFILE.match(name)
        if profile is not None:
            across = profile[1].lower()
            return "" if across == "global" else "US" if across.startswith("us") else across.upper()
    found = on_aws or _GOOGLE.search(host) or _AZURE.search(host)
    named = str(options.get("region") or (found[1] if found else "")).lower()
    return "EU" if named in _IN_THE_EU else "US" if _US.match(named) else named
