package import Graphs
import Models
import Tensors
import Training

/// A detector with its loss: the graph that `DetectorTraining` learns with.
///
/// To the model's input "images" (N×3×H×W) come "cells" (A×3: centre x, y and stride in pixels) and, made by
/// `DetectionAssigner` in each step, the targets of every cell: what each class should say and how much that counts, the
/// box with its share of the loss, and the same of a teacher. Outputs: "loss", its parts, and for the assigner "scores"
/// (N×A×C logits) and "boxes" (N×A×4 corners in pixels).
///
/// Loss = classes · Σ BCE + boxes · Σ CIoU + distances · Σ DFL (Zheng et al. 2020; Li et al. 2020), each divided by the sum
/// of the scores that the cells should give, as the shares already are.
package struct DetectionLoss: Hashable, Sendable {
    /// What the parts of the loss count.
    package var classGain: Float = 0.5
    package var boxGain: Float = 4
    package var distanceGain: Float = 1

    package init() {}

    package enum Names {
        package static let images = "images"
        package static let cells = "cells"
        /// In batches, for the assigner alone: N×M×6 (class, −1: nothing is known, −2: no object; x1, y1, x2, y2; weight).
        package static let labels = "labels"
        package static let scores = "scores"
        package static let boxes = "boxes"
        package static let classTargets = "targets.classes"
        package static let classWeights = "targets.weights"
        package static let boxTargets = "targets.boxes"
        package static let distanceTargets = "targets.distances"
        package static let boxShares = "targets.shares"
        package static let taughtBoxes = "taught.boxes"
        package static let taughtShares = "taught.shares"
        package static let loss = "loss"
    }

    /// Adds the loss to a model of `DetectorShape.strides`.
    ///
    /// - Parameter isTaught: whether a teacher's boxes count too.
    package func graph(of model: Graph, shape: DetectorShape, isTaught: Bool) throws -> Graph {
        var model = model
        // Outputs for inference are no part of the training.
        model.outputs = []
        model[model.inputs[0]].name = Names.images
        var net = GraphBuilder(model)
        let batch = Dimension.symbolic("batch")
        let count = Dimension.symbolic("cells")
        let classes = Dimension.fixed(shape.classes)
        let cells = net.input(Names.cells, [count, .fixed(3)])
        let classTargets = net.input(Names.classTargets, [batch, count, classes])
        let classWeights = net.input(Names.classWeights, [batch, count, classes])
        let boxTargets = net.input(Names.boxTargets, [batch, count, .fixed(4)])
        let distanceTargets = net.input(Names.distanceTargets, [batch, count, .fixed(4)])
        let boxShares = net.input(Names.boxShares, [batch, count])

        let scores = try joined(shape.strides.map(YOLO.classesName(stride:)), width: shape.classes, model, &net)
        let distances = try joined(shape.strides.map(YOLO.boxesName(stride:)), width: 4 * shape.bins, model, &net)
        let logits = try net.reshape(distances, [0, 0, 4, shape.bins])
        let boxes = try corners(logits, cells, bins: shape.bins, &net)

        let cross = try net.binaryCrossEntropy(logits: scores, targets: classTargets, reduction: .none)
        let classLoss = try net.sum(net.multiply(cross, classWeights))
        let overlap = try net.completeIoULoss(predictions: boxes, targets: boxTargets, reduction: .none)
        var boxLoss = try net.sum(net.multiply(overlap, boxShares))
        let focal = try net.distributionFocalLoss(logits: logits, targets: distanceTargets, reduction: .none)
        let distanceLoss = try net.sum(net.multiply(net.mean(focal, axes: [-1]), boxShares))
        if isTaught {
            let taughtBoxes = net.input(Names.taughtBoxes, [batch, count, .fixed(4)])
            let taughtShares = net.input(Names.taughtShares, [batch, count])
            let overlap = try net.completeIoULoss(predictions: boxes, targets: taughtBoxes, reduction: .none)
            boxLoss = try net.add(boxLoss, net.sum(net.multiply(overlap, taughtShares)))
        }
        let loss = try net.add(
            net.add(net.scale(classLoss, by: classGain), net.scale(boxLoss, by: boxGain)),
            net.scale(distanceLoss, by: distanceGain))
        net.output(scores, name: Names.scores)
        net.output(boxes, name: Names.boxes)
        net.output(classLoss, name: "class loss")
        net.output(boxLoss, name: "box loss")
        net.output(distanceLoss, name: "distance loss")
        net.output(loss, name: Names.loss)
        return net.graph
    }

    /// Maps N×width×h×w of all levels as rows: N×A×width.
    private func joined(
        _ names: [String], width: Int, _ model: Graph, _ net: inout GraphBuilder
    ) throws -> ValueID {
        let parts = try names.map { name in
            guard let id = model.value(named: name) else {
                throw LearningError.invalidModel("the model has no value \"\(name)\"")
            }
            return try net.transpose(net.reshape(id, [0, width, -1]), [0, 2, 1])
        }
        return try net.concat(parts, axis: 1)
    }

    /// N×A×4 from logits of distances N×A×4×bins.
    private func corners(
        _ logits: ValueID, _ cells: ValueID, bins: Int, _ net: inout GraphBuilder
    ) throws -> ValueID {
        let likely = try net.node(.softmax(axis: -1), [logits])
        let places = try net.constant((0..<bins).map { Float($0) }, [bins])
        let parts = try net.split(cells, axis: 1, sizes: [2, 1])
        let reach = try net.multiply(net.sum(net.multiply(likely, places), axes: [-1]), parts[1])
        let sides = try net.split(reach, axis: -1, sizes: [2, 2])
        return try net.concat([net.subtract(parts[0], sides[0]), net.add(parts[0], sides[1])], axis: -1)
    }
}

/// What a detector's maps are like.
package struct DetectorShape: Hashable, Sendable {
    package let strides: [Int]
    package let classes: Int
    package let bins: Int

    package init(classes: Int, bins: Int) {
        (strides, self.classes, self.bins) = (YOLO.strides, classes, bins)
    }

    /// Found by the names that `YOLO` gives its maps.
    package init(of model: Graph) throws {
        guard model.inputs.count == 1 else { throw Self.unknown }
        let side = 64
        let input = model[model.inputs[0]].name
        let specialized = try model.specialized(inputShapes: [input: Shape([1, 3, side, side])])
        func channels(_ name: String) -> Int? {
            specialized.value(named: name).flatMap { specialized.shape(of: $0) }.flatMap {
                $0.rank == 4 ? $0[1] : nil
            }
        }
        strides = YOLO.strides
        let maps = strides.map { (channels(YOLO.boxesName(stride: $0)), channels(YOLO.classesName(stride: $0))) }
        guard let first = maps.first, let boxes = first.0, let classes = first.1, boxes % 4 == 0,
            maps.allSatisfy({ $0.0 == boxes && $0.1 == classes })
        else { throw Self.unknown }
        self.classes = classes
        bins = boxes / 4
    }

    private static var unknown: LearningError {
        .invalidModel(
            "the model is no detector that was made here: it has no maps named head.stride8.boxes and the like")
    }
}
