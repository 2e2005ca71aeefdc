extension String {
    /// The text in a column of so many characters, at its left; a longer one is cut.
    func leading(_ width: Int) -> String {
        String(prefix(width)) + String(repeating: " ", count: max(0, width - count))
    }

    /// The text in a column of so many characters, at its right; a longer one stays.
    func trailing(_ width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}
