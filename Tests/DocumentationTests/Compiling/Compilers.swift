// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// The Swift compiler that built this program, with the modules that it built.
struct SwiftCompiler {
  /// The toolchain's `usr`.
  private let toolchain: URL
  /// The products of this build; the test program is among them.
  private let products: URL

  init() throws {
    // The loaded standard library belongs to the toolchain, wherever that is installed. Use a FileHandle: this file
    // claims to be empty, so Foundation's other ways read only its first page.
    let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/proc/self/maps"))
    let maps = String(decoding: handle.readDataToEndOfFile(), as: UTF8.self).split(separator: "\n")
    let library = "/lib/swift/linux/libswiftCore.so"
    guard let map = maps.first(where: { $0.hasSuffix(library) }), let path = map.firstIndex(of: "/") else {
      throw ToolchainNotFound()
    }
    toolchain = URL(fileURLWithPath: String(map[path...].dropLast(library.count)))
    products = URL(fileURLWithPath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
      .deletingLastPathComponent()
  }

  /// Compiles the snippets, without a product, and returns the diagnostics.
  func check(_ snippets: [Snippet], preamble: String) async throws -> [Diagnostic] {
    var found = try await check(
      SnippetModule(snippets, preamble: preamble).files, ["-swift-version", "6", "-parse-as-library"] + ourModules())
    for snippet in snippets where snippet.language == .swift && snippet.kind == .manifest {
      let interface = toolchain.appendingPathComponent("lib/swift/pm/ManifestAPI").path
      found += try await check(
        ["Package.swift": SnippetModule.manifest(snippet)],
        ["-swift-version", "6", "-I", interface, "-package-description-version", "6.2.0"])
    }
    return found
  }

  /// Compiles up to SIL: ownership and definite initialization are checked after the types.
  private func check(_ files: [String: String], _ arguments: [String]) async throws -> [Diagnostic] {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("snippets-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, text) in files {
      try text.write(to: folder.appendingPathComponent(name), atomically: false, encoding: .utf8)
    }
    let options = [
      "-emit-sil", "-o", "/dev/null", "-wmo", "-module-name", "Documentation", "-diagnostic-style", "llvm",
      "-module-cache-path", products.appendingPathComponent("ModuleCache").path,
    ]
    let sources = files.keys.sorted().map { folder.appendingPathComponent($0).path }
    let compiler = toolchain.appendingPathComponent("bin/swiftc")
    let result = try await TestProgram.run(compiler.path, options + arguments + sources)
    let found = Diagnostic.all(in: result.output)
    if result.status != 0 && found.isEmpty { return [Diagnostic(file: "swiftc", line: 1, message: result.output)] }
    return found
  }

  /// The paths to this build's modules: a folder for Swift's, and a module map for each C module. A system library has
  /// its map among its sources.
  private func ourModules() throws -> [String] {
    let folders = [products, Document.package.appendingPathComponent("Sources")]
    let maps = try folders.flatMap {
      try FileManager.default.contentsOfDirectory(at: $0, includingPropertiesForKeys: nil)
    }
    .map { $0.appendingPathComponent("module.modulemap").path }
    .filter(FileManager.default.fileExists)
    return ["-I", products.appendingPathComponent("Modules").path]
      + maps.sorted().flatMap { ["-Xcc", "-fmodule-map-file=\($0)"] }
  }
}

/// Python's compiler.
enum PythonCompiler {
  /// Compiles the snippets, without running them. They may await at their top level, as in `python -m asyncio`.
  static func check(_ snippets: [Snippet]) async throws -> [Diagnostic] {
    let script = """
      import ast, sys
      for place, code in zip(sys.argv[1::2], sys.argv[2::2]):
          file, line = place.rsplit(":", 1)
          try:
              compile("\\n" * (int(line) - 1) + code, file, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
          except SyntaxError as error:
              print(f"{file}:{error.lineno}: error: {error.msg}")
      """
    let pieces = snippets.filter { $0.language == .python }.flatMap { ["\($0.file):\($0.line)", $0.code] }
    let result = try await TestProgram.run("python3", ["-c", script] + pieces)
    let found = Diagnostic.all(in: result.output)
    if result.status != 0 && found.isEmpty { return [Diagnostic(file: "python3", line: 1, message: result.output)] }
    return found
  }
}

struct ToolchainNotFound: Error, CustomStringConvertible {
  var description: String { "this program has no libswiftCore.so of a toolchain loaded, so its compiler isn't known" }
}
