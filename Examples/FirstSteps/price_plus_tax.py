# SPDX-License-Identifier: Apache-2.0
import asyncio


async def price_plus_tax(price, rate):
    await asyncio.sleep(0.2)  # asks the tax office
    return price + price * rate


async def main():
    print(await price_plus_tax(100, 0.2))


asyncio.run(main())
