/// The JSON header of a checkpoint: what safetensors allows there, and nothing else.
///
///     {"__metadata__": {"key": "text", …}, "name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, …}
///
/// The reader has no recursion, so that depth is no danger; a key that comes twice, a value of another type, an offset
/// past the data, an overlap or a hole is an error that says where.
struct CheckpointHeader {
    /// Bytes of JSON, as the safetensors library limits it.
    static let maximumBytes = 100_000_000
    static let maximumTensors = 100_000
    static let metadataKey = "__metadata__"
    static let digestKey = "sha256"
    static let digestLength = 64

    private(set) var entries: [CheckpointEntry] = []
    private(set) var metadata: [String: String] = [:]
    /// Where the digits of the digest stand in the header; nil when there are none.
    private(set) var digestPlace: Range<Int>?

    /// Reads a header whose data are `dataCount` bytes.
    init(_ bytes: UnsafeRawBufferPointer, dataCount: Int, file: String) throws(TrainingFileError) {
        var reader = HeaderReader(bytes: bytes, file: file)
        var names = Set<String>()
        var hasMetadata = false
        try reader.members { (reader, key) throws(TrainingFileError) in
            if key == Self.metadataKey {
                guard !hasMetadata else { throw reader.error("\(Self.metadataKey) stands there twice") }
                hasMetadata = true
                try readMetadata(&reader)
            } else {
                guard names.insert(key).inserted else { throw reader.error("the tensor \"\(key)\" stands there twice") }
                guard entries.count < Self.maximumTensors else {
                    throw reader.error("there are more than \(Self.maximumTensors) tensors")
                }
                entries.append(try Self.entry(key, &reader, dataCount: dataCount))
            }
        }
        try reader.finish()
        try checkCoverage(dataCount: dataCount, file: file)
    }

    private mutating func readMetadata(_ reader: inout HeaderReader) throws(TrainingFileError) {
        try reader.members { (reader, key) throws(TrainingFileError) in
            let (value, place) = try reader.string()
            guard metadata.updateValue(value, forKey: key) == nil else {
                throw reader.error("the metadata \"\(key)\" stand there twice")
            }
            if key == Self.digestKey {
                guard place.count == Self.digestLength, value.utf8.count == Self.digestLength else {
                    throw reader.error("the digest is not \(Self.digestLength) digits long")
                }
                digestPlace = place
            }
        }
    }

    private static func entry(
        _ name: String, _ reader: inout HeaderReader, dataCount: Int
    ) throws(TrainingFileError) -> CheckpointEntry {
        var dtype: CheckpointDType?
        var (shape, offsets): ([Int]?, [Int]?)
        let entry = "tensor \"\(name)\""
        func corrupt(_ reader: HeaderReader, _ reason: String) -> TrainingFileError {
            TrainingFileError(kind: .corrupt, file: reader.file, entry: entry, reason: reason)
        }
        try reader.members { (reader, key) throws(TrainingFileError) in
            switch key {
            case "dtype" where dtype == nil:
                let text = try reader.string().value
                guard let known = CheckpointDType(rawValue: text) else {
                    throw TrainingFileError(
                        kind: .unsupported, file: reader.file, entry: entry, reason: "the type \"\(text)\" is not known"
                    )
                }
                dtype = known
            case "shape" where shape == nil: shape = try reader.numbers(atMost: 8)
            case "data_offsets" where offsets == nil: offsets = try reader.numbers(atMost: 2)
            case "dtype", "shape", "data_offsets": throw corrupt(reader, "\(key) stands there twice")
            default: throw corrupt(reader, "\"\(key)\" is no part of a tensor")
            }
        }
        guard let dtype, let shape, let offsets, offsets.count == 2 else {
            throw corrupt(reader, "dtype, shape or the two data_offsets are missing")
        }
        guard offsets[0] <= offsets[1], offsets[1] <= dataCount else {
            throw corrupt(reader, "its bytes \(offsets[0]) to \(offsets[1]) lie outside of the \(dataCount) there are")
        }
        guard let byteCount = Self.byteCount(of: shape, dtype) else { throw corrupt(reader, "\(shape) is too large") }
        guard byteCount == offsets[1] - offsets[0] else {
            throw corrupt(
                reader, "\(shape) of \(dtype.rawValue) are \(byteCount) bytes, not \(offsets[1] - offsets[0])")
        }
        return CheckpointEntry(name: name, dtype: dtype, shape: shape, range: offsets[0]..<offsets[1])
    }

