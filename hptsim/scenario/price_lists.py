"""Prices from a saved price list of the service, a file as its public Price List Bulk API gives it (JSON).

The format is that of docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/reading-service-price-list-file-for-services.html.
Nothing is downloaded here.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hptsim.errors import invalid, nearest
from hptsim.scenario.prices import Prices

_TRAINING = re.compile(r"(?:[A-Z0-9]+-)?Train:(ml\.[a-z0-9.-]+)", re.ASCII)
"""The usage type of an on-demand training instance: USE1-Train:ml.m5.xlarge."""


def from_price_list(path: str | Path, region: str = "", *, usd_per_unit: float | None = None) -> Prices:
    """The on-demand prices of training instances in a saved price list of Amazon SageMaker, for one *region*.

    A list of one region needs no *region*. Where prices are not in US dollars, *usd_per_unit* is what a unit of their currency
    is worth. Raises InvalidInput for a file that is no such list, an unknown region, and two prices of one type.
    """
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
        products, terms = data["products"], data["terms"]["OnDemand"]
        date, version = str(data["publicationDate"])[:10], str(data["version"])
        found = list(_training(products, terms))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise invalid(
            str(path), repr(error), "a saved price list in JSON, with products, terms and publicationDate"
        ) from error
    regions = sorted({one for one, *_ in found})
    if not region and len(regions) == 1:
        region = regions[0]
    if region not in regions:
        expected = "a region of the list that has training instances"
        raise invalid("region", region, expected, nearest(region, regions) if regions else "it has none")
    prices: dict[str, float] = {}
    for where, kind, currency, amount in found:
        if where != region:
            continue
        if currency != "USD" and usd_per_unit is None:
            raise invalid(f"{path}: {kind}", currency, "prices in USD", "say what a unit is worth: usd_per_unit")
        usd = amount * (1.0 if currency == "USD" or usd_per_unit is None else usd_per_unit)
        if prices.setdefault(kind, usd) != usd:
            raise invalid(f"{path}: {kind}", (prices[kind], usd), "one price an hour")
    source = f"price list of Amazon SageMaker, version {version}, on-demand training"
    source += f", at {usd_per_unit:g} US dollars a unit" if usd_per_unit is not None else ""
    return Prices(date, region, source, dict(sorted(prices.items())))


def _training(products: Mapping[str, Any], terms: Mapping[str, Any]) -> Iterator[tuple[str, str, str, float]]:
    """Region, instance type, currency and price an hour of each training instance in the list."""
    for sku, product in products.items():
        usage = _TRAINING.fullmatch(product["attributes"].get("usagetype", ""))
        if usage is None or sku not in terms:
            continue
        for term in terms[sku].values():
            for dimension in term["priceDimensions"].values():
                if dimension["unit"] != "Hrs":
                    continue
                for currency, text in dimension["pricePerUnit"].items():
                    amount = float(text)
                    if not math.isfinite(amount):
                        raise ValueError(f"{usage[1]}: {text}")
                    yield product["attributes"]["regionCode"], usage[1], currency, amount
