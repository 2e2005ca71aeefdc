import Augmentation

/// How an operation is written in the text of a recipe: its name, its parameters with their defaults, what it does.
struct OperationForm<Operation: Sendable>: Sendable {
    struct Parameter: Sendable {
        enum Kind: Sendable { case number, whole, range, wholeRange }

        let name: String
        let kind: Kind
        /// Nil: it must be given.
        let usual: ClosedRange<Double>?
    }

    let name: String
    let summary: String
    /// In the order of arguments without names. The last one is `p`, the probability, where there is one.
    let parameters: [Parameter]
    /// An operation of the parameters' values, by their names.
    let make: @Sendable (OperationValues) -> Operation

    init(
        _ name: String, _ parameters: [Parameter], p: Double? = 1, _ summary: String,
        make: @escaping @Sendable (OperationValues) -> Operation
    ) {
        self.name = name
        self.summary = summary
        self.parameters = parameters + (p.map { [.number("p", $0)] } ?? [])
        self.make = make
    }

    /// "rotate(degrees=-10..10, p=1)": with its defaults.
    var usage: String {
        parameters.isEmpty ? name : "\(name)(\(parameters.map(\.usage).joined(separator: ", ")))"
    }
}

extension OperationForm.Parameter {
    static func number(_ name: String, _ usual: Double?) -> Self {
        Self(name: name, kind: .number, usual: usual.map { $0...$0 })
    }

    static func whole(_ name: String, _ usual: Int?) -> Self {
        Self(name: name, kind: .whole, usual: usual.map { Double($0)...Double($0) })
    }

    static func range(_ name: String, _ usual: ClosedRange<Double>?) -> Self {
        Self(name: name, kind: .range, usual: usual)
    }

    static func wholeRange(_ name: String, _ usual: ClosedRange<Int>?) -> Self {
        Self(name: name, kind: .wholeRange, usual: usual.map { Double($0.lowerBound)...Double($0.upperBound) })
    }

    var isRange: Bool { kind == .range || kind == .wholeRange }

    var usage: String {
        usual.map { "\(name)=\(text($0))" } ?? "\(name)=\(isRange ? "low..high" : "number")"
    }

    /// A value as the text of a recipe has it.
    func text(_ value: ClosedRange<Double>) -> String {
        isRange
            ? "\(OperationValues.text(value.lowerBound))..\(OperationValues.text(value.upperBound))"
            : OperationValues.text(value.lowerBound)
    }
}

/// The values of an operation's parameters, checked and complete.
struct OperationValues: Sendable {
    fileprivate var values: [String: ClosedRange<Double>] = [:]

    func range(_ name: String) -> ClosedRange<Double> { values[name] ?? 0...0 }

    func number(_ name: String) -> Double { range(name).lowerBound }

    func wholeRange(_ name: String) -> ClosedRange<Int> { Int(range(name).lowerBound)...Int(range(name).upperBound) }

    func whole(_ name: String) -> Int { Int(number(name)) }

    static func text(_ value: Double) -> String {
        abs(value) < 1e6 && value == value.rounded() ? "\(Int(value))" : "\(value)"
    }
}

/// A recipe that was read: its operations, and its text with all parameters, so that it says the same when defaults are
/// others.
struct RecipeText<Operation: Sendable>: Sendable {
    var operations: [Operation] = []
    var text = ""

    init() {}

    /// Reads a text by the forms that there are.
    ///
    /// - Parameter check: throws what is wrong with an operation's values.
    init(
        _ text: String, forms: [OperationForm<Operation>], check: (Operation) throws(AugmentationError) -> Void
    ) throws(OperationTextError) {
        var words: [String] = []
        for call in try OperationCall.calls(in: text) {
            func failure(_ reason: String, at column: Int) -> OperationTextError {
                OperationTextError(text: text, column: column, reason: reason)
            }
            guard let form = forms.first(where: { $0.name == call.name }) else {
                let names = forms.map(\.name).joined(separator: ", ")
                throw failure("no operation is called \"\(call.name)\"; there are \(names)", at: call.column)
            }
            let values = try Self.values(of: call, form, failure)
            let operation = form.make(values)
            do throws(AugmentationError) {
                try check(operation)
            } catch {
                var reason = "\(error)"
                if case .invalidOperation(_, let why) = error.reason { reason = "\(call.name): \(why)" }
                throw failure(reason, at: call.arguments.first?.column ?? call.column)
            }
            operations.append(operation)
            let arguments = form.parameters.map { "\($0.name)=\($0.text(values.range($0.name)))" }
            words.append(arguments.isEmpty ? form.name : "\(form.name)(\(arguments.joined(separator: ",")))")
        }
        self.text = words.joined(separator: ",")
    }

    private static func values(
        of call: OperationCall, _ form: OperationForm<Operation>, _ failure: (String, Int) -> OperationTextError
    ) throws(OperationTextError) -> OperationValues {
        var given: [String: ClosedRange<Double>] = [:]
        var isNamed = false
        for (place, argument) in call.arguments.enumerated() {
            let parameter: OperationForm<Operation>.Parameter
            if let name = argument.name {
                guard let found = form.parameters.first(where: { $0.name == name }) else {
                    let names = form.parameters.map(\.name).joined(separator: ", ")
                    let list = names.isEmpty ? "it has none" : "it has \(names)"
                    throw failure("\(form.name) has no parameter \"\(name)\": \(list)", argument.column)
                }
                (parameter, isNamed) = (found, true)
            } else {
                guard !isNamed else {
                    throw failure("an argument without a name stands after one with a name", argument.column)
                }
                guard place < form.parameters.count else {
                    throw failure("\(form.name) has \(form.parameters.count) parameters", argument.column)
                }
                parameter = form.parameters[place]
            }
            guard given[parameter.name] == nil else {
                throw failure("\(parameter.name) is given twice", argument.column)
            }
            let value = argument.value
            guard parameter.isRange || value.lowerBound == value.upperBound else {
                throw failure("\(parameter.name) is one number, not a range", argument.valueColumn)
            }
            if parameter.kind == .whole || parameter.kind == .wholeRange {
                let ends = [value.lowerBound, value.upperBound]
                guard ends.allSatisfy({ $0 == $0.rounded() && abs($0) <= 1e9 }) else {
                    throw failure("\(parameter.name) is a whole number", argument.valueColumn)
                }
            }
            given[parameter.name] = value
        }
        for parameter in form.parameters where given[parameter.name] == nil {
            guard let usual = parameter.usual else {
                throw failure("\(form.name) needs \(parameter.usage)", call.column)
            }
            given[parameter.name] = usual
        }
        return OperationValues(values: given)
    }
}
