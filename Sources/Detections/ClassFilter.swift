/// Which classes are wanted: `person,car,2`, names in any case or numbers, mixed.
///
///     let filter = try ClassFilter("person, traffic light, 2", labels: labels)
///     filter.apply(to: &detections)
public struct ClassFilter: Hashable, Sendable {
    /// The indices that pass, ascending; `nil` when every class passes.
    public let indices: [Int]?

    /// A filter that lets every class pass.
    public static let all = ClassFilter(indices: nil)

    /// A filter of classes by their indices; `nil` lets every class pass.
    public init(indices: [Int]?) {
        self.indices = indices.map { Set($0).sorted() }
    }

    /// A filter from a comma-separated list of names and numbers. An empty list lets every class pass.
    public init(_ list: String, labels: ClassLabels) throws(ClassFilterError) {
        var indices: [Int] = []
        for part in list.split(separator: ",") {
            let entry = part.trimmed
            guard !entry.isEmpty else { continue }
            guard let index = labels.index(of: entry) else {
                throw ClassFilterError(entry: entry, labels: labels)
            }
            indices.append(index)
        }
        self.init(indices: indices.isEmpty ? nil : indices)
    }

    /// Whether a class is wanted.
    public func contains(_ classIndex: Int) -> Bool {
        guard let indices else { return true }
        return indices.contains(classIndex)
    }

    /// Removes the detections of other classes; the order stays.
    public func apply(to detections: inout [Detection]) {
        guard indices != nil else { return }
        detections.removeAll { !contains($0.classIndex) }
    }
}

/// An entry of a class list that the model does not know.
public struct ClassFilterError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The entry as it was written.
    public let entry: String
    /// The classes that the model has.
    public let labels: ClassLabels

    /// What to tell the user: the entry and what could stand there.
    public var description: String {
        guard !labels.names.isEmpty else { return "no class \(entry): the model names no classes, use numbers" }
        let shown = labels.names.prefix(12).joined(separator: ", ")
        let more = labels.names.count > 12 ? ", …" : ""
        return "no class \(entry): the model has \(shown)\(more) (0 to \(labels.names.count - 1))"
    }
}

extension Substring {
    /// The text without white space at its ends.
    fileprivate var trimmed: String {
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(self[first...last])
    }
}
