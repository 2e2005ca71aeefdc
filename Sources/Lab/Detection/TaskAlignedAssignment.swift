import Glibc

/// Which cell learns which object, and how sure of it it should become: those whose score and box already fit the object
/// best (Feng et al., "TOOD: task-aligned one-stage object detection", 2021).
///
/// A cell can learn an object when its centre lies in it. Its alignment is score^α · IoU^β; of each object the `most`
/// best aligned cells learn it, and a cell that several objects want goes to the one that it overlaps most. Each cell is to
/// give its alignment, scaled so that an object's best one gives the object's best IoU, times the object's weight.
package struct TaskAlignedAssignment: Sendable {
    package var most = 10
    package var alpha: Float = 0.5
    package var beta = 6

    private static let leastAlignment: Float = 1e-12

    package init() {}

    /// An object of a picture: corners in pixels of the input. Class −1: nothing is known there.
    package struct Object: Hashable, Sendable {
        package var classIndex: Int
        package var x1, y1, x2, y2: Float
        package var weight: Float

        package init(classIndex: Int, x1: Float, y1: Float, x2: Float, y2: Float, weight: Float = 1) {
            self.classIndex = classIndex
            (self.x1, self.y1, self.x2, self.y2) = (x1, y1, x2, y2)
            self.weight = weight
        }
    }

    /// For each cell of a picture.
    package struct Result: Sendable {
        /// The place of the object that it learns; −1: none.
        package var owner: [Int]
        /// The probability that it should give the object's class; 0 for none.
        package var score: [Float]
        /// Whether it lies where nothing is known, and learns no object.
        package var isHidden: [Bool]
    }

    private struct Candidate {
        var cell: Int
        var alignment: Float
        var overlap: Float
    }

    /// - Parameters:
    ///   - logits: cells × classes.
    ///   - boxes: cells × 4: corners in pixels of the input.
    package func assign(
        _ objects: [Object], cells: DetectionCells, classes: Int, logits: UnsafePointer<Float>,
        boxes: UnsafePointer<Float>
    ) -> Result {
        var result = Result(
            owner: Array(repeating: -1, count: cells.count), score: Array(repeating: 0, count: cells.count),
            isHidden: Array(repeating: false, count: cells.count))
        var chosen: [[Candidate]] = []
        var ownerOverlap = Array(repeating: Float(-1), count: cells.count)
        for (index, object) in objects.enumerated() {
            chosen.append([])
            guard object.classIndex >= 0 else {
                Self.visit(object, cells) { result.isHidden[$0] = true }
                continue
            }
            var best: [Candidate] = []
            Self.visit(object, cells) { cell in
                let overlap = Self.overlap(boxes + 4 * cell, object)
                let fit = Self.power(overlap, beta)
                // Scores are 1 at most: most cells are out before theirs is computed.
                guard fit > Self.leastAlignment else { return }
                let score = 1 / (1 + exp(-logits[cell * classes + object.classIndex]))
                let alignment = pow(max(score, 1e-9), alpha) * fit
                guard alignment > Self.leastAlignment else { return }
                insert(Candidate(cell: cell, alignment: alignment, overlap: overlap), into: &best)
            }
            for candidate in best where candidate.overlap > ownerOverlap[candidate.cell] {
                ownerOverlap[candidate.cell] = candidate.overlap
                result.owner[candidate.cell] = index
            }
            chosen[index] = best
        }
        for (index, object) in objects.enumerated() {
            let own = chosen[index].filter { result.owner[$0.cell] == index }
            let alignment = own.reduce(0) { max($0, $1.alignment) }
            let overlap = own.reduce(0) { max($0, $1.overlap) }
            for candidate in own {
                result.score[candidate.cell] = candidate.alignment / (alignment + 1e-12) * overlap * object.weight
                result.isHidden[candidate.cell] = false
            }
        }
        return result
    }

    /// Keeps the `most` best, best first; of equals the first cell.
    private func insert(_ candidate: Candidate, into best: inout [Candidate]) {
        guard best.count < most || candidate.alignment > best[best.count - 1].alignment else { return }
        if best.count == most { best.removeLast() }
        let place = best.firstIndex { $0.alignment < candidate.alignment } ?? best.count
        best.insert(candidate, at: place)
    }

    /// Calls `body` with the cells whose centres lie in an object, in their order.
    private static func visit(_ object: Object, _ cells: DetectionCells, _ body: (Int) -> Void) {
        for level in cells.levels {
            let columns = level.columns(from: object.x1, to: object.x2)
            for row in level.rows(from: object.y1, to: object.y2) {
                for column in columns { body(level.first + row * level.width + column) }
            }
        }
    }

    private static func power(_ x: Float, _ exponent: Int) -> Float {
        var result: Float = 1
        for _ in 0..<exponent { result *= x }
        return result
    }

    /// IoU of a box and an object.
    private static func overlap(_ box: UnsafePointer<Float>, _ object: Object) -> Float {
        let width = min(box[2], object.x2) - max(box[0], object.x1)
        let height = min(box[3], object.y2) - max(box[1], object.y1)
        guard width > 0, height > 0 else { return 0 }
        let shared = width * height
        let area = max(box[2] - box[0], 0) * max(box[3] - box[1], 0)
        return shared / (area + (object.x2 - object.x1) * (object.y2 - object.y1) - shared + 1e-7)
    }
}
