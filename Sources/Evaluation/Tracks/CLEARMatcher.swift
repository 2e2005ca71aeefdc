import Detections

/// Walks the frames of a sequence and matches objects to tracks as CLEAR MOT does.
///
/// As in TrackEval a frame without objects, or without tracks, changes nothing of what was matched before it: after such
/// a gap a match of the frame before the gap is still preferred, and is no fragmentation.
struct CLEARMatcher {
    private(set) var figures = CLEARFigures()
    private(set) var switches: [IdentitySwitch] = []

    /// The track of each object when it was last matched, or −1.
    private var last: [Int]
    /// The track of each object in the frame before, or −1.
    private var previous: [Int]
    /// In how many frames each object is matched.
    private var matched: [Int]
    /// How often each object began to be matched.
    private var starts: [Int]
    /// The objects that have a track in `previous`.
    private var tracked: [Int] = []
    private var scores: [Double] = []
    private var assignment = CompleteAssignment()

    init(_ sequence: TrackedSequence) {
        let none = Array(repeating: -1, count: sequence.objectIDs.count)
        (last, previous) = (none, none)
        matched = Array(repeating: 0, count: none.count)
        starts = matched
        for frame in sequence.frames where !frame.objects.isEmpty && !frame.tracks.isEmpty {
            match(frame, of: sequence)
        }
        figures.falseNegatives = sequence.objectBoxes - figures.truePositives
        figures.falsePositives = sequence.trackBoxes - figures.truePositives
        figures.identitySwitches = switches.count
        figures.fragmentations = starts.reduce(0) { $0 + max(0, $1 - 1) }
        for (matched, length) in zip(matched, sequence.objectLengths) {
            let share = Double(matched) / Double(length)
            if share > 0.8 {
                figures.mostlyTracked += 1
            } else if share >= 0.2 {
                figures.partiallyTracked += 1
            } else {
                figures.mostlyLost += 1
            }
        }
    }

    private mutating func match(_ frame: TrackedSequence.Frame, of sequence: TrackedSequence) {
        let columns = frame.tracks.count
        scores.refill(0, count: frame.objects.count * columns)
        for overlap in frame.overlaps where overlap.iou >= CLEARFigures.threshold - .ulpOfOne {
            // More than all overlaps of a frame together: going on comes first.
            let goesOn = previous[frame.objects[overlap.row]] == frame.tracks[overlap.column]
            scores[overlap.row * columns + overlap.column] = (goesOn ? 1000 : 0) + overlap.iou
        }
        assignment.solve(scores: scores, rows: frame.objects.count, columns: columns)
        var now: [(object: Int, track: Int)] = []
        for overlap in frame.overlaps where assignment.columnOfRow[overlap.row] == overlap.column {
            guard scores[overlap.row * columns + overlap.column] > 0 else { continue }
            now.append((frame.objects[overlap.row], frame.tracks[overlap.column]))
            figures.truePositives += 1
            figures.overlapSum += overlap.iou
        }
        for (object, track) in now {
            if last[object] >= 0, last[object] != track {
                switches.append(
                    IdentitySwitch(
                        frame: frame.number, object: sequence.objectIDs[object],
                        from: sequence.trackIDs[last[object]], to: sequence.trackIDs[track]))
            }
            last[object] = track
            matched[object] += 1
            if previous[object] < 0 { starts[object] += 1 }
        }
        for object in tracked { previous[object] = -1 }
        for (object, track) in now { previous[object] = track }
        tracked = now.map(\.object)
    }
}
