/// A benchmark of the MOTChallenge, as far as its rules differ.
///
/// In MOT15 the ground truth has no classes: every box counts whose seventh column is not 0. From MOT16 on it has, and
/// only pedestrians count (class 1). There a tracker's box is taken away before all else when it is matched, at an overlap
/// of 0.5, to what looks like a pedestrian and is none: a person on a vehicle, a static person, a distractor or a
/// reflection; in MOT20 also a vehicle without a motor.
package enum MOTBenchmark: String, CaseIterable, Hashable, Sendable {
    case mot15
    case mot16
    case mot17
    case mot20

    /// Whether the ground truth has classes.
    var hasClasses: Bool { self != .mot15 }

    /// The classes of pedestrians.
    static let pedestrian = 1
    /// The classes that a ground truth may have.
    static let classes = 1...13

    /// The classes whose boxes take away the tracker's boxes that match them.
    var distractors: Set<Int> {
        switch self {
        case .mot15: []
        case .mot16, .mot17: [2, 7, 8, 12]
        case .mot20: [2, 6, 7, 8, 12]
        }
    }

    /// What of a frame counts.
    ///
    /// - Parameters:
    ///   - objects: The rows of the ground truth.
    ///   - tracks: The rows of the results.
    func scored(
        objects: [MOTFile.Row], tracks: [MOTFile.Row], with assignment: inout CompleteAssignment
    ) -> (objects: [TrackedBox], tracks: [TrackedBox]) {
        let counted = objects.filter { $0.isScored && (!hasClasses || $0.classID == Self.pedestrian) }.map(\.tracked)
        guard hasClasses, !objects.isEmpty, !tracks.isEmpty else { return (counted, tracks.map(\.tracked)) }
        var scores: [Double] = []
        for object in objects {
            for track in tracks {
                let iou = object.tracked.box.intersectionOverUnion(track.tracked.box)
                scores.append(iou >= 0.5 - .ulpOfOne ? iou : 0)
            }
        }
        assignment.solve(scores: scores, rows: objects.count, columns: tracks.count)
        var isKept = Array(repeating: true, count: tracks.count)
        for (row, column) in assignment.columnOfRow.enumerated() where column >= 0 {
            guard scores[row * tracks.count + column] > 0, let classID = objects[row].classID else { continue }
            if distractors.contains(classID) { isKept[column] = false }
        }
        return (counted, zip(tracks, isKept).filter { $1 }.map { $0.0.tracked })
    }
}
