/// Why the text of a recipe could not be read: where in it, and what is wrong.
package struct OperationTextError: Error, Hashable, Sendable, CustomStringConvertible {
    package let text: String
    /// Counted from 1.
    package let column: Int
    package let reason: String

    package var description: String { "\"\(text)\", column \(column): \(reason)" }
}

/// One operation as it stands in the text of a recipe: a name, and arguments with or without names.
///
///     flip, rotate(-10..10), crop(area=0.3..1, p=0.5)
struct OperationCall {
    struct Argument {
        var name: String?
        var column: Int
        var value: ClosedRange<Double>
        var valueColumn: Int
    }

    let name: String
    let column: Int
    let arguments: [Argument]

    /// The calls of a text, separated by commas. An empty text has none.
    static func calls(in text: String) throws(OperationTextError) -> [OperationCall] {
        var reader = OperationReader(text)
        guard reader.next != nil else { return [] }
        var calls = [try reader.call()]
        while reader.take(",") { calls.append(try reader.call()) }
        if let character = reader.next { throw reader.error("a comma is expected here, not \"\(character)\"") }
        return calls
    }
}

/// Reads a text from its beginning; spaces between words are passed over.
private struct OperationReader {
    let text: String
    private let characters: [Character]
    private var place = 0

    init(_ text: String) {
        self.text = text
        characters = Array(text)
        skipSpaces()
    }

    /// The character that comes; nil at the end.
    var next: Character? { place < characters.count ? characters[place] : nil }

    var column: Int { place + 1 }

    func error(_ reason: String, at column: Int? = nil) -> OperationTextError {
        OperationTextError(text: text, column: column ?? self.column, reason: reason)
    }

    private mutating func skipSpaces() { while next?.isWhitespace == true { place += 1 } }

    mutating func take(_ character: Character) -> Bool {
        guard next == character else { return false }
        place += 1
        skipSpaces()
        return true
    }

    private mutating func word(_ what: String) throws(OperationTextError) -> String {
        let start = place
        while let character = next, character.isLetter || character == "-" { place += 1 }
        guard place > start else {
            guard let next else { throw error("the text ends where \(what) is expected") }
            throw error("\(what) is expected here, not \"\(next)\"")
        }
        defer { skipSpaces() }
        return String(characters[start..<place]).lowercased()
    }

    mutating func call() throws(OperationTextError) -> OperationCall {
        let column = column
        let name = try word("the name of an operation")
        var arguments: [OperationCall.Argument] = []
        if take("(") {
            guard !take(")") else { return OperationCall(name: name, column: column, arguments: []) }
            repeat { arguments.append(try argument()) } while take(",")
            guard take(")") else { throw error("a \")\" is missing, opened after \(name)") }
        }
        return OperationCall(name: name, column: column, arguments: arguments)
    }

    private mutating func argument() throws(OperationTextError) -> OperationCall.Argument {
        let start = column
        var name: String?
        if next?.isLetter == true {
            name = try word("the name of a parameter")
            guard take("=") else { throw error("a \"=\" is expected after \(name ?? "")") }
        }
        let valueColumn = column
        let low = try number()
        var high = low
        if next == ".", place + 1 < characters.count, characters[place + 1] == "." {
            place += 2
            skipSpaces()
            high = try number()
        }
        guard low <= high else { throw error("the range ends before it begins", at: valueColumn) }
        return OperationCall.Argument(name: name, column: start, value: low...high, valueColumn: valueColumn)
    }

    /// Digits with a sign, a point and an exponent; the two points of a range are not part of it.
    private mutating func number() throws(OperationTextError) -> Double {
        let start = place
        var digits = ""
        while let character = next {
            let isPoint = character == "." && !(place + 1 < characters.count && characters[place + 1] == ".")
            let isSign = (character == "-" || character == "+") && (digits.isEmpty || digits.hasSuffix("e"))
            let isExponent = character.lowercased() == "e" && !digits.isEmpty
            guard character.isASCII, character.isNumber || isPoint || isSign || isExponent else { break }
            digits += character.lowercased()
            place += 1
        }
        guard let value = Double(digits), value.isFinite else {
            let found = digits.isEmpty ? next.map { "\"\($0)\"" } ?? "the end" : "\"\(digits)\""
            throw error("a number is expected here, not \(found)", at: start + 1)
        }
        skipSpaces()
        return value
    }
}
