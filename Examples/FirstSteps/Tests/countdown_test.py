# SPDX-License-Identifier: Apache-2.0
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from countdown import count_down


class CountdownTest(unittest.IsolatedAsyncioTestCase):
    async def test_it_counts_down_to_one(self):
        numbers = [number async for number in count_down(3)]
        self.assertEqual(numbers, [3, 2, 1])


if __name__ == "__main__":
    unittest.main()
