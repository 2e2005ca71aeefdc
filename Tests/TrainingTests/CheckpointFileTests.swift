import Foundation
import Testing
import Training

@Suite struct CheckpointFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var path: String { folder.path + "/a.safetensors" }

    private func write(_ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }

    /// A file of the layout without a digest.
    private func bytes(_ header: String, data: Int, length: UInt64? = nil) -> [UInt8] {
        let text = Array(header.utf8)
        return withUnsafeBytes(of: (length ?? UInt64(text.count)).littleEndian) { Array($0) } + text
            + Array(repeating: 7, count: data)
    }

    private func error(_ bytes: [UInt8], requiresDigest: Bool = false) throws -> TrainingFileError? {
        try write(bytes)
        do throws(TrainingFileError) {
            _ = try CheckpointFile(path, requiresDigest: requiresDigest)
            return nil
        } catch {
            #expect(error.file == path)
            return error
        }
    }

    @Test func whatIsWrittenIsRead() throws {
        var numbers = Numbers(seed: 8)
        let weights = numbers.floats(12) + [.nan, -.infinity, -0.0, .leastNonzeroMagnitude]
        let counts: [Int64] = [1, -2, .max]
        let metadata = ["step": "120", "a \"b\"\\": "é\n\u{1}😀", "": ""]
        try weights.withUnsafeBufferPointer { weights in
            try counts.withUnsafeBytes { counts in
                try CheckpointFile.write(
                    path,
                    tensors: [
                        CheckpointTensor("weights/\u{1F600}", weights, shape: [2, 8]),
                        CheckpointTensor(
                            "none", dtype: .bfloat16, shape: [0, 5], bytes: UnsafeRawBufferPointer(start: nil, count: 0)
                        ),
                        CheckpointTensor("counts", dtype: .int64, shape: [3], bytes: counts),
                        CheckpointTensor(
                            "one", dtype: .uint8, shape: [], bytes: UnsafeRawBufferPointer(rebasing: counts[..<1])),
                    ], metadata: metadata)
            }
        }
        let file = try CheckpointFile(path, requiresDigest: true)
        #expect(file.isVerified && file.entries.map(\.name) == ["weights/\u{1F600}", "none", "counts", "one"])
        #expect(file.metadata.filter { $0.key != "sha256" } == metadata)
        #expect(
            file["weights/\u{1F600}"]?.shape == [2, 8] && file["none"]?.shape == [0, 5] && file["one"]?.shape == [])
        var read = Array(repeating: Float(0), count: 16)
        try read.withUnsafeMutableBufferPointer { try file.copy("weights/\u{1F600}", into: $0, shape: [2, 8]) }
        #expect(bitsAreEqual(read, weights))
        try file.withBytes(of: "counts") { (entry, bytes) throws(TrainingFileError) in
            #expect(entry.dtype == .int64 && bytes.elementsEqual(counts.withUnsafeBytes { Array($0) }))
        }
        #expect(try file.integer("step") == 120)
        for key in ["", "missing"] { #expect(throws: TrainingFileError.self) { try file.integer(key) } }
        // Data begin at a multiple of 64 bytes.
        let length = try Data(contentsOf: URL(fileURLWithPath: path)).withUnsafeBytes {
            $0.loadUnaligned(as: UInt64.self)
        }
        #expect((8 + length) % 64 == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.safetensors"])
    }

    @Test func copiesMustFit() throws {
        let floats: [Float] = [1, 2, 3, 4, 5, 6]
        try floats.withUnsafeBufferPointer {
            try CheckpointFile.write(path, tensors: [CheckpointTensor("a", $0, shape: [2, 3])])
        }
        let file = try CheckpointFile(path)
        func copy(_ name: String, _ count: Int, _ shape: [Int]?) -> TrainingFileError.Kind? {
            var target = Array(repeating: Float(0), count: count)
            do throws(TrainingFileError) {
                try target.withUnsafeMutableBufferPointer { (buffer) throws(TrainingFileError) in
                    try file.copy(name, into: buffer, shape: shape)
                }
                return nil
            } catch {
                return error.kind
            }
        }
        #expect(copy("a", 6, nil) == nil && copy("a", 6, [2, 3]) == nil)
        #expect(copy("a", 6, [3, 2]) == .mismatch && copy("a", 5, nil) == .mismatch && copy("b", 6, nil) == .mismatch)
    }

    @Test func wrongTensorsAreNotWritten() throws {
        let floats: [Float] = [1, 2]
        floats.withUnsafeBufferPointer { floats in
            let good = CheckpointTensor("a", floats)
            for tensors in [
                [good, good], [CheckpointTensor("__metadata__", floats)], [CheckpointTensor("a", floats, shape: [3])],
                [CheckpointTensor("a", floats, shape: [-1, -2])], [CheckpointTensor("a", floats, shape: [.max, 8])],
            ] {
                #expect(throws: TrainingFileError.self) { try CheckpointFile.write(path, tensors: tensors) }
            }
            #expect(throws: TrainingFileError.self) {
                try CheckpointFile.write(path, tensors: [good], metadata: ["sha256": "x"])
            }
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    /// A file of the safetensors library (0.8): a, b and z hold 0 ... 5, ones and nothing.
    @Test func theLibrarysFileIsRead() throws {
        let text = """
            yAAAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJrIjoiw6lcIngifSwiYiI6eyJkdHlwZSI6Ikk2NCIsInNoYXBlIjpbM10sImRhdGFfb2Zmc2V0\
            cyI6WzAsMjRdfSwiYSI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMiwzXSwiZGF0YV9vZmZzZXRzIjpbMjQsNDhdfSwieiI6eyJkdHlwZSI6\
            IkYxNiIsInNoYXBlIjpbMCw0XSwiZGF0YV9vZmZzZXRzIjpbNDgsNDhdfX0gIAEAAAAAAAAAAQAAAAAAAAABAAAAAAAAAAAAAAAAAIA/AAAA\
            QAAAQEAAAIBAAACgQA==
            """
        try write(Array(try #require(Data(base64Encoded: text))))
        let file = try CheckpointFile(path)
        #expect(file.metadata == ["k": "é\"x"] && Set(file.entries.map(\.name)) == ["a", "b", "z"])
        #expect(file["z"]?.dtype == .float16 && file["z"]?.shape == [0, 4] && file["b"]?.dtype == .int64)
        var a = Array(repeating: Float(-1), count: 6)
        try a.withUnsafeMutableBufferPointer { try file.copy("a", into: $0, shape: [2, 3]) }
        #expect(a == [0, 1, 2, 3, 4, 5])
    }

    @Test func filesOfOthersHaveNoDigest() throws {
        let good = bytes(#" {"a" : {"shape":[ 2 ],"dtype":"F16","data_offsets":[0,4]} }  "#, data: 4)
        #expect(try error(good) == nil)
        #expect(try !CheckpointFile(path).isVerified)
        #expect(try error(good, requiresDigest: true)?.kind == .unsupported)
        #expect(try error(bytes("{}", data: 0)) == nil)
    }

    @Test(arguments: [
        ("", 0, "expected {"), ("[]", 0, "expected {"), ("{", 0, "expected \""), ("{}x", 0, "something follows"),
        ("{}", 1, "1 bytes behind the last tensor"), (#"{"a":1}"#, 0, "expected {"),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 8, "4 bytes behind the last tensor"),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 3, "outside of the 3"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4, "are 8 bytes, not 4"),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4, "outside"),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#, 4, "whole number"),
        (#"{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}"#, 4, "expected ]"),
        (#"{"a":{"dtype":"F32","shape":[01],"data_offsets":[0,4]}}"#, 4, "whole number"),
        (#"{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}}"#, 4, "too large"),
        (#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,4]}}"#, 4, "too large"),
        (#"{"a":{"dtype":"F32","shape":[4611686018427387904,0,4],"data_offsets":[0,0]}}"#, 0, "too large"),
        (#"{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}"#, 4, "more than 8 numbers"),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}"#, 4, "more than 2"),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#, 4, "missing"),
        (#"{"a":{"dtype":"F32","shape":[1]}}"#, 4, "missing"),
        (#"{"a":{"dtype":"F4","shape":[1],"data_offsets":[0,4]}}"#, 4, "not known"),
        (#"{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 4, "dtype stands there twice"),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}"#, 4, "no part of a tensor"),
        (
            #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"a":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#,
            4, "\"a\" stands there twice"
        ),
        (
            #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}"#,
            3, "overlaps"
        ),
        (
            #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[3,5]}}"#,
            5, "hole"
        ),
        (#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}"#, 3, "hole"),
        (#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},}"#, 2, "expected \""),
        (#"{"__metadata__":{"a":1}}"#, 0, "expected \""), (#"{"__metadata__":{"a":{"b":"c"}}}"#, 0, "expected \""),
        (#"{"__metadata__":{"a":"b","a":"c"}}"#, 0, "\"a\" stand there twice"),
        (#"{"__metadata__":{},"__metadata__":{}}"#, 0, "__metadata__ stands there twice"),
        (#"{"__metadata__":{"sha256":"00"}}"#, 0, "64 digits"),
        (#"{"__metadata__":{"a":"\ud800"}}"#, 0, "half of a character"),
        (#"{"__metadata__":{"a":"\x"}}"#, 0, "unknown escape"),
        (#"{"__metadata__":{"a":"\u12"}}"#, 0, "four hexadecimal"),
        ("{\"__metadata__\":{\"a\":\"\n\"}}", 0, "control character"), (#"{"__metadata__":{"a"#, 0, "without an end"),
    ]) func whatIsNoHeaderIsRefused(header: String, data: Int, reason: String) throws {
        let error = try #require(try error(bytes(header, data: data)))
        #expect(error.kind == (reason == "not known" ? .unsupported : .corrupt))
        #expect("\(error)".contains(reason), "\(error)")
    }

    @Test func lengthsAndFilesThatCannotBeAreRefused() throws {
        for length in [1, 3, 100_000_001, UInt64.max, 1 << 63, UInt64(Int.max) - 7] {
            #expect(try error(bytes("{}", data: 0, length: length))?.kind == .corrupt, "\(length)")
        }
        for count in 0..<8 { #expect(try error(Array(repeating: 0, count: count))?.reason == "it is cut off") }
        // Not UTF-8.
        #expect(
            try error(bytes("{\"__metadata__\":{\"a\":\"é\"}}", data: 0).map { $0 == 0xC3 ? 0xFF : $0 })?.reason
                == "a text is not UTF-8")
        #expect(try error(bytes(String(repeating: "{\"a\":", count: 200_000), data: 0))?.kind == .corrupt)
        #expect(try error(bytes(String(repeating: "[", count: 1_000_000), data: 0))?.kind == .corrupt)
        // A zip archive and a pickle of protocol 2.
        #expect(try error([0x50, 0x4B, 3, 4, 0, 0, 8, 8, 0, 0])?.reason.contains("pickle") == true)
        #expect(try error([0x80, 2, 0x7D, 0x71, 0, 0x58, 6, 0, 0, 0])?.reason.contains("pickle") == true)
        #expect(throws: TrainingFileError.self) { _ = try CheckpointFile(folder.path + "/missing") }
        let folderError = #expect(throws: TrainingFileError.self) { _ = try CheckpointFile(folder.path) }
        #expect(folderError?.kind == .unsupported)
        try #require(mkfifo(folder.path + "/fifo", 0o600) == 0)
        let fifoError = #expect(throws: TrainingFileError.self) { _ = try CheckpointFile(folder.path + "/fifo") }
        #expect(fifoError?.kind == .unsupported)
        try write(bytes("{}", data: 0))
        #expect(throws: TrainingFileError.self) { _ = try CheckpointFile(path, maximumBytes: 9) }
    }

    @Test func aHundredThousandTensorsAreTheLimit() throws {
        func header(_ count: Int) -> String {
            "{"
                + (0..<count).map { #""t\#($0)":{"dtype":"U8","shape":[1],"data_offsets":[\#($0),\#($0 + 1)]}"# }
                .joined(separator: ",") + "}"
        }
        #expect(try error(bytes(header(100_000), data: 100_000)) == nil)
        #expect(try error(bytes(header(100_001), data: 100_001))?.reason.contains("more than 100000") == true)
    }

    private func sample() throws -> [UInt8] {
        var numbers = Numbers(seed: 9)
        let (a, b) = (numbers.floats(7), numbers.floats(4))
        try a.withUnsafeBufferPointer { a in
            try b.withUnsafeBufferPointer { b in
                try CheckpointFile.write(
                    path, tensors: [CheckpointTensor("a", a), CheckpointTensor("b", b, shape: [2, 2])],
                    metadata: ["step": "17", "note": "so \"so\""])
            }
        }
        return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    /// The digest covers the header too: no byte can change unseen, and no end can be missing.
    @Test func noByteChangesUnseen() throws {
        let whole = try sample()
        #expect(whole.count > 250)
        for index in whole.indices {
            for change: UInt8 in [0x01, 0x20, 0x80, 0xFF] {
                var changed = whole
                changed[index] ^= change
                // Without its name the digest is one of the caller's texts; then one is missed.
                #expect(try error(changed, requiresDigest: true) != nil, "byte \(index)")
            }
            #expect(try error(Array(whole[..<index])) != nil, "cut at \(index)")
        }
        #expect(try error(whole + [0]) != nil)
        #expect(try error(whole, requiresDigest: true) == nil)
    }

    /// Several changes at once, without and with a digest that fits: errors at most.
    @Test func damagedFilesGiveErrors() throws {
        let whole = try sample()
        var numbers = Numbers(seed: 10)
        var refused = 0
        for _ in 0..<2000 {
            var changed = whole
            for _ in 0...numbers.integer(0...5) {
                let place = numbers.integer(0...changed.count - 1)
                switch numbers.integer(0...4) {
                case 0: changed[place] = UInt8(truncatingIfNeeded: numbers.next())
                case 1: changed[numbers.integer(8...200)] = Array(#"{}[]":,0129"#.utf8)[numbers.integer(0...10)]
                case 2: changed.remove(at: place)
                case 3: changed.insert(UInt8(truncatingIfNeeded: numbers.next()), at: place)
                default: changed.removeLast(min(changed.count - 1, numbers.integer(0...9)))
                }
            }
            if changed == whole { continue }
            if try error(changed, requiresDigest: true) != nil { refused += 1 }
        }
        #expect(refused > 1900)
    }
}