    /// Nil when a product leaves the range of Int, zeros left aside.
    static func byteCount(of shape: [Int], _ dtype: CheckpointDType) -> Int? {
        var product = dtype.stride
        for extent in shape where extent != 0 {
            let (next, overflow) = product.multipliedReportingOverflow(by: extent)
            guard extent > 0, !overflow else { return nil }
            product = next
        }
        return shape.contains(0) ? 0 : product
    }

    /// Every byte of the data belongs to one tensor.
    private func checkCoverage(dataCount: Int, file: String) throws(TrainingFileError) {
        var end = 0
        for entry in entries.sorted(by: {
            ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
        }) {
            guard entry.range.lowerBound == end else {
                let what =
                    entry.range.lowerBound < end ? "it overlaps the tensor before it" : "there is a hole before it"
                throw TrainingFileError(kind: .corrupt, file: file, entry: "tensor \"\(entry.name)\"", reason: what)
            }
            end = entry.range.upperBound
        }
        guard end == dataCount else {
            throw TrainingFileError(
                kind: .corrupt, file: file, reason: "\(dataCount - end) bytes behind the last tensor belong to none")
        }
    }

    /// The first bytes of a file, its length and the header with zeros for the digest, so that the data begin at a
    /// multiple of 64 bytes; and where the digest's digits stand in them.
    static func bytes(
        for tensors: [CheckpointTensor], metadata: [String: String], file: String
    ) throws(TrainingFileError) -> (bytes: [UInt8], digestPlace: Range<Int>) {
        func refuse(_ entry: String, _ reason: String) -> TrainingFileError {
            TrainingFileError(kind: .mismatch, file: file, entry: entry, reason: reason)
        }
        var text = "{\"\(metadataKey)\":{\"\(digestKey)\":\""
        let place = 8 + text.utf8.count
        text += String(repeating: "0", count: digestLength) + "\""
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            guard key != digestKey else { throw refuse(key, "the digest is not the caller's") }
            text += ",\(quoted(key)):\(quoted(value))"
        }
        text += "}"
        var names = Set<String>()
        var end = 0
        for tensor in tensors {
            guard tensor.name != metadataKey, names.insert(tensor.name).inserted else {
                throw refuse("tensor \"\(tensor.name)\"", "its name is taken")
            }
            guard tensor.shape.count <= 8, byteCount(of: tensor.shape, tensor.dtype) == tensor.bytes.count else {
                throw refuse("tensor \"\(tensor.name)\"", "\(tensor.shape) is not \(tensor.bytes.count) bytes")
            }
            let (next, overflow) = end.addingReportingOverflow(tensor.bytes.count)
            guard !overflow else { throw refuse("tensor \"\(tensor.name)\"", "too many bytes") }
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            text += ",\(quoted(tensor.name)):{\"dtype\":\"\(tensor.dtype.rawValue)\",\"shape\":[\(shape)],"
            text += "\"data_offsets\":[\(end),\(next)]}"
            end = next
        }
        text += "}"
        var bytes = Array(text.utf8)
        bytes += Array(repeating: UInt8(ascii: " "), count: (64 - (8 + bytes.count) % 64) % 64)
        guard bytes.count <= maximumBytes, tensors.count <= maximumTensors else {
            throw TrainingFileError(kind: .unsupported, file: file, reason: "too many tensors for one file")
        }
        let length = withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { Array($0) }
        return (length + bytes, place..<place + digestLength)
    }

    /// A text as JSON.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
