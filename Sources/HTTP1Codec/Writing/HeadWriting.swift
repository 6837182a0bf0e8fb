// SPDX-License-Identifier: Apache-2.0

extension HTTP1MessageWriter {
  /// Rejects the fields that only the writer may set.
  static func check(_ fields: HTTPFields, of message: HTTP1Error.Message) throws(HTTP1Error) {
    for name in ["content-length", "transfer-encoding", "host"]
    where fields.contains(name) && (name != "host" || message == .request) {
      throw HTTP1Error(message, .framingFieldInFields, name.utf8)
    }
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
      buffer.append(text: "Content-Length: ")
      buffer.append(number: length)
      buffer.append(text: "\r\n")
    case .chunked:
      buffer.append(text: "Transfer-Encoding: chunked\r\n")
    }
  }
}
