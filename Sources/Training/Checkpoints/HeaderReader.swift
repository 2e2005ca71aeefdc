/// Reads the JSON of a checkpoint's header token by token. Every error says at which byte of the header it stands.
struct HeaderReader {
    let bytes: UnsafeRawBufferPointer
    let file: String
    private var place = 0

    init(bytes: UnsafeRawBufferPointer, file: String) {
        self.bytes = bytes
        self.file = file
    }

    func error(_ reason: String) -> TrainingFileError {
        TrainingFileError(kind: .corrupt, file: file, entry: "byte \(place) of the header", reason: reason)
    }

    /// An object: calls `body` at each value, with its key.
    mutating func members(
        _ body: (inout HeaderReader, String) throws(TrainingFileError) -> Void
    ) throws(TrainingFileError) {
        try expect("{")
        if skip("}") { return }
        repeat {
            let key = try string().value
            try expect(":")
            try body(&self, key)
        } while skip(",")
        try expect("}")
    }

    /// A list of whole numbers.
    mutating func numbers(atMost limit: Int) throws(TrainingFileError) -> [Int] {
        try expect("[")
        var result: [Int] = []
        if skip("]") { return result }
        repeat {
            guard result.count < limit else { throw error("there are more than \(limit) numbers") }
            result.append(try number())
        } while skip(",")
        try expect("]")
        return result
    }

    private mutating func number() throws(TrainingFileError) -> Int {
        skipBlanks()
        let start = place
        var value = 0
        while let digit = peek().flatMap({ $0 >= 0x30 && $0 <= 0x39 ? Int($0) - 0x30 : nil }) {
            let (tenfold, overflow) = value.multipliedReportingOverflow(by: 10)
            let (next, carry) = tenfold.addingReportingOverflow(digit)
            guard !overflow, !carry else { throw error("a number is too large") }
            value = next
            place += 1
        }
        guard place > start, place == start + 1 || bytes[start] != 0x30 else {
            throw error("expected a whole number of at least 0")
        }
        return value
    }

    /// A string, and where the bytes between its quotes stand.
    mutating func string() throws(TrainingFileError) -> (value: String, place: Range<Int>) {
        try expect("\"")
        let start = place
        var text: [UInt8] = []
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: "\""):
                guard let value = String(validating: text, as: UTF8.self) else { throw error("a text is not UTF-8") }
                place += 1
                return (value, start..<place - 1)
            case UInt8(ascii: "\\"): text += try escaped()
            case 0..<0x20: throw error("a control character in a text")
            default:
                text.append(byte)
                place += 1
            }
        }
        throw error("a text without an end")
    }

    private mutating func escaped() throws(TrainingFileError) -> [UInt8] {
        place += 1
        guard let byte = peek() else { throw error("a text without an end") }
        place += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"):
            var code = try fourDigits()
            if code & 0xFC00 == 0xD800 {
                guard peek() == UInt8(ascii: "\\") else { throw error("half of a character") }
                place += 1
                guard peek() == UInt8(ascii: "u") else { throw error("half of a character") }
                place += 1
                let low = try fourDigits()
                guard low & 0xFC00 == 0xDC00 else { throw error("half of a character") }
                code = 0x10000 + (code & 0x3FF) << 10 + (low & 0x3FF)
            }
            guard let scalar = Unicode.Scalar(code) else { throw error("half of a character") }
            return Array(String(scalar).utf8)
        default: throw error("an unknown escape")
        }
    }

    private mutating func fourDigits() throws(TrainingFileError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = peek().flatMap({ Character(Unicode.Scalar($0)).hexDigitValue }) else {
                throw error("expected four hexadecimal digits")
            }
            code = code << 4 | UInt32(digit)
            place += 1
        }
        return code
    }

    /// Only blanks may follow.
    mutating func finish() throws(TrainingFileError) {
        skipBlanks()
        guard place == bytes.count else { throw error("something follows the header's end") }
    }

    private func peek() -> UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func expect(_ character: Unicode.Scalar) throws(TrainingFileError) {
        guard skip(character) else { throw error("expected \(character)") }
    }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        skipBlanks()
        guard peek() == UInt8(ascii: character) else { return false }
        place += 1
        return true
    }

    private mutating func skipBlanks() {
        while let byte = peek(), byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { place += 1 }
    }
}
