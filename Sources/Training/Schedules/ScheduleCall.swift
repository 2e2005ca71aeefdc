/// One `name(argument,key=argument)` of a schedule's text. Arguments are taken one after the other, in the order in
/// which they may stand without a name; what is left at the end is an error.
struct ScheduleCall {
    private struct Argument {
        var key: String?
        var value: String
        var column: Int
    }

    let name: String
    private let text: String
    private let column: Int
    private var arguments: [Argument]

    /// The calls of a text, which are joined by `+`; at least one.
    static func calls(in text: String) throws(ScheduleTextError) -> [ScheduleCall] {
        var reader = Reader(text: text, characters: Array(text))
        var calls = [try reader.call()]
        while reader.skip("+") { calls.append(try reader.call()) }
        guard reader.isAtEnd else { throw reader.error("expected + or the end") }
        return calls
    }

    /// An error at the call's name.
    func error(_ reason: String) -> ScheduleTextError {
        ScheduleTextError(text: text, column: column, reason: reason)
    }

    /// A number for which `isValid` holds.
    mutating func number(
        _ key: String, usual: Double? = nil, where isValid: (Double) -> Bool
    ) throws(ScheduleTextError) -> Double {
        guard let argument = try take(key, isRequired: usual == nil) else { return usual ?? 0 }
        guard let value = Double(argument.value), value.isFinite else {
            throw error(argument, "\(key) is a number, not \"\(argument.value)\"")
        }
        guard isValid(value) else { throw error(argument, "\(key) may not be \(argument.value)") }
        return value
    }

    /// A whole number of at least `least`.
    mutating func count(_ key: String, from least: Int, usual: Int? = nil) throws(ScheduleTextError) -> Int {
        guard let argument = try take(key, isRequired: usual == nil) else { return usual ?? 0 }
        return try count(argument, argument.value, key, from: least)
    }

    /// Rising whole numbers with colons between them.
    mutating func counts(_ key: String) throws(ScheduleTextError) -> [Int] {
        guard let argument = try take(key, isRequired: true) else { return [] }
        var result: [Int] = []
        for part in argument.value.split(separator: ":", omittingEmptySubsequences: false) {
            let next = try count(argument, String(part), key, from: 1)
            guard next > result.last ?? 0 else { throw error(argument, "the steps of \(key) must rise") }
            result.append(next)
        }
        return result
    }

    /// Two numbers in 0 ..< 1 with a colon between them, or `none`.
    mutating func range(_ key: String) throws(ScheduleTextError) -> ClosedRange<Double>? {
        guard let argument = try take(key, isRequired: false), argument.value != "none" else { return nil }
        let parts = argument.value.split(separator: ":", omittingEmptySubsequences: false).map { Double($0) }
        guard parts.count == 2, let low = parts[0], let high = parts[1], low > 0, low <= high, high < 1 else {
            throw error(argument, "\(key) is none or two numbers like 0.85:0.95, not \"\(argument.value)\"")
        }
        return low...high
    }

    /// One of some words, the first of them if there is none.
    mutating func word(_ key: String, of words: [String]) throws(ScheduleTextError) -> String {
        guard let argument = try take(key, isRequired: false) else { return words[0] }
        guard words.contains(argument.value) else {
            throw error(argument, "\(key) is \(words.joined(separator: " or ")), not \"\(argument.value)\"")
        }
        return argument.value
    }

    /// Nothing may be left.
    func finish() throws(ScheduleTextError) {
        guard let argument = arguments.first else { return }
        let what = argument.key.map { "no argument \"\($0)\", or it stands there twice" } ?? "too many arguments"
        throw error(argument, "\(name) has \(what)")
    }

    /// The argument called `key`, or else the first one without a name.
    private mutating func take(_ key: String, isRequired: Bool) throws(ScheduleTextError) -> Argument? {
        let index = arguments.firstIndex { $0.key == key } ?? arguments.firstIndex { $0.key == nil }
        if let index { return arguments.remove(at: index) }
        if isRequired { throw error("\(name) needs \(key)") }
        return nil
    }

    private func count(
        _ argument: Argument, _ value: String, _ key: String, from least: Int
    ) throws(ScheduleTextError) -> Int {
        guard let number = Int(value), number >= least, number <= 1 << 40 else {
            throw error(argument, "\(key) is a whole number of at least \(least), not \"\(value)\"")
        }
        return number
    }

