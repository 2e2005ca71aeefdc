import Foundation

/// The lines of a text with columns, and errors that name them.
struct TextLines {
    /// The file as the user named it.
    let name: String
    /// Where the lines are, without their ends.
    let ranges: [Range<Int>]
    private let bytes: [UInt8]

    init(_ data: Data, name: String) {
        self.name = name
        var bytes = [UInt8](data)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        self.bytes = bytes
        var (ranges, start) = ([Range<Int>](), 0)
        for (place, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") {
            let end = place > start && bytes[place - 1] == UInt8(ascii: "\r") ? place - 1 : place
            ranges.append(start..<end)
            start = place + 1
        }
        if start < bytes.count { ranges.append(start..<bytes.count) }
        self.ranges = ranges
    }

    /// Whether a line holds nothing.
    func isBlank(_ line: Range<Int>) -> Bool { bytes[line].allSatisfy(Self.isSpace) }

    /// A line's text.
    func text(_ line: Range<Int>) -> String { String(decoding: bytes[line], as: UTF8.self) }

    /// An error in a line, counted from 1.
    func error(_ line: Int, _ reason: String) -> EvaluationFileError {
        EvaluationFileError(kind: .corrupt, file: name, entry: "line \(line)", reason: reason)
    }

    /// Reads the numbers between commas, up to `atMost` of them; what is behind is not looked at.
    func numbers(
        of line: Range<Int>, number: Int, atLeast: Int, atMost: Int, into fields: inout [Double]
    ) throws(EvaluationFileError) {
        fields.removeAll(keepingCapacity: true)
        var rest = bytes[line]
        while fields.count < atMost, !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: ",")) ?? rest.endIndex
            var field = rest[..<end]
            rest = end < rest.endIndex ? rest[(end + 1)...] : rest[end...]
            while let first = field.first, Self.isSpace(first) { field.removeFirst() }
            while let last = field.last, Self.isSpace(last) { field.removeLast() }
            guard let value = Double(String(decoding: field, as: UTF8.self)), abs(value) < 1e12 else {
                throw error(number, "column \(fields.count + 1) is no number of a possible size")
            }
            fields.append(value)
        }
        guard fields.count >= atLeast else {
            throw error(number, "\(fields.count) of the \(atLeast) columns, which commas separate")
        }
    }

    /// A whole number within a range. `beyond` says in other words what is wrong with a greater one.
    func whole(
        _ value: Double, _ range: ClosedRange<Int>, _ what: String, line: Int, beyond: (Int) -> String?
    ) throws(EvaluationFileError) -> Int {
        guard let number = Int(exactly: value) else { throw error(line, "\(what) is no whole number") }
        guard !range.contains(number) else { return number }
        if number > range.upperBound, let words = beyond(range.upperBound) {
            throw error(line, "\(what) \(number) is \(words)")
        }
        throw error(
            line, number < range.lowerBound ? "\(what) is \(number), below \(range.lowerBound)" : "\(what) is too large"
        )
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
}
