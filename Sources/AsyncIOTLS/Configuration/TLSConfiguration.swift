// SPDX-License-Identifier: Apache-2.0
// A value of settings. What OpenSSL makes of it, files read and keys parsed, is an object that all copies of the value
// share, made when it is first needed; changing a setting starts a new one. So nothing is loaded once per connection,
// and nobody has to carry a second object around.

/// How a connection is secured: whom to trust, what to show, and how long to wait.
///
/// ```swift
/// var tls = TLSConfiguration.client()
/// tls.minimumVersion = .tls13
/// tls.applicationProtocols = ["http/1.1"]
/// let stream = try await ByteStream.connect(host: "example.org", port: 443, tls: tls)
/// ```
///
/// Files are read when the configuration is first used, or by `load()`; then they are kept for this value and its
/// copies. To take a renewed certificate into use, make a new configuration. Reading the system's roots takes some
/// milliseconds, once per configuration: keep one and use it again.
public struct TLSConfiguration: Sendable {
  public enum Role: Hashable, Sendable { case client, server }

  /// Certificates, keys or revocation lists in PEM (RFC 7468).
  public enum PEM: Hashable, Sendable {
    /// A file with this path.
    case file(String)
    /// The text itself.
    case text(String)
  }

  /// Where trust begins.
  public enum Roots: Hashable, Sendable {
    /// What the system trusts; `SSL_CERT_FILE` and `SSL_CERT_DIR` in the environment replace it, as everywhere with
    /// OpenSSL.
    case system
    /// One or more certificates.
    case pem(PEM)
  }

  /// What a client checks about a server's certificate.
  public enum Verification: Hashable, Sendable {
    /// The chain up to a root, and the name or IP address of the host.
    case full
    /// The chain only: anybody with a certificate of any name can pose as the host.
    case withoutName
    /// Nothing: anybody can pose as the host. For tests, and for peers that are known by another way.
    case none
  }

  /// Whether a server asks clients for certificates.
  public enum ClientCertificates: Hashable, Sendable {
    case notRequested
    /// A client may show none; one that is shown must be good.
    case optional
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

  /// For a client that verifies servers against the system's roots.
  public static func client() -> TLSConfiguration { usualClient }

  /// For a server, with its certificate, those between it and the root, and its key, in PEM.
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

  /// For a server, with its certificate, those between it and the root, and its key.
  public static func server(certificateChain: PEM, privateKey: PEM) -> TLSConfiguration {
    var settings = Settings(role: .server)
    settings.certificateChain = certificateChain
    settings.privateKey = privateKey
    return TLSConfiguration(settings)
  }

  /// Reads the files now, instead of with the first connection.
  ///
  /// - Throws: `TLSError` with the kind `invalidConfiguration`.
  public func load() throws { _ = try context() }

  var isLoaded: Bool { loaded.isMade }

  func context() throws -> TLSContext { try loaded.context(settings) }

  // MARK: - Settings

  /// Which side of a handshake this is for.
  public var role: Role { settings.role }

  /// The oldest version that is spoken; 1.2.
  public var minimumVersion: TLSVersion {
    get { settings.minimumVersion }
    set { settings.minimumVersion = newValue }
  }

  /// The newest version that is spoken; 1.3.
  public var maximumVersion: TLSVersion {
    get { settings.maximumVersion }
    set { settings.maximumVersion = newValue }
  }

  /// What is to be spoken on the connection (ALPN, RFC 7301), best first: `h2`, `http/1.1`. A client offers them, a
  /// server chooses its own best, and refuses clients that offer others only. Empty: it is not talked about.
  public var applicationProtocols: [String] {
    get { settings.applicationProtocols }
    set { settings.applicationProtocols = newValue }
  }

  /// Whom to trust; the system's roots. For a server, whom client certificates have to come from.
  public var roots: [Roots] {
    get { settings.roots }
    set { settings.roots = newValue }
  }

  /// The own certificate first, then those between it and the root. A client needs one only for servers that ask.
  public var certificateChain: PEM? {
    get { settings.certificateChain }
    set { settings.certificateChain = newValue }
  }

  /// The key to the own certificate, not encrypted.
  public var privateKey: PEM? {
    get { settings.privateKey }
    set { settings.privateKey = newValue }
  }

  /// What a client checks; all.
  public var verification: Verification {
    get { settings.verification }
    set { settings.verification = newValue }
  }

  /// Whether a server asks clients for certificates; no.
  public var clientCertificates: ClientCertificates {
    get { settings.clientCertificates }
    set { settings.clientCertificates = newValue }
  }

  /// Certificate revocation lists (RFC 5280 section 5). With any, every certificate of a peer's chain is looked up, and
  /// one whose issuer has no list here is refused.
  public var revocationLists: [PEM] {
    get { settings.revocationLists }
    set { settings.revocationLists = newValue }
  }

  /// Whether later connections to the same peer take a shorter handshake (tickets, RFC 8446 section 2.2); yes. A client
  /// keeps tickets for up to 256 hosts.
  public var resumesSessions: Bool {
    get { settings.resumesSessions }
    set { settings.resumesSessions = newValue }
  }

  /// How long a handshake may take, by the loop's clock; 60 s as in asyncio (`ssl_handshake_timeout`).
  public var handshakeTimeLimit: Duration = .seconds(60)

  /// How long `close` waits for the peer to take what was written and to end its side, too; 30 s as in asyncio
  /// (`ssl_shutdown_timeout`). What the peer has not taken by then is lost, and `close` throws.
  public var shutdownTimeLimit: Duration = .seconds(30)
}
