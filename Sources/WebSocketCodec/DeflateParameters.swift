// SPDX-License-Identifier: Apache-2.0
// zlib cannot make a raw stream with a window of 8 bits: it uses 9 instead, and the peer cannot read it. So 8 is
// accepted from a peer for the window of what the peer sends, and never promised for ours.

/// What permessage-deflate was agreed to be (RFC 7692 section 7).
public struct DeflateParameters: Hashable, Sendable {
  /// Whether the server's compressor forgets everything after each message.
  public var serverForgets = false
  /// Whether the client's compressor forgets everything after each message.
  public var clientForgets = false
  /// The server's window, as a power of two: 9 to 15.
  public var serverWindowBits = 15
  /// The client's window, as a power of two: 8 to 15.
  public var clientWindowBits = 15

  /// The extension without parameters: 32 KiB of window each way, kept over messages.
  public init() {}

  /// What this server makes of a client's offers: the first that it can accept. Nil: no offer can be.
  ///
  /// - Parameters:
  ///   - offers: The elements of the client's Sec-WebSocket-Extensions.
  ///   - windowBits: The largest window that this server wants to have for each direction, 9 to 15.
  /// - Returns: What holds, and the element to answer with.
  public static func accept(
    _ offers: [WebSocketExtension], windowBits: Int = 12, forgets: Bool = false
  ) -> (DeflateParameters, WebSocketExtension)? {
    for offer in offers where offer.name == "permessage-deflate" {
      guard let offered = Offer(offer) else { continue }
      var agreed = DeflateParameters()
      var answer: [WebSocketExtension.Parameter] = []
      agreed.serverForgets = offered.serverForgets || forgets
      if agreed.serverForgets { answer.append(.init("server_no_context_takeover")) }
      agreed.clientForgets = offered.clientForgets || forgets
      if agreed.clientForgets { answer.append(.init("client_no_context_takeover")) }
      agreed.serverWindowBits = min(offered.serverWindowBits ?? 15, windowBits)
      guard agreed.serverWindowBits >= 9 else { continue }
      if agreed.serverWindowBits < 15 { answer.append(.init("server_max_window_bits", "\(agreed.serverWindowBits)")) }
      // A client that does not name its own window must not be told one (section 7.1.2.2).
      if offered.namesClientWindow {
        agreed.clientWindowBits = min(offered.clientWindowBits ?? 15, windowBits)
        if agreed.clientWindowBits < 15 { answer.append(.init("client_max_window_bits", "\(agreed.clientWindowBits)")) }
      }
      return (agreed, WebSocketExtension("permessage-deflate", answer))
    }
    return nil
  }

  /// What a client offers.
  public static func offer(windowBits: Int = 12, forgets: Bool = false) -> WebSocketExtension {
    var parameters: [WebSocketExtension.Parameter] = []
    if forgets {
      parameters = [.init("server_no_context_takeover"), .init("client_no_context_takeover")]
    }
    if windowBits < 15 { parameters.append(.init("server_max_window_bits", "\(windowBits)")) }
    parameters.append(.init("client_max_window_bits", windowBits < 15 ? "\(windowBits)" : nil))
    return WebSocketExtension("permessage-deflate", parameters)
  }

  /// What holds by a server's answer to `offer`; nil if the answer does not fit, and the connection must fail.
  public static func agreed(
    _ answer: WebSocketExtension, toOffer windowBits: Int = 12, forgets: Bool = false
  )
    -> DeflateParameters?
  {
    guard answer.name == "permessage-deflate", let offered = Offer(answer) else { return nil }
    // An answer names a window only with its size.
    if offered.namesClientWindow && offered.clientWindowBits == nil { return nil }
    var agreed = DeflateParameters()
    agreed.serverForgets = offered.serverForgets
    agreed.clientForgets = offered.clientForgets || forgets
    agreed.serverWindowBits = offered.serverWindowBits ?? 15
    agreed.clientWindowBits = min(offered.clientWindowBits ?? 15, windowBits)
    if forgets && !agreed.serverForgets { return nil }
    if windowBits < 15 && (offered.serverWindowBits ?? 15) > windowBits { return nil }
    // zlib cannot compress with 8.
    guard agreed.clientWindowBits >= 9 else { return nil }
    return agreed
  }

  private struct Offer {
    var serverForgets = false
    var clientForgets = false
    var serverWindowBits: Int?
    var clientWindowBits: Int?
    var namesClientWindow = false

    /// Nil if a parameter is unknown, repeated, or has a wrong value: the element is declined (section 7.1).
    init?(_ element: WebSocketExtension) {
      guard Set(element.parameters.map(\.name)).count == element.parameters.count else { return nil }
      for parameter in element.parameters {
        switch parameter.name {
        case "server_no_context_takeover":
          guard parameter.value == nil else { return nil }
          serverForgets = true
        case "client_no_context_takeover":
          guard parameter.value == nil else { return nil }
          clientForgets = true
        case "server_max_window_bits":
          guard let bits = Self.bits(parameter.value) else { return nil }
          serverWindowBits = bits
        case "client_max_window_bits":
          namesClientWindow = true
          guard parameter.value != nil else { continue }
          guard let bits = Self.bits(parameter.value) else { return nil }
          clientWindowBits = bits
        default: return nil
        }
      }
    }

    /// 8 to 15, without leading zeros.
    private static func bits(_ text: String?) -> Int? {
      guard let text, let number = Int(text), 8...15 ~= number, text == "\(number)" else { return nil }
      return number
    }
  }
}
