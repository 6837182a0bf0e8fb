// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// Another implementation's server, as a child process that serves a folder.
struct PeerServer: Sendable {
  let port: UInt16
  private let process: TestProgram

  /// A folder of its own.
  private let home: URL?

  private init(_ process: TestProgram, port: UInt16, home: URL? = nil) {
    self.process = process
    self.port = port
    self.home = home
  }

  func stop() {
    process.stop()
    if let home { try? FileManager.default.removeItem(at: home) }
  }

  var url: String { "http://127.0.0.1:\(port)" }

  /// Python's http.server on a port that the system chooses. It speaks HTTP/1.0 and closes after each response.
  static func python(serving folder: URL) throws -> PeerServer {
    let script = """
      import functools, http.server, socketserver, sys
      class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments): pass
      class Server(socketserver.ThreadingTCPServer):
        request_queue_size = 1024
        daemon_threads = True
      with Server(("127.0.0.1", 0), functools.partial(Handler, directory=sys.argv[1])) as server:
        sys.stdout.write(f"{server.server_address[1]}\\n")
        sys.stdout.flush()
        server.serve_forever()
      """
    let process = try TestProgram("python3", ["-c", script, folder.path], errors: .discarded)
    let line = process.readLine() ?? ""
    guard let port = UInt16(line) else {
      throw TestProgramError("python3 did not say its port: \(line.debugDescription)")
    }
    return PeerServer(process, port: port)
  }

  /// nginx in one process. It does not support port 0.
  static func nginx(serving folder: URL) throws -> PeerServer {
    let path = ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx"].first {
      FileManager.default.isExecutableFile(atPath: $0)
    }
    guard let path else { throw TestProgramError("nginx is not installed (Scripts/install-dependencies test)") }
    let home = try temporaryFolder()
    // Binding finds a free port. If two tests find one port, one nginx fails to start, and its test tries again.
    for _ in 0..<20 {
      let port = try freePort()
      let configuration = """
        daemon off; master_process off; pid \(home.path)/pid; error_log \(home.path)/error.log;
        events { worker_connections 1024; }
        http {
          access_log off; keepalive_requests 100;
          client_body_temp_path \(home.path)/b; proxy_temp_path \(home.path)/p; fastcgi_temp_path \(home.path)/f;
          uwsgi_temp_path \(home.path)/u; scgi_temp_path \(home.path)/s;
          server { listen 127.0.0.1:\(port) backlog=1024; root \(folder.path); }
        }
        """
      let file = home.appendingPathComponent("nginx.conf")
      try configuration.write(to: file, atomically: true, encoding: .utf8)
      let process = try TestProgram(
        path, ["-p", home.path, "-e", "\(home.path)/error.log", "-c", file.path], errors: .discarded)
      while process.isRunning {
        if accepts(port) { return PeerServer(process, port: port, home: home) }
      }
    }
    throw TestProgramError("nginx did not start")
  }

  private static func withSocket<Result>(_ body: (Int32) throws -> Result) throws -> Result {
    let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard number >= 0 else { throw TestProgramError("socket: errno \(errno)") }
    defer { close(number) }
    return try body(number)
  }

  private static func address(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
    return address
  }

  private static func freePort() throws -> UInt16 {
    try withSocket { number in
      var address = address(0)
      var size = socklen_t(MemoryLayout<sockaddr_in>.size)
      let failed = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(number, $0, size) != 0 || getsockname(number, $0, &size) != 0
        }
      }
      if failed { throw TestProgramError("bind: errno \(errno)") }
      return UInt16(bigEndian: address.sin_port)
    }
  }

  private static func accepts(_ port: UInt16) -> Bool {
    let connected = try? withSocket { number in
      var address = address(port)
      return withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(number, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
      }
    }
    return connected ?? false
  }
}
