"""Saved price lists in the service's public format (a few entries made here) become tables of prices."""

import json

import pytest

from hptsim.errors import InvalidInput
from hptsim.scenario.price_lists import from_price_list


def product(usage, region):
    return {
        "productFamily": "ML Instance",
        "attributes": {"usagetype": usage, "regionCode": region, "servicecode": "AmazonSageMaker"},
    }


def term(sku, price, currency="USD", unit="Hrs"):
    dimension = {"unit": unit, "pricePerUnit": {currency: price}, "description": "..."}
    return {f"{sku}.T": {"offerTermCode": "T", "sku": sku, "priceDimensions": {f"{sku}.T.R": dimension}}}


def listed(**changes):
    return {
        "formatVersion": "v1.0",
        "offerCode": "AmazonSageMaker",
        "version": "20261101000000",
        "publicationDate": "2026-11-01T09:30:00Z",
        "products": {
            "A": product("USE1-Train:ml.m5.xlarge", "us-east-1"),
            "B": product("Train:ml.p4d.24xlarge", "us-east-1"),
            "C": product("USE1-Host:ml.m5.xlarge", "us-east-1"),
            "D": product("EU-Train:ml.m5.xlarge", "eu-west-1"),
            "E": product("USE1-Train:ml.m5.large", "us-east-1"),
        },
        "terms": {
            "OnDemand": {
                "A": term("A", "0.2300000000"),
                "B": term("B", "30.5"),
                "C": term("C", "9"),
                "D": term("D", "0.257"),
                "E": term("E", "7", unit="GB"),
            }
        },
        **changes,
    }


@pytest.fixture
def saved(tmp_path):
    def save(data):
        path = tmp_path / "index.json"
        path.write_text(json.dumps(data) if not isinstance(data, str) else data)
        return path

    return save


def test_training_instances_of_a_region_are_taken(saved):
    prices = from_price_list(saved(listed()), "us-east-1")
    assert prices.on_demand_usd_per_hour == {"ml.m5.xlarge": 0.23, "ml.p4d.24xlarge": 30.5}
    assert (prices.date, prices.region) == ("2026-11-01", "us-east-1") and "20261101000000" in prices.source
    assert from_price_list(saved(listed()), "eu-west-1").of("ml.m5.xlarge") == 0.257


def test_the_only_region_needs_no_name(saved):
    products = {"D": product("EU-Train:ml.m5.xlarge", "eu-west-1")}
    assert from_price_list(saved(listed(products=products))).region == "eu-west-1"


def test_another_currency_is_converted(saved):
    products = {"A": product("CNN1-Train:ml.m5.xlarge", "cn-north-1")}
    data = listed(products=products, terms={"OnDemand": {"A": term("A", "2.0", "CNY")}})
    with pytest.raises(
        InvalidInput, match=r"ml\.m5\.xlarge: got 'CNY', expected prices in USD; say what a unit is worth"
    ):
        from_price_list(saved(data))
    prices = from_price_list(saved(data), usd_per_unit=0.25)
    assert prices.of("ml.m5.xlarge") == 0.5 and "at 0.25 US dollars a unit" in prices.source


@pytest.mark.parametrize(
    ("data", "region", "message"),
    [
        (listed(), "us-east", "region: got 'us-east', .*did you mean 'us-east-1'"),
        (listed(), "", "region: got '', .*valid are: eu-west-1, us-east-1"),
        (listed(products={}), "", "region: .*it has none"),
        (listed(terms={}), "us-east-1", "a saved price list in JSON"),
        (listed(publicationDate="yesterday"), "us-east-1", "date: got 'yesterday'"),
        ("{", "us-east-1", "a saved price list in JSON"),
        ("[]", "us-east-1", "a saved price list in JSON"),
        (
            listed(terms={"OnDemand": {"A": {**term("A", "1"), **{"x": term("A", "2")["A.T"]}}}}),
            "us-east-1",
            "ml.m5.xlarge: got .*expected one price an hour",
        ),
    ],
)
def test_what_is_no_such_list_is_refused(saved, data, region, message):
    with pytest.raises(InvalidInput, match=message):
        from_price_list(saved(data), region)
