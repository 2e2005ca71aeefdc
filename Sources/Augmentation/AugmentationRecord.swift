/// What was drawn for one sample. With the recipe, the seed is enough to make the sample again; the draws are for people.
package struct AugmentationRecord: Hashable, Sendable, CustomStringConvertible {
    /// One operation that took place, with its numbers.
    package struct Draw: Hashable, Sendable, CustomStringConvertible {
        package var operation: String
        package var detail: String

        package var description: String { detail.isEmpty ? operation : "\(operation) \(detail)" }
    }

    package var seed: SampleSeed
    package var draws: [Draw] = []

    package init(seed: SampleSeed) { self.seed = seed }

    mutating func add(_ operation: String, _ detail: String = "") {
        draws.append(Draw(operation: operation, detail: detail))
    }

    /// "42/3/17: rotation 4.2°, horizontal flip".
    package var description: String {
        "\(seed): " + (draws.isEmpty ? "unchanged" : draws.map(\.description).joined(separator: ", "))
    }
}

/// Hands out the streams of a recipe's operations, in the recipe's order: the n-th operation of a name gets the n-th
/// stream of that name.
struct OperationStreams {
    let seed: SampleSeed
    private var occurrences: [String: Int] = [:]

    init(seed: SampleSeed) { self.seed = seed }

    mutating func stream(for name: String) -> RandomStream {
        let occurrence = occurrences[name, default: 0]
        occurrences[name] = occurrence + 1
        return seed.stream(name, occurrence: occurrence)
    }
}

/// A number with at most `decimals` decimals, for records: 4.2, -0.00008, 3.
func short(_ value: Double, _ decimals: Int = 2) -> String {
    guard value.isFinite, abs(value) < 1e9 else { return "\(value)" }
    var scale = 1
    for _ in 0..<decimals { scale *= 10 }
    let scaled = Int((abs(value) * Double(scale)).rounded())
    var digits = String(String(scale + scaled % scale).dropFirst())
    while digits.hasSuffix("0") { digits.removeLast() }
    return (value < 0 && scaled > 0 ? "-" : "") + "\(scaled / scale)" + (digits.isEmpty ? "" : ".\(digits)")
}
