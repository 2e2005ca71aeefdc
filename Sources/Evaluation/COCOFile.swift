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

    /// Reads the whole file.
    init(path: String) throws(COCOFileError) {
        name = path
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            let kind: COCOFileError.Kind =
                switch (error as? CocoaError)?.code {
                case .fileReadNoSuchFile, .fileNoSuchFile: .missing
                case .fileReadNoPermission: .denied
                default: .readFailed
                }
            let reason =
                switch kind {
                case .missing: "there is no such file"
                case .denied: "not allowed to read it"
                default: "it cannot be read: \((error as? CocoaError)?.localizedDescription ?? "\(error)")"
                }
            throw COCOFileError(kind: kind, file: path, entry: nil, reason: reason)
        }
    }

    func decode<Value: Decodable>(_ type: Value.Type, expecting: String) throws(COCOFileError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch let error as DecodingError {
            throw corrupt(error, expecting: expecting)
        } catch {
            throw corrupt(nil, "\(error)")
        }
    }

    func corrupt(_ entry: String?, _ reason: String) -> COCOFileError {
        COCOFileError(kind: .corrupt, file: name, entry: entry, reason: reason)
    }

    private func corrupt(_ error: DecodingError, expecting: String) -> COCOFileError {
        switch error {
        case .keyNotFound(let key, let context):
            return corrupt(Self.entry(context.codingPath), "the key \(key.stringValue) is missing")
        case .valueNotFound(_, let context):
            return corrupt(Self.entry(context.codingPath), "a value is missing (null)")
        case .typeMismatch(let type, let context):
            guard !context.codingPath.isEmpty else { return corrupt(nil, "not \(expecting)") }
            return corrupt(Self.entry(context.codingPath), "not \(Self.noun(type))")
        case .dataCorrupted(let context):
            let detail = (context.underlyingError as NSError?)?.userInfo[NSDebugDescriptionErrorKey] as? String
            let words = detail ?? context.debugDescription
            return corrupt(
                Self.entry(context.codingPath), context.codingPath.isEmpty ? "not JSON: \(words)" : words)
        @unknown default:
            return corrupt(nil, "\(error)")
        }
    }

    /// What should have stood there.
    private static func noun(_ type: Any.Type) -> String {
        switch type {
        case is Double.Type: "a number"
        case is Int.Type: "a whole number"
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
    func box(_ numbers: [Double], at entry: @autoclosure () -> String) throws(COCOFileError) -> COCOBox {
        guard numbers.count == 4 else {
            throw corrupt(entry() + ".bbox", "\(numbers.count) numbers instead of left, top, width, height")
        }
        for number in numbers { _ = try self.number(number, at: entry() + ".bbox") }
        return COCOBox(x: numbers[0], y: numbers[1], width: numbers[2], height: numbers[3])
    }

    /// A number out of a file, at most 10¹² from zero.
    func number(_ number: Double, at entry: @autoclosure () -> String) throws(COCOFileError) -> Double {
        guard number.isFinite, abs(number) <= 1e12 else {
            throw corrupt(entry(), "\(number) is not a finite number of a possible size")
        }
        return number
    }
}
