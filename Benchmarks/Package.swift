// swift-tools-version: 6.2
// The benchmarks are a package of their own, so that users of the library never see it.
import PackageDescription

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("InferIsolatedConformances"),
]

let package = Package(
  name: "asyncio-benchmarks",
  dependencies: [.package(name: "swift-asyncio", path: "..")],
  targets: [
    .executableTarget(
      name: "asyncio-peer",
      dependencies: [
        .product(name: "AsyncIO", package: "swift-asyncio"),
        .product(name: "AsyncIOHTTP", package: "swift-asyncio"),
        .product(name: "AsyncIOTLS", package: "swift-asyncio"),
      ],
      swiftSettings: settings)
  ]
)
