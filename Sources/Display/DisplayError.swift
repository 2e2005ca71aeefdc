/// Why no picture can be shown on a screen.
package struct DisplayError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A sentence that says what is wrong and what can be done.
    package let description: String

    package init(_ description: String) { self.description = description }
}
