import Foundation

/// Decodes a COCO file, with errors that name the place.
struct COCOFile {
    /// The file as the user named it.
    let name: String
    let data: Data

    init(name: String, data: Data) {
        self.name = name
        self.data = data
    }

    /// Reads the whole file; a pipe or a device will do.
    init(path: String) throws(EvaluationFileError) {
        name = path
        data = try FileContent.read(path)
    }

    /// Decodes the content. `Explained` is the same type with `CheckedNumber` in place of numbers: slower, but its
    /// errors name the place of a number that the decoder cannot represent, so a failure is looked at again with it.
    func decode<Value: Decodable, Explained: Decodable>(
        _ type: Value.Type, explainedBy: Explained.Type, expecting: String
    ) throws(EvaluationFileError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch {
            throw explanation(error, by: explainedBy, expecting: expecting)
        }
    }

    private func explanation<Explained: Decodable>(
        _ error: any Error, by type: Explained.Type, expecting: String
    ) -> EvaluationFileError {
        var error = error
        if case DecodingError.dataCorrupted(let context) = error, context.codingPath.isEmpty {
            do {
                _ = try JSONDecoder().decode(type, from: data)
            } catch let other {
                error = other
            }
        }
        guard let error = error as? DecodingError else { return corrupt(nil, "\(error)") }
        return corrupt(error, expecting: expecting)
    }

    func corrupt(_ entry: String?, _ reason: String) -> EvaluationFileError {
        EvaluationFileError(kind: .corrupt, file: name, entry: entry, reason: reason)
    }

    private func corrupt(_ error: DecodingError, expecting: String) -> EvaluationFileError {
        switch error {
        case .keyNotFound(let key, let context):
            return corrupt(Self.entry(context.codingPath), "the key \(key.stringValue) is missing")
        case .valueNotFound(_, let context):
            return corrupt(Self.entry(context.codingPath), "a value is missing (null)")
        case .typeMismatch(let type, let context):
            guard !context.codingPath.isEmpty else { return corrupt(nil, "not \(expecting)") }
            return corrupt(Self.entry(context.codingPath), "not \(Self.noun(type))")
        case .dataCorrupted(let context):
            guard context.codingPath.isEmpty else {
                return corrupt(Self.entry(context.codingPath), context.debugDescription)
            }
            return corrupt(nil, "not JSON: \(syntaxError ?? context.debugDescription)")
        @unknown default:
            return corrupt(nil, "\(error)")
        }
    }

    /// What is wrong with the text, where the other reader of Foundation can tell.
    private var syntaxError: String? {
        do {
            _ = try JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)
            return nil
        } catch {
            return (error as NSError).userInfo["NSDebugDescription"] as? String
        }
    }

    /// What should have stood there.
    private static func noun(_ type: Any.Type) -> String {
        switch type {
        case is Double.Type, is CheckedNumber<Double>.Type: "a number"
        case is Int.Type, is CheckedNumber<Int>.Type: "a whole number"
        case is String.Type: "a text"
        case is [Any].Type: "a list"
        default: "an object"
        }
    }

    /// `annotations[17].bbox` out of a coding path.
    private static func entry(_ path: [any CodingKey]) -> String? {
        guard !path.isEmpty else { return nil }
        return path.reduce(into: "") { text, key in
            if let index = key.intValue {
                text += "[\(index)]"
            } else {
                text += text.isEmpty ? key.stringValue : "." + key.stringValue
            }
        }
    }
}

extension COCOFile {
    /// A box out of a file: four numbers of a size that no arithmetic can bring beyond the finite.
    func box(_ numbers: [Double], at entry: @autoclosure () -> String) throws(EvaluationFileError) -> COCOBox {
        guard numbers.count == 4 else {
            throw corrupt(entry() + ".bbox", "\(numbers.count) numbers instead of left, top, width, height")
        }
        for number in numbers { _ = try self.number(number, at: entry() + ".bbox") }
        return COCOBox(x: numbers[0], y: numbers[1], width: numbers[2], height: numbers[3])
    }

    /// A number out of a file, at most 10¹² from zero.
    func number(_ number: Double, at entry: @autoclosure () -> String) throws(EvaluationFileError) -> Double {
        guard number.isFinite, abs(number) <= 1e12 else {
            throw corrupt(entry(), "\(number) is not a finite number of a possible size")
        }
        return number
    }
}

/// A number whose error tells where it stands. The decoder's own error for a number that it cannot represent does not.
struct CheckedNumber<Value: Decodable>: Decodable {
    init(from decoder: any Decoder) throws {
        do {
            _ = try decoder.singleValueContainer().decode(Value.self)
        } catch let error as DecodingError {
            throw error
        } catch {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: decoder.codingPath,
                    debugDescription: Value.self is Int.Type
                        ? "not a whole number of a possible size" : "not a number of a possible size"))
        }
    }
}
