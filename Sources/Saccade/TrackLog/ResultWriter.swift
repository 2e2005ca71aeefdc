/// Writes the results of a run in one format, frame by frame in ascending order; nothing is held back.
///
/// A writer that is dropped without `finish` leaves what it has written under the `.part` name.
package protocol ResultWriter: AnyObject {
    /// Writes one frame.
    func write(_ frame: FrameResult) throws(OutputError)
    /// Completes the output, which takes its name. No frame may follow; calling it again does nothing.
    func finish() throws(OutputError)
}
