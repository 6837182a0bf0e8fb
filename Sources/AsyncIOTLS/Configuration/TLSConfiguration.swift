// SPDX-License-Identifier: Apache-2.0
// A value that holds settings. Its copies share one object with the files read and the keys parsed by OpenSSL. That
// object is made when it is first needed, and changing a setting starts a new one. So nothing is loaded once per
// connection, and users need no second object.

/// How a connection is secured: which peers to trust, what to show them, and how long to wait.
///
/// ```swift
/// var tls = TLSConfiguration.client()
/// tls.minimumVersion = .tls13
/// tls.applicationProtocols = ["http/1.1"]
/// let stream = try await ByteStream.connect(host: "example.org", port: 443, tls: tls)
/// ```
///
/// Files are read by the first use of the configuration or by `load()`. This value and its copies keep what was read.
/// To use a renewed certificate, make a new configuration. Reading the system's roots takes some milliseconds, once per
/// configuration: keep a configuration and use it again.
public struct TLSConfiguration: Sendable {
  /// The side of a handshake.
  public enum Role: Hashable, Sendable { case client, server }

  /// Certificates, keys or revocation lists in PEM (RFC 7468).
  public enum PEM: Hashable, Sendable {
    /// A file with this path.
    case file(String)
    /// The text itself.
    case text(String)
  }

  /// Where trust begins: the root certificates.
  public enum Roots: Hashable, Sendable {
    /// The system's roots. `SSL_CERT_FILE` and `SSL_CERT_DIR` in the environment replace them, as always with OpenSSL.
    case system
    /// One or more certificates.
    case pem(PEM)
  }

  /// What a client verifies about a server's certificate.
  public enum Verification: Hashable, Sendable {
    /// The chain up to a root, and the host's name or IP address.
    case full
    /// The chain only. The holder of any trusted certificate can pose as the host.
    case withoutName
    /// Nothing: anyone can pose as the host. For tests, and for peers authenticated in another way.
    case none
  }

  /// Whether a server asks clients for certificates.
  public enum ClientCertificates: Hashable, Sendable {
    /// The server asks for none.
    case notRequested
    /// A client may omit the certificate; one that is shown must verify.
    case optional
    /// The server refuses clients without a certificate that verifies.
    case required
  }

  struct Settings: Hashable, Sendable {
    var role: Role
    var minimumVersion = TLSVersion.tls12
    var maximumVersion = TLSVersion.tls13
    var applicationProtocols: [String] = []
    var roots: [Roots] = [.system]
    var certificateChain: PEM?
    var privateKey: PEM?
    var verification = Verification.full
    var clientCertificates = ClientCertificates.notRequested
    var revocationLists: [PEM] = []
    var resumesSessions = true
  }

  private var settings: Settings { didSet { if settings != oldValue { loaded = LoadedContext() } } }
  private var loaded = LoadedContext()

  private init(_ settings: Settings) { self.settings = settings }

  // MARK: - Making one

  private static let usualClient = TLSConfiguration(Settings(role: .client))

  /// A client's configuration, which verifies servers against the system's roots.
  public static func client() -> TLSConfiguration { usualClient }

  /// A server's configuration from PEM files: one with its certificate and the intermediates, one with its private key.
  ///
  /// ```swift
  /// let tls = TLSConfiguration.server(certificateChainFile: "fullchain.pem", privateKeyFile: "privkey.pem")
  /// let server = try await startServer(host: "0.0.0.0", port: 8443, tls: tls) { stream in
  ///   while let line = try await stream.readLine() { try await stream.write(line + "\n") }
  /// }
  /// ```
  public static func server(certificateChainFile: String, privateKeyFile: String) -> TLSConfiguration {
    server(certificateChain: .file(certificateChainFile), privateKey: .file(privateKeyFile))
  }

