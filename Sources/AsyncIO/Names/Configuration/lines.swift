// SPDX-License-Identifier: Apache-2.0

/// Calls the body with the fields of each line that has any: the text between spaces and tabs, up to a comment. Works
/// on bytes, not characters: a file of /etc can have megabytes.
func forEachLine(of text: String, comments: [UInt8], _ body: ([String]) -> Void) {
  for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
    let content = line.prefix { !comments.contains($0) }
    let fields = content.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }
    if !fields.isEmpty { body(fields.map { String(decoding: $0, as: UTF8.self) }) }
  }
}
