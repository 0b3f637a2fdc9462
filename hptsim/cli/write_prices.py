"""`python -m hptsim.cli.write_prices LIST.json OUT.toml [REGION] [USD_PER_UNIT]`: prices from a saved list of the service.

Where the list is not in US dollars, USD_PER_UNIT is what a unit of its currency is worth.
A scenario names it with `prices = "OUT.toml"`, `hptsim plan --trace` and `hptsim replay` with `--prices OUT.toml`.
"""

from __future__ import annotations

import sys

from hptsim.cli.exit_codes import BAD_INPUT, SUCCESS
from hptsim.errors import InvalidInput
from hptsim.scenario.price_lists import from_price_list


def main(arguments: list[str]) -> int:
    """Write the table, and say what is in it; bad input is said on standard error and changes nothing."""
    if not 2 <= len(arguments) <= 4:
        print(__doc__, file=sys.stderr)
        return BAD_INPUT
    source, out, region, worth = (*arguments, "", "")[:4]
    try:
        usd_per_unit = float(worth) if worth else None
    except ValueError:
        print(f"write_prices: USD_PER_UNIT: got {worth!r}, expected a number, such as 0.14", file=sys.stderr)
        return BAD_INPUT
    try:
        prices = from_price_list(source, region, usd_per_unit=usd_per_unit)
        prices.dump(out)
    except (InvalidInput, OSError) as error:
        print(f"write_prices: {error}", file=sys.stderr)
        return BAD_INPUT
    print(f"{out}: {len(prices.on_demand_usd_per_hour)} instance types, {prices.region}, {prices.date}")
    return SUCCESS


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
