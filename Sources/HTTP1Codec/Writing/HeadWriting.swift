// SPDX-License-Identifier: Apache-2.0

extension HTTP1MessageWriter {
  /// Rejects the fields that only the writer may set. Returns the reserved names that are allowed.
  @discardableResult
  static func check(_ fields: HTTPFields, of message: HTTP1Error.Message) throws(HTTP1Error) -> ReservedNames {
    let reserved = fields.reservedNames
    if reserved.contains(.contentLength) { throw HTTP1Error(message, .framingFieldInFields, "content-length".utf8) }
    if reserved.contains(.transferEncoding) {
      throw HTTP1Error(message, .framingFieldInFields, "transfer-encoding".utf8)
    }
    if message == .request && reserved.contains(.host) {
      throw HTTP1Error(message, .framingFieldInFields, "host".utf8)
    }
    return reserved
  }

  static func append(_ fields: HTTPFields, into buffer: inout [UInt8]) {
    for line in fields.lines {
      buffer.append(contentsOf: fields.storage[line.name])
      buffer.append(ASCII.colon)
      buffer.append(ASCII.space)
      buffer.append(contentsOf: fields.storage[line.value])
      buffer.append(ASCII.cr)
      buffer.append(ASCII.lf)
    }
  }

  static func append(_ framing: HTTP1BodyFraming, into buffer: inout [UInt8]) {
    switch framing {
    case .none, .untilClose: break
    case .contentLength(let length):
      buffer.append(static: "Content-Length: ")
      buffer.append(number: length)
      buffer.append(static: "\r\n")
    case .chunked:
      buffer.append(static: "Transfer-Encoding: chunked\r\n")
    }
  }
}
