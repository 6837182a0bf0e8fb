// SPDX-License-Identifier: Apache-2.0
// The surroundings of the snippets in the comments of CivilTime.

import CivilTime

let zone = ZoneRules.utc
