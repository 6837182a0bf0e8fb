// SPDX-License-Identifier: Apache-2.0
// What the snippets in the comments of HTTP1Codec have around them.

import HTTP1Codec
