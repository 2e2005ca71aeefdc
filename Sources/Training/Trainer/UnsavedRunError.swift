/// A run that ended by an error, and whose last state could not be saved either.
package struct UnsavedRunError: Error, CustomStringConvertible {
    /// What ended the run.
    package let cause: any Error
    /// Why there is no checkpoint of its last step; an earlier one may be there.
    package let saving: any Error

    package var description: String { "\(cause); the last state could not be saved: \(saving)" }
}
