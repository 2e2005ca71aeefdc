/// A part of a data set: what is learned from, what is looked at while learning, and what is looked at once, at the end.
package enum DataPart: String, Hashable, Sendable, CaseIterable {
    case training, validation, test
}

extension DataPart {
    /// Refuses parts without samples, and training samples of fewer than two classes.
    ///
    /// - Parameter classes: the classes of the samples of each part, by their indices in `classNames`.
    static func check(
        _ classes: [DataPart: [Int]], classNames: [String], file: String
    ) throws(DataSetError) {
        for part in allCases where classes[part, default: []].isEmpty {
            throw DataSetError(.unusable, file: file, reason: "there are no samples for \(part.rawValue)")
        }
        let learned = Set(classes[.training, default: []])
        if learned.count == 1, let only = learned.first {
            let name = classNames.indices.contains(only) ? classNames[only] : "\(only)"
            throw DataSetError(
                .unusable, file: file,
                reason: "all samples for training are of one class, \"\(name)\": there is nothing to tell apart")
        }
    }
}
