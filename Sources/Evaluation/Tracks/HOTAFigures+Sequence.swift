import Detections

extension HOTAFigures {
    /// The figures of a sequence.
    ///
    /// First the identities are compared over all frames: every overlap is shared out among those that compete for it,
    /// and the shares of two identities, against the frames of either, are their alignment. Then in each frame objects
    /// and tracks are matched by alignment times overlap, once for all thresholds, and each threshold keeps the matches
    /// that reach it.
    package init(_ sequence: TrackedSequence) {
        self.init()
        let alignment = Self.alignments(of: sequence)
        let count = Self.overlaps.count
        var matches = Array(repeating: 0, count: sequence.pairs.count * count)
        var (scores, assignment) = ([Double](), CompleteAssignment())
        for frame in sequence.frames where !frame.overlaps.isEmpty {
            let columns = frame.tracks.count
            scores.refill(0, count: frame.objects.count * columns)
            for overlap in frame.overlaps {
                scores[overlap.row * columns + overlap.column] = alignment[overlap.pair] * overlap.iou
            }
            assignment.solve(scores: scores, rows: frame.objects.count, columns: columns)
            for overlap in frame.overlaps where assignment.columnOfRow[overlap.row] == overlap.column {
                for (index, least) in Self.overlaps.enumerated() {
                    guard overlap.iou >= least - .ulpOfOne else { break }
                    matches[overlap.pair * count + index] += 1
                    truePositives[index] += 1
                    overlapSum[index] += overlap.iou
                }
            }
        }
        for index in Self.overlaps.indices {
            falseNegatives[index] = sequence.objectBoxes - truePositives[index]
            falsePositives[index] = sequence.trackBoxes - truePositives[index]
        }
        for (place, pair) in sequence.pairs.enumerated() {
            let (object, track) = (sequence.objectLengths[pair.object], sequence.trackLengths[pair.track])
            for index in Self.overlaps.indices {
                let both = matches[place * count + index]
                guard both > 0 else { break }
                let square = Double(both) * Double(both)
                associationSum[index] += square / Double(object + track - both)
                associationRecallSum[index] += square / Double(object)
                associationPrecisionSum[index] += square / Double(track)
            }
        }
    }

    /// How far the identities of each pair agree over the whole sequence, above 0 and up to 1.
    private static func alignments(of sequence: TrackedSequence) -> [Double] {
        var shares = Array(repeating: 0.0, count: sequence.pairs.count)
        var (rowSums, columnSums) = ([Double](), [Double]())
        for frame in sequence.frames {
            rowSums.refill(0, count: frame.objects.count)
            columnSums.refill(0, count: frame.tracks.count)
            for overlap in frame.overlaps {
                rowSums[overlap.row] += overlap.iou
                columnSums[overlap.column] += overlap.iou
            }
            for overlap in frame.overlaps {
                let all = columnSums[overlap.column] + rowSums[overlap.row] - overlap.iou
                if all > .ulpOfOne { shares[overlap.pair] += overlap.iou / all }
            }
        }
        return zip(sequence.pairs, shares).map { pair, share in
            let frames = Double(sequence.objectLengths[pair.object] + sequence.trackLengths[pair.track])
            return share / (frames - share)
        }
    }
}
