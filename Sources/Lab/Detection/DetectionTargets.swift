import Tensors

/// The targets of a batch in the making, as `DetectionLoss` takes them: for each cell of each picture.
struct DetectionTargets {
    private let pictures: Int
    private let cells: Int
    private let classes: Int
    private let isTaught: Bool
    /// The greatest distance that the bins express, a little less than the last bin.
    private let reach: Float
    /// Centre x, y and stride of each cell.
    private let rows: [Float]
    private var classTargets: [Float]
    private var classWeights: [Float]
    private var boxes: [Float]
    private var distances: [Float]
    private var shares: [Float]
    private var taughtBoxes: [Float]
    private var taughtShares: [Float]

    init(pictures: Int, cells: DetectionCells, classes: Int, bins: Int, isTaught: Bool) {
        self.pictures = pictures
        self.cells = cells.count
        self.classes = classes
        self.isTaught = isTaught
        reach = Float(bins) - 1.01
        rows = cells.rows
        classTargets = Array(repeating: 0, count: pictures * cells.count * classes)
        classWeights = classTargets
        // A box around the cell, where none is learned: any will do, as long as it has an area.
        let around = (0..<cells.count).flatMap { [rows] cell in
            let (x, y, stride) = (rows[3 * cell], rows[3 * cell + 1], rows[3 * cell + 2])
            return [x - stride, y - stride, x + stride, y + stride]
        }
        boxes = (0..<pictures).flatMap { _ in around }
        distances = Array(repeating: 1, count: boxes.count)
        shares = Array(repeating: 0, count: pictures * cells.count)
        (taughtBoxes, taughtShares) = isTaught ? (boxes, shares) : ([], [])
    }

    /// The box of an object, and its share of the loss.
    mutating func setBox(_ picture: Int, _ cell: Int, _ box: (Float, Float, Float, Float), share: Float) {
        let place = picture * cells + cell
        let (x, y, stride) = (rows[3 * cell], rows[3 * cell + 1], rows[3 * cell + 2])
        let edges = [box.0, box.1, box.2, box.3]
        let sides = [x - box.0, y - box.1, box.2 - x, box.3 - y]
        for side in 0..<4 {
            boxes[4 * place + side] = edges[side]
            distances[4 * place + side] = min(max(sides[side] / stride, 0), reach)
        }
        shares[place] = share
    }

    /// A class's probability by the labels and by a teacher, each with its weight.
    mutating func setClass(
        _ picture: Int, _ cell: Int, _ index: Int, target: Float, weight: Float, taught: Float, taughtWeight: Float
    ) {
        let place = (picture * cells + cell) * classes + index
        let sum = weight + taughtWeight
        classWeights[place] = sum
        classTargets[place] = sum > 0 ? (weight * target + taughtWeight * taught) / sum : 0
    }

    mutating func setTaughtBox(_ picture: Int, _ cell: Int, _ box: [Float], share: Float) {
        let place = picture * cells + cell
        for side in 0..<4 { taughtBoxes[4 * place + side] = box[side] }
        taughtShares[place] = share
    }

    /// By the names of the loss's inputs.
    func tensors() throws -> [String: Tensor] {
        typealias Names = DetectionLoss.Names
        var result = [
            Names.classTargets: try Tensor(classTargets, shape: [pictures, cells, classes]),
            Names.classWeights: try Tensor(classWeights, shape: [pictures, cells, classes]),
            Names.boxTargets: try Tensor(boxes, shape: [pictures, cells, 4]),
            Names.distanceTargets: try Tensor(distances, shape: [pictures, cells, 4]),
            Names.boxShares: try Tensor(shares, shape: [pictures, cells]),
        ]
        if isTaught {
            result[Names.taughtBoxes] = try Tensor(taughtBoxes, shape: [pictures, cells, 4])
            result[Names.taughtShares] = try Tensor(taughtShares, shape: [pictures, cells])
        }
        return result
    }
}
