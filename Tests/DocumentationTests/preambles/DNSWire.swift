// SPDX-License-Identifier: Apache-2.0
// What the snippets in the comments of DNSWire have around them.

import DNSWire