  /// A server's configuration from PEM: its certificate with the intermediates, and its private key.
  public static func server(certificateChain: PEM, privateKey: PEM) -> TLSConfiguration {
    var settings = Settings(role: .server)
    settings.certificateChain = certificateChain
    settings.privateKey = privateKey
    return TLSConfiguration(settings)
  }

  /// Reads the files now rather than for the first connection.
  ///
  /// - Throws: `TLSError` of the kind `invalidConfiguration`.
  public func load() throws { _ = try context() }

  var isLoaded: Bool { loaded.isMade }

  func context() throws -> TLSContext { try loaded.context(settings) }

  // MARK: - Settings

  /// The side of the handshake that this configuration is for.
  public var role: Role { settings.role }

  /// The oldest version to accept; TLS 1.2 by default.
  public var minimumVersion: TLSVersion {
    get { settings.minimumVersion }
    set { settings.minimumVersion = newValue }
  }

  /// The newest version to accept; TLS 1.3 by default.
  public var maximumVersion: TLSVersion {
    get { settings.maximumVersion }
    set { settings.maximumVersion = newValue }
  }

  /// The application protocols (ALPN, RFC 7301), best first: `h2`, `http/1.1`. A client offers them. A server chooses
  /// its best one that the client offers, and refuses a client that offers only others. Empty, the default, leaves ALPN
  /// out.
  public var applicationProtocols: [String] {
    get { settings.applicationProtocols }
    set { settings.applicationProtocols = newValue }
  }

  /// The roots to trust; the system's by default. On a server, client certificates have to chain up to them.
  public var roots: [Roots] {
    get { settings.roots }
    set { settings.roots = newValue }
  }

  /// This side's certificate, followed by the intermediates. A client needs one only for servers that ask for it.
  public var certificateChain: PEM? {
    get { settings.certificateChain }
    set { settings.certificateChain = newValue }
  }

  /// The private key of this side's certificate, unencrypted.
  public var privateKey: PEM? {
    get { settings.privateKey }
    set { settings.privateKey = newValue }
  }

  /// What a client verifies about a server; `full` by default.
  public var verification: Verification {
    get { settings.verification }
    set { settings.verification = newValue }
  }

  /// Whether a server asks clients for certificates; it does not by default.
  public var clientCertificates: ClientCertificates {
    get { settings.clientCertificates }
    set { settings.clientCertificates = newValue }
  }

  /// Certificate revocation lists (RFC 5280 section 5). If there are any, every certificate of a peer's chain is looked
  /// up. A certificate whose issuer has no list here is refused.
  public var revocationLists: [PEM] {
    get { settings.revocationLists }
    set { settings.revocationLists = newValue }
  }

  /// Whether later connections to a peer resume its session with a shorter handshake (tickets, RFC 8446 section 2.2);
  /// true by default. A client keeps tickets for up to 256 hosts.
  public var resumesSessions: Bool {
    get { settings.resumesSessions }
    set { settings.resumesSessions = newValue }
  }

  /// How long a handshake may take, by the loop's clock; 60 s, as in asyncio (`ssl_handshake_timeout`).
  public var handshakeTimeLimit: Duration = .seconds(60)

  /// How long `close` waits for the peer to receive what was written and to end its own side; 30 s, as in asyncio
  /// (`ssl_shutdown_timeout`). Then `close` throws, and bytes that the peer has not received are lost.
  public var shutdownTimeLimit: Duration = .seconds(30)
}

/// A version of TLS. Older versions are broken (RFC 8996) and not supported.
public enum TLSVersion: Int, Hashable, Comparable, Sendable, CustomStringConvertible {
  /// RFC 5246.
  case tls12 = 0x0303
  /// RFC 8446.
  case tls13 = 0x0304

  public static func < (left: TLSVersion, right: TLSVersion) -> Bool { left.rawValue < right.rawValue }

  /// `TLS 1.3`.
  public var description: String { self == .tls12 ? "TLS 1.2" : "TLS 1.3" }
}
