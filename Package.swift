// swift-tools-version: 6.2
// The folder listing is the architecture: a target imports only targets listed above it.
// `Scripts/check-layers` holds the sources against the table that is kept there. No other package is named: a
// user of one product would download it.
import PackageDescription

/// What every Swift target of ours is compiled with.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("InferIsolatedConformances"),
]

let package = Package(
  name: "swift-asyncio",
  products: [
    .executable(name: "aio", targets: ["aio"]),
    .library(name: "AsyncIO", targets: ["AsyncIO"]),
    .library(name: "AsyncIOTLS", targets: ["AsyncIOTLS"]),
    .library(name: "AsyncIOHTTP", targets: ["AsyncIOHTTP"]),
    .library(name: "HTTP1Codec", targets: ["HTTP1Codec"]),
    .library(name: "DNSWire", targets: ["DNSWire"]),
    .library(name: "CivilTime", targets: ["CivilTime"]),
    .library(name: "AsyncIOTesting", targets: ["AsyncIOTesting"]),
  ],
  targets: [
    // ground: the kernel's ABI, the Swift runtime's, and what a stuck thread is doing
    .target(name: "CLinux"),
    .target(name: "CSwiftRuntime"),
    .target(name: "CLinuxBacktrace"),
    .target(name: "CVirtualClock"),
    .systemLibrary(
      name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"]), .yum(["openssl-devel"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .yum(["zlib-devel"])]),
    .target(
      name: "ThreadBacktraces", dependencies: ["CLinuxBacktrace"], swiftSettings: strict + [.strictMemorySafety()]),

    // codecs: bytes in, events out; no async, no I/O
    .target(name: "HTTP1Codec", swiftSettings: strict),
    .target(name: "HTTPSemantics", swiftSettings: strict),
    .target(name: "ContentCodings", dependencies: ["CZlib"], swiftSettings: strict + [.strictMemorySafety()]),
    .target(name: "WebSocketCodec", swiftSettings: strict),
    .target(name: "JSONCodec", swiftSettings: strict),
    .target(name: "DNSWire", swiftSettings: strict),
    .target(name: "CivilTime", swiftSettings: strict),
    .target(name: "BinaryCoding", swiftSettings: strict),

    // engine: the loop, its backends, operations, timers, waits
    .target(
      name: "AsyncIOCore", dependencies: ["CLinux", "CSwiftRuntime", "ThreadBacktraces"],
      swiftSettings: strict + [.strictMemorySafety()]),

    // library: what `import AsyncIO` means
    .target(
      name: "AsyncIO",
      dependencies: ["AsyncIOCore", "BinaryCoding", "CivilTime", "CLinux", "DNSWire", "ThreadBacktraces"],
      swiftSettings: strict + [.strictMemorySafety()]),

    // services: protocols on the loop
    .target(name: "AsyncIOTLS", dependencies: ["AsyncIO", "AsyncIOCore", "COpenSSL"], swiftSettings: strict),
    .target(
      name: "AsyncIOHTTP", dependencies: ["AsyncIO", "AsyncIOCore", "AsyncIOTLS", "HTTP1Codec", "HTTPSemantics"],
      swiftSettings: strict),

    // kits: what tests are written with
    .target(
      name: "AsyncIOTesting", dependencies: ["AsyncIO", "AsyncIOCore", "CVirtualClock"], swiftSettings: strict),

    // tools
    .executableTarget(
      name: "aio", dependencies: ["AsyncIO", "AsyncIOHTTP", "AsyncIOTLS"], swiftSettings: strict),

    // examples
    .executableTarget(
      name: "echo", dependencies: ["AsyncIO"], path: "Examples/Echo", exclude: ["echo.py"], swiftSettings: strict),
    .executableTarget(name: "chat", dependencies: ["AsyncIO"], path: "Examples/Chat", swiftSettings: strict),
    .executableTarget(name: "collector", dependencies: ["AsyncIO"], path: "Examples/Collector", swiftSettings: strict),
    .executableTarget(
      name: "hello-http", dependencies: ["AsyncIO", "AsyncIOHTTP"], path: "Examples/HelloHTTP", swiftSettings: strict),
    .executableTarget(name: "proxy", dependencies: ["AsyncIO"], path: "Examples/Proxy", swiftSettings: strict),
    .executableTarget(
      name: "scheduler", dependencies: ["AsyncIO", "AsyncIOTesting"], path: "Examples/Scheduler",
      swiftSettings: strict),
    .executableTarget(
      name: "multiprocessing", dependencies: ["AsyncIO"], path: "Examples/Multiprocessing", exclude: ["squares.py"],
      swiftSettings: strict),
    // As docs/where-code-runs.md recommends it to programs: what has no actor by itself is the main actor's.
    .executableTarget(
      name: "first-steps", dependencies: ["AsyncIO", "AsyncIOTesting"], path: "Examples/FirstSteps",
      exclude: [
        "Tests", "before_after.py", "countdown.py", "hello_world.py", "periodic_tick.py", "price_plus_tax.py",
        "producer_consumer.py", "shop_search.py", "text_then_images.py", "three_downloads.py",
      ], swiftSettings: strict + [.defaultIsolation(MainActor.self)]),
    .testTarget(
      name: "FirstStepsTests", dependencies: ["first-steps", "AsyncIO", "AsyncIOTesting"],
      path: "Examples/FirstSteps/Tests", exclude: ["countdown_test.py"],
      swiftSettings: strict + [.defaultIsolation(MainActor.self)]),

    // tests
    .target(
      name: "TestSupport", dependencies: ["AsyncIO", "AsyncIOCore", "AsyncIOTLS", "HTTP1Codec"],
      path: "Tests/TestSupport", exclude: ["make-certificates"], swiftSettings: strict),
    .testTarget(
      name: "ExamplesTests",
      dependencies: [
        "AsyncIO", "AsyncIOTesting", "TestSupport", "echo", "chat", "collector", "hello-http", "proxy", "scheduler",
        "multiprocessing",
        "first-steps",
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "soak", dependencies: ["AsyncIO", "AsyncIOCore", "AsyncIOTesting"], path: "Tests/Soak",
      swiftSettings: strict),
    .testTarget(name: "SoakTests", dependencies: ["soak", "TestSupport"], swiftSettings: strict),
    .target(name: "CAllocationCounter", path: "Tests/CAllocationCounter"),
    .target(name: "CThreadSanitizer", path: "Tests/CThreadSanitizer"),
    .executableTarget(
      name: "run-scenarios", dependencies: ["AsyncIO", "AsyncIOTLS"], path: "Tests/RunScenarios", swiftSettings: strict),
    .testTarget(
      name: "ConformanceTests",
      dependencies: [
        "AsyncIO", "AsyncIOCore", "AsyncIOTesting", "CAllocationCounter", "CVirtualClock", "DNSWire", "TestSupport",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "AsyncIOTests",
      dependencies: [
        "AsyncIO", "AsyncIOCore", "AsyncIOTesting", "CAllocationCounter", "CLinux", "CThreadSanitizer", "DNSWire",
        "TestSupport",
      ],
      swiftSettings: strict),
    .testTarget(name: "RunTests", dependencies: ["run-scenarios", "TestSupport"], swiftSettings: strict),
    .executableTarget(
      name: "differential-scenarios", dependencies: ["AsyncIO"], path: "Tests/Differential/swift",
      swiftSettings: strict),
    .testTarget(
      name: "DifferentialTests", dependencies: ["differential-scenarios", "TestSupport"],
      path: "Tests/Differential/comparison", swiftSettings: strict),
    // Its snippets are compiled against these.
    .testTarget(
      name: "DocumentationTests",
      dependencies: [
        "AsyncIO", "AsyncIOHTTP", "AsyncIOTLS", "AsyncIOTesting", "CivilTime", "ContentCodings", "DNSWire",
        "HTTP1Codec", "HTTPSemantics", "JSONCodec", "TestSupport", "ThreadBacktraces", "WebSocketCodec",
      ],
      exclude: ["preambles"], swiftSettings: strict),
    .testTarget(
      name: "AsyncIOTLSTests",
      dependencies: [
        "AsyncIOTLS", "AsyncIO", "AsyncIOCore", "AsyncIOTesting", "COpenSSL", "TestSupport",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "AsyncIOHTTPTests",
      dependencies: [
        "AsyncIOHTTP", "AsyncIO", "AsyncIOCore", "AsyncIOTLS", "AsyncIOTesting", "CAllocationCounter", "HTTP1Codec",
        "TestSupport",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "AioTests",
      dependencies: ["aio", "AsyncIO", "AsyncIOHTTP", "AsyncIOTLS", "AsyncIOTesting", "TestSupport"],
      swiftSettings: strict),
    .testTarget(name: "ThreadBacktracesTests", dependencies: ["ThreadBacktraces"], swiftSettings: strict),
    .testTarget(
      name: "AsyncIOCoreTests", dependencies: ["AsyncIOCore", "CAllocationCounter", "CLinux", "ThreadBacktraces"],
      swiftSettings: strict),
    .testTarget(name: "HTTP1CodecTests", dependencies: ["HTTP1Codec", "TestSupport"], swiftSettings: strict),
    .testTarget(name: "ContentCodingsTests", dependencies: ["ContentCodings"], swiftSettings: strict),
    .testTarget(name: "HTTPSemanticsTests", dependencies: ["HTTPSemantics"], swiftSettings: strict),
    .testTarget(name: "JSONCodecTests", dependencies: ["JSONCodec", "TestSupport"], swiftSettings: strict),
    .testTarget(name: "WebSocketCodecTests", dependencies: ["WebSocketCodec", "TestSupport"], swiftSettings: strict),
    .testTarget(name: "DNSWireTests", dependencies: ["DNSWire", "TestSupport"], swiftSettings: strict),
    .testTarget(name: "CivilTimeTests", dependencies: ["CivilTime"], swiftSettings: strict),
    .testTarget(
      name: "SchedulingTests", dependencies: ["AsyncIO", "AsyncIOCore", "AsyncIOTesting", "CivilTime"],
      exclude: ["python"], swiftSettings: strict),
    .testTarget(name: "BinaryCodingTests", dependencies: ["BinaryCoding"], swiftSettings: strict),
    .testTarget(
      name: "AsyncIOTestingTests", dependencies: ["AsyncIOTesting", "AsyncIO", "AsyncIOCore", "TestSupport"],
      swiftSettings: strict),
  ]
)
