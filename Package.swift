// swift-tools-version: 6.2
//
// This manifest is the picture of the architecture: `floors` lists every module with what it may import, lowest floor
// first. A module may import only lower floors; an upward import stops the build here, and an import that is not
// listed stops it in `make check` (`--explicit-target-dependency-import-check error`).

import PackageDescription

/// A Swift module: its imports among our own modules, and the products of packages that it uses.
struct Module {
    let name: String
    let imports: [String]
    var products: [Target.Dependency] = []
    /// Files beside the sources, and beside the tests, that are not built.
    var excludes: [String] = []
    var testExcludes: [String] = []
    /// Modules that only the tests import.
    var testImports: [String] = []
}

let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")

/// C code and C libraries. They import nothing of ours.
let cTargets = [
    "CSaccadeKernels", "CSaccadePixels", "CDefaultWeights", "CFFmpeg", "CVideo4Linux", "CIsolation", "CArguments",
    "CSDL2",
]

let floors: [[Module]] = [
    // 0: vocabulary
    [
        Module(name: "Tensors", imports: []),
        Module(name: "Pipelines", imports: [], products: [deque, histogram]),
        Module(name: "Detections", imports: []),
        Module(name: "Plots", imports: []),
        Module(name: "Digests", imports: []),
    ],
    // 1: inference wing: operators and graphs · video wing: pixels and tracks
    [
        Module(
            name: "Kernels", imports: ["Tensors", "CSaccadeKernels"], testImports: ["CAllocationCounter"]),
        Module(name: "Graphs", imports: ["Tensors"]),
        Module(
            name: "Imaging", imports: ["Detections", "CSaccadePixels"], testImports: ["CAllocationCounter"]),
        Module(name: "Tracking", imports: ["Detections"], testImports: ["CAllocationCounter"]),
        Module(name: "Evaluation", imports: ["Detections", "Plots"], testExcludes: ["Goldens"]),
    ],
    // 2: running graphs, reading files
    [
        Module(name: "Execution", imports: ["Tensors", "Kernels", "Graphs"], testImports: ["ONNX"]),
        Module(
            name: "ONNX", imports: ["Tensors", "Graphs"], products: [protobuf], excludes: ["onnx.proto"],
            testExcludes: ["Models"]),
        Module(name: "Media", imports: ["Detections", "Imaging", "CFFmpeg", "CVideo4Linux", "CIsolation"]),
        Module(name: "Display", imports: ["Imaging", "CSDL2"]),
    ],
    // 3: what rewrites, builds and trains graphs
    [
        Module(name: "Quantization", imports: ["Tensors", "Graphs", "Execution"], testImports: ["ONNX"]),
        Module(name: "Models", imports: ["Tensors", "Graphs"], testImports: ["Execution", "ONNX"]),
        Module(
            name: "Training", imports: ["Tensors", "Pipelines", "Plots", "Digests", "Kernels", "Graphs", "Execution"],
            testExcludes: ["Goldens"], testImports: ["ONNX", "Models", "CAllocationCounter"]),
    ],
    // 4: the bridge between the wings: pixels -> tensors -> boxes; samples with their labels
    [
        Module(name: "Augmentation", imports: ["Tensors", "Detections", "Imaging"]),
        Module(
            name: "Detectors",
            imports: ["Tensors", "Kernels", "Graphs", "ONNX", "Execution", "Detections", "Imaging", "CDefaultWeights"],
            testImports: ["Media", "Models", "CAllocationCounter"]),
    ],
    // 5: the public API
    [
        Module(
            name: "Saccade",
            imports: [
                "Detections", "Imaging", "Tracking", "Evaluation", "Media", "Display", "Pipelines", "Tensors",
                "Graphs", "Execution", "ONNX", "Quantization", "Detectors", "Digests",
            ],
            products: [deque], testImports: ["CAllocationCounter"])
    ],
    // 6: scenario modules and Service come here
    [
        Module(
            name: "Lab",
            imports: [
                "Tensors", "Plots", "Digests", "Kernels", "Graphs", "Execution", "Models", "Training", "Detections",
                "Imaging", "Evaluation", "Media", "Quantization", "Augmentation", "Detectors",
            ], testExcludes: ["Goldens"], testImports: ["ONNX"])
    ],
]

let commandLine = Module(
    name: "SaccadeCLI",
    imports: [
        "Saccade", "Detections", "Imaging", "Media", "Evaluation", "Pipelines", "Detectors", "Tensors", "Kernels",
        "Graphs", "Execution", "Models", "ONNX", "Training", "Plots", "Digests", "Augmentation", "Lab", "Tracking",
        "CArguments",
    ],
    products: [arguments])

for (floor, modules) in floors.enumerated() {
    let below = Set(cTargets + floors[..<floor].joined().map(\.name))
    for module in modules {
        let upward = module.imports.filter { !below.contains($0) }
        precondition(upward.isEmpty, "\(module.name) on floor \(floor) may not import \(upward)")
    }
}

let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableExperimentalFeature("Lifetimes"),
    .treatAllWarnings(as: .error),
]
let cSettings: [CSetting] = [.headerSearchPath("."), .treatAllWarnings(as: .error)]

// The program holds Swift's libraries: it runs where Swift is not installed, starts 8 ms earlier and takes 11 MB less.
// The libraries are those that the static Foundation leaves to the linker.
let commandLineLinking: [LinkerSetting] =
    [.unsafeFlags(["-static-stdlib"], .when(platforms: [.linux]))]
    + ["CoreFoundation", "_FoundationICU", "_FoundationCShims", "_FoundationCollections", "stdc++"].map {
        .linkedLibrary($0, .when(platforms: [.linux]))
    }

let modules = floors.flatMap { $0 }
let package = Package(
    name: "saccade",
    products: [
        .library(name: "Saccade", targets: ["Saccade"]),
        .executable(name: "saccade", targets: ["SaccadeCLI"]),
    ],
    dependencies: [
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", exact: "0.2.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0"),
    ],
    targets: [
        .target(name: "CSaccadeKernels", cSettings: cSettings),
        .target(name: "CSaccadePixels", cSettings: cSettings),
        .target(name: "CDefaultWeights", cSettings: cSettings),
        .target(name: "CAllocationCounter", path: "Tests/CAllocationCounter", cSettings: cSettings),
        .target(name: "CFFmpeg", cSettings: cSettings),
        .target(name: "CVideo4Linux", cSettings: cSettings),
        .target(name: "CIsolation", cSettings: cSettings),
        .target(name: "CArguments", cSettings: cSettings),
        .target(name: "CSDL2", cSettings: cSettings),
    ]
        + modules.map { module in
            .target(
                name: module.name,
                dependencies: module.imports.map { .init(stringLiteral: $0) } + module.products,
                exclude: module.excludes,
                swiftSettings: swiftSettings)
        }
        + modules.map { module in
            .testTarget(
                name: "\(module.name)Tests",
                dependencies: ([module.name] + module.imports + module.testImports).map { .init(stringLiteral: $0) },
                exclude: module.testExcludes,
                swiftSettings: swiftSettings)
        }
        + [
            .executableTarget(
                name: commandLine.name,
                dependencies: commandLine.imports.map { .init(stringLiteral: $0) } + commandLine.products,
                swiftSettings: swiftSettings, linkerSettings: commandLineLinking)
        ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .c17
)
