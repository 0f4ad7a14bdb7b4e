// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

/// Tests call POSIX and C far more freely than the product may: no strict memory safety there.
let testing: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]

/// Names clang's runtime: of the host, for nothing here is built for another.
#if arch(arm64)
  let architecture = "aarch64"
#else
  let architecture = "x86_64"
#endif

/// `make fuzz` names the folder of clang's runtime, and so links libFuzzer into FuzzTests.
let fuzzer = Context.environment["HATANG_FUZZER"]

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(
    name: name, dependencies: dependencies, swiftSettings: strict,
    // Addresses of library functions are resolved at the start and then read-only.
    linkerSettings: [.unsafeFlags(["-Xlinker", "-z", "-Xlinker", "relro", "-Xlinker", "-znow"])])
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: testing)
}

let package = Package(
  name: "hatang",
  products: [
    .executable(name: "hatang-agent", targets: ["Agent"]),
    .executable(name: "hatang-aggregator", targets: ["Aggregator"]),
    .executable(name: "hatang-simulator", targets: ["Simulator"]),
  ],
  targets: [
    .systemLibrary(name: "CLinux"),
    .systemLibrary(
      name: "CMosquitto", pkgConfig: "libmosquitto", providers: [.apt(["libmosquitto-dev"])]),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(
      name: "CMicrohttpd", pkgConfig: "libmicrohttpd", providers: [.apt(["libmicrohttpd-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

    module("Packing", ["CZlib"]),
    module("Protocol", ["Packing"]),
    module("Indicators", ["Protocol"]),
    module("MQTT", ["CMosquitto", "Daemon"]),
    module("SQLite", ["CSQLite"]),
    module("Daemon", ["CLinux"]),
    module("Enrolment", ["Protocol", "Daemon"]),

    program("Agent", ["Protocol", "MQTT", "SQLite", "Daemon", "Enrolment"]),
    program(
      "Aggregator",
      [
        "Protocol", "Indicators", "MQTT", "SQLite", "Daemon", "Enrolment", "Packing",
        "CMicrohttpd",
      ]),
    program("Simulator", ["Protocol", "Indicators", "MQTT", "Daemon"]),

    // Brokers, programs, folders, certificates and seeded choices that live as long as a test.
    .target(
      name: "TestSupport", dependencies: ["Daemon"], path: "Tests/TestSupport",
      swiftSettings: testing),
    tests("ProtocolTests", ["Protocol", "TestSupport"]),
    tests("IndicatorsTests", ["Indicators", "Protocol"]),
    tests(
      "MQTTTests",
      ["MQTT", "Agent", "Aggregator", "Enrolment", "Protocol", "Daemon", "TestSupport"]),
    tests("SQLiteTests", ["SQLite", "TestSupport"]),
    tests("DaemonTests", ["Daemon", "TestSupport"]),
    tests(
      "EnrolmentTests", ["Agent", "Aggregator", "Enrolment", "MQTT", "Daemon", "TestSupport"]),
    tests(
      "AgentTests",
      ["Agent", "Protocol", "MQTT", "SQLite", "Daemon", "Enrolment", "TestSupport"]),
    tests(
      "AggregatorTests",
      ["Aggregator", "Protocol", "Indicators", "MQTT", "SQLite", "Daemon", "TestSupport"]),
    tests("SimulatorTests", ["Simulator", "Protocol", "Indicators", "TestSupport"]),
    tests("SystemTests", ["MQTT", "SQLite", "Protocol", "Daemon", "TestSupport"]),
    // Power cuts and failing disks, through an SQLite VFS of its own.
    tests(
      "FaultTests",
      [
        "Agent", "Aggregator", "Indicators", "Protocol", "MQTT", "SQLite", "Daemon", "TestSupport",
        "CSQLite",
      ]),
    // Numbers for `make bench`; skipped in an ordinary run.
    tests(
      "BenchTests",
      ["Agent", "Aggregator", "Indicators", "Protocol", "Simulator", "Daemon", "TestSupport"]),
    // Every decoder and parser against bytes of any kind: the corpus in an ordinary run, libFuzzer
    // in `make fuzz`.
    .testTarget(
      name: "FuzzTests",
      dependencies: [
        "Agent", "Aggregator", "Enrolment", "Packing", "Protocol", "Daemon", "TestSupport",
      ],
      swiftSettings: testing + (fuzzer == nil ? [] : [.define("FUZZING")]),
      linkerSettings: fuzzer.map {
        [.unsafeFlags(["-L", $0, "-lclang_rt.fuzzer_no_main-\(architecture)", "-lstdc++"])]
      } ?? []),
    tests("SeedsTests", []),
    tests("StyleTests", []),
  ]
)
