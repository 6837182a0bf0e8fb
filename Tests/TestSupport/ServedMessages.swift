// SPDX-License-Identifier: Apache-2.0

package import HTTP1Codec

/// A request that the small server has read.
package struct ServedRequest: Sendable {
  package let head: HTTP1RequestHead
  package let body: [UInt8]
  /// The position of the request on its connection; the first is 1.
  package let number: Int

  package var method: HTTPMethod { head.method }
  package var target: String { head.target }
  package var fields: HTTPFields { head.fields }
}

/// The small server's response.
package struct ServedResponse: Sendable {
  package enum Body: Sendable {
    case bytes([UInt8])
    /// A chunk of the body for each element.
    case chunks([[UInt8]])
    /// A body without a length: it ends with the connection.
    case untilClose([UInt8])
  }

  package var status: Int
  package var fields: HTTPFields
  package var body: Body
  package var keepsConnectionAlive = true

  package init(_ status: Int = 200, fields: HTTPFields = HTTPFields(), _ body: Body = .bytes([])) {
    self.status = status
    self.fields = fields
    self.body = body
  }

  package init(_ status: Int = 200, fields: HTTPFields = HTTPFields(), text: String) {
    self.init(status, fields: fields, .bytes(Array(text.utf8)))
  }
}
