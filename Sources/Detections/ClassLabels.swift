/// The names of a model's classes, by index.
public struct ClassLabels: Hashable, Sendable {
    /// The names in order of their index.
    public let names: [String]

    /// Labels from their names in order.
    public init(_ names: [String]) { self.names = names }

    /// The name of a class; `class 7` when the model has no name for index 7.
    public subscript(index: Int) -> String { names.indices.contains(index) ? names[index] : "class \(index)" }

    /// The index of a class given by its name (in any case) or by its number; `nil` when there is no such class.
    public func index(of nameOrNumber: String) -> Int? {
        if let number = Int(nameOrNumber) {
            return number >= 0 && (names.isEmpty || number < names.count) ? number : nil
        }
        return names.firstIndex { $0.lowercased() == nameOrNumber.lowercased() }
    }
}