    private func error(_ argument: Argument, _ reason: String) -> ScheduleTextError {
        ScheduleTextError(text: text, column: argument.column, reason: reason)
    }

    private struct Reader {
        let text: String
        let characters: [Character]
        var place = 0

        var isAtEnd: Bool { place == characters.count }

        func error(_ reason: String) -> ScheduleTextError {
            ScheduleTextError(text: text, column: place + 1, reason: reason)
        }

        mutating func skip(_ character: Character) -> Bool {
            skipBlanks()
            guard place < characters.count, characters[place] == character else { return false }
            place += 1
            skipBlanks()
            return true
        }

        mutating func call() throws(ScheduleTextError) -> ScheduleCall {
            skipBlanks()
            let start = place
            let name = word()
            guard !name.isEmpty else { throw error("expected a name") }
            guard skip("(") else { throw error("expected ( behind \(name)") }
            var arguments: [Argument] = []
            if !skip(")") {
                repeat { arguments.append(try argument()) } while skip(",")
                guard skip(")") else { throw error("expected , or )") }
            }
            return ScheduleCall(name: name, text: text, column: start + 1, arguments: arguments)
        }

        private mutating func argument() throws(ScheduleTextError) -> Argument {
            skipBlanks()
            let start = place
            let first = word()
            guard !first.isEmpty else { throw error("expected an argument") }
            guard skip("=") else { return Argument(key: nil, value: first, column: start + 1) }
            let column = place + 1
            let value = word()
            guard !value.isEmpty else { throw error("expected a value for \(first)") }
            return Argument(key: first, value: value, column: column)
        }

        /// Letters, digits and what numbers and lists are made of. A plus is of the word behind an e, as in 1e+3.
        private mutating func word() -> String {
            let start = place
            while place < characters.count {
                let next = characters[place]
                let isSign =
                    next == "+" && place > start && "eE".contains(characters[place - 1])
                    && characters[start].isNumber
                guard next.isLetter || next.isNumber || "._-:".contains(next) || isSign else { break }
                place += 1
            }
            return String(characters[start..<place])
        }

        private mutating func skipBlanks() {
            while place < characters.count, characters[place] == " " { place += 1 }
        }
    }
}

extension Schedule: CustomStringConvertible {
    /// The text that `init(_:)` reads as this schedule.
    package var description: String {
        var text: String
        switch curve {
        case .constant(let rate): text = "constant(rate=\(rate))"
        case .step(let rate, let every, let factor): text = "step(rate=\(rate),every=\(every),factor=\(factor))"
        case .multiStep(let rate, let at, let factor):
            text = "multistep(rate=\(rate),at=\(at.map(String.init).joined(separator: ":")),factor=\(factor))"
        case .exponential(let rate, let factor): text = "exponential(rate=\(rate),factor=\(factor))"
        case .cosine(let rate, let steps, let floor): text = "cosine(rate=\(rate),steps=\(steps),floor=\(floor))"
        case .polynomial(let rate, let steps, let power, let floor):
            text = "polynomial(rate=\(rate),steps=\(steps),power=\(power),floor=\(floor))"
        case .cyclical(let minimum, let maximum, let up, let down, let mode):
            text = "cyclical(minimum=\(minimum),maximum=\(maximum),up=\(up),down=\(down),"
            switch mode {
            case .triangular: text += "mode=triangular)"
            case .triangular2: text += "mode=triangular2)"
            case .exponential(let factor): text += "mode=exponential,factor=\(factor))"
            }
        case .oneCycle(let maximum, let steps, let share, let divisor, let end, let momentum):
            let range = momentum.map { "\($0.lowerBound):\($0.upperBound)" } ?? "none"
            text = "onecycle(maximum=\(maximum),steps=\(steps),share=\(share),divisor=\(divisor),end=\(end),"
            text += "momentum=\(range))"
        }
        if let warmup { text += "+warmup(steps=\(warmup.steps),start=\(warmup.start))" }
        guard let plateau else { return text }
        let threshold: (Double, String) =
            switch plateau.threshold {
            case .relative(let share): (share, "relative")
            case .absolute(let margin): (margin, "absolute")
            }
        text += "+plateau(factor=\(plateau.factor),patience=\(plateau.patience),threshold=\(threshold.0),"
        text += "measure=\(threshold.1),cooldown=\(plateau.cooldown),minimum=\(plateau.minimum),"
        return text + "mode=\(plateau.mode.rawValue))"
    }
}
