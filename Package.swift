// swift-tools-version: 6.3
import PackageDescription

// Read the targets from top to bottom: that is the way the data goes.

let package = Package(
    name: "disco",
    products: [
        .executable(name: "disco", targets: ["disco"]),
        .library(name: "Policies", targets: ["Policies"]),
        .library(name: "PolicyFiles", targets: ["PolicyFiles"]),
        .library(name: "PolicySigning", targets: ["PolicySigning"]),
        .library(name: "Scheduling", targets: ["Scheduling"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    ],
    targets: [
        // MARK: Mathematics (no word of the domain)
        .systemLibrary(
            name: "CLinearAlgebra", pkgConfig: "openblas",
            providers: [.apt(["libopenblas-dev", "liblapacke-dev"])]),
        .target(name: "CProcessTuning"),
        .target(name: "LinearAlgebra", dependencies: ["CLinearAlgebra", "CProcessTuning"]),
        .target(name: "Distributions"),
        .target(name: "Optimization"),

        // MARK: The flow
        .target(name: "Serving"),
        .target(name: "Spelling"),
        .target(name: "Files"),
        .target(
            name: "Traces",
            dependencies: [
                "Spelling", "Files",
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "Crypto", package: "swift-crypto"),
            ]),
        .target(name: "Profiles", dependencies: ["Serving", "Traces", "Distributions", "LinearAlgebra"]),
        .target(name: "Costs"),
        // Alone, without Foundation, it still rounds by the C library's mathematics.
        .target(name: "Policies", linkerSettings: [.linkedLibrary("m", .when(platforms: [.linux]))]),
        .target(name: "PolicyFiles", dependencies: ["Policies"]),
        .target(
            name: "PolicySigning", dependencies: ["Policies", .product(name: "Crypto", package: "swift-crypto")]),
        .target(name: "Scheduling", dependencies: ["Policies"]),
        .target(
            name: "Solvers",
            dependencies: ["Serving", "Profiles", "Costs", "Distributions", "LinearAlgebra", "Optimization"]),
        .target(
            name: "Replay", dependencies: ["Serving", "Costs", "Policies", "Scheduling", "Distributions"]),
        .target(name: "Checking", dependencies: ["Serving", "Profiles", "Costs", "Distributions"]),
        .target(
            name: "Studies",
            dependencies: [
                "Serving", "Spelling", "Traces", "Profiles", "Costs", "Policies", "Solvers", "Replay", "Checking",
                "Distributions", "Optimization", "LinearAlgebra", "Yams",
                .product(name: "Crypto", package: "swift-crypto"),
            ]),

        // MARK: Command line
        .executableTarget(
            name: "disco",
            dependencies: [
                "LinearAlgebra", "Files", "Serving", "Traces", "Policies", "PolicySigning", "Studies",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),

        // MARK: Tests
        .target(name: "TestSupport", path: "Tests/TestSupport"),
        .testTarget(name: "LinearAlgebraTests", dependencies: ["LinearAlgebra", "TestSupport"]),
        .testTarget(name: "DistributionsTests", dependencies: ["Distributions", "TestSupport"]),
        .testTarget(name: "OptimizationTests", dependencies: ["Optimization", "TestSupport"]),
        .testTarget(name: "SpellingTests", dependencies: ["Spelling"]),
        .testTarget(name: "FilesTests", dependencies: ["Files"]),
        .testTarget(name: "TracesTests", dependencies: ["Traces", "Serving"]),
        .testTarget(name: "ProfilesTests", dependencies: ["Profiles", "Distributions", "Traces", "TestSupport"]),
        .testTarget(name: "CostsTests", dependencies: ["Costs"]),
        .testTarget(
            name: "PoliciesTests", dependencies: ["Policies", .product(name: "Crypto", package: "swift-crypto")],
            resources: [.copy("Fixtures")]),
        .testTarget(
            name: "PolicySigningTests",
            dependencies: ["PolicySigning", "Policies", .product(name: "Crypto", package: "swift-crypto")]),
        .testTarget(name: "PolicyFilesTests", dependencies: ["PolicyFiles", "Policies"]),
        // Not shipped: what `make conformance` compares with the Python loader.
        .executableTarget(
            name: "ConformanceRunner", dependencies: ["Policies"], path: "Tests/ConformanceRunner"),
        // What must hold of any bytes: the fuzzer tries millions, FuzzingTests those that are kept.
        .target(name: "Fuzzing", dependencies: ["Policies", "Costs", "Serving", "Studies"], path: "Tests/Fuzzing"),
        .testTarget(name: "FuzzingTests", dependencies: ["Fuzzing"], resources: [.copy("Corpus")]),
        .testTarget(name: "SchedulingTests", dependencies: ["Scheduling", "Policies", "TestSupport"]),
        .testTarget(
            name: "SolversTests",
            dependencies: [
                "Solvers", "Serving", "Profiles", "Costs", "Distributions", "LinearAlgebra", "Optimization", "Traces",
                "Checking", "TestSupport",
            ]),
        .testTarget(
            name: "ReplayTests",
            dependencies: [
                "Replay", "Solvers", "Serving", "Profiles", "Costs", "Policies", "Scheduling", "Distributions",
                "Traces", "TestSupport",
            ]),
        .testTarget(
            name: "CheckingTests",
            dependencies: ["Checking", "Serving", "Profiles", "Costs", "Distributions", "Traces", "TestSupport"]),
        .testTarget(name: "StudiesTests", dependencies: ["Serving", "Traces", "Costs", "Policies", "Studies"]),
        .testTarget(name: "EndToEndTests", dependencies: ["disco", "TestSupport"], resources: [.copy("Help")]),
    ],
    swiftLanguageModes: [.v6]
)

// Built only on request: `scripts/bench`.
if Context.environment["DISCO_BENCHMARKS"] != nil {
    package.targets.append(
        .executableTarget(
            name: "SolverBenchmarks",
            dependencies: [
                "Serving", "Traces", "Profiles", "Costs", "Policies", "Scheduling", "Solvers", "Replay",
                "Distributions",
                "LinearAlgebra", "Optimization",
            ],
            path: "Benchmarks/SolverBenchmarks"))
}

// Built only on request: `make fuzz`. libFuzzer brings the `main`.
if Context.environment["DISCO_FUZZING"] != nil {
    package.targets.append(
        .executableTarget(
            name: "Fuzzer", dependencies: ["Fuzzing"], path: "Tests/Fuzzer",
            swiftSettings: [.unsafeFlags(["-parse-as-library"])]))
}

for target in package.targets where target.type != .system {
    target.swiftSettings =
        (target.swiftSettings ?? []) + [
            .enableUpcomingFeature("ExistentialAny"),
            .enableUpcomingFeature("InternalImportsByDefault"),
            .enableUpcomingFeature("MemberImportVisibility"),
            .strictMemorySafety(),
            .treatAllWarnings(as: .error),
        ]
}
