package import Detections
package import Execution
package import Graphs
import Glibc
import Imaging
package import Kernels
import ONNX

/// A YOLO model, ready to find objects in pictures: from pixels to tensors to boxes.
///
///     let detector = try YOLODetector(modelPath: "yolov8n.onnx")
///     let worker = try detector.makeWorker(threads: 2)
///     let detections = try worker.detect(image)
///
/// The detector is shared; each worker has the memory for one picture at a time. The same picture gives the same
/// detections, bit for bit, whatever the number of threads.
///
/// The network is planned for the aspect ratio of the pictures (640×384 and not 640×640 for 16:9), also where the file
/// fixes a square, and boxes are decoded from its raw maps; `inspect` tells where a model does not allow it.
package final class YOLODetector: Sendable {
    /// How objects are found.
    package struct Options: Sendable {
        package var confidence: Float = 0.25
        /// The overlap above which the weaker of two boxes is dropped; nil = what the model says, else 0.7.
        package var iou: Float?
        package var maximumDetections = 300
        package var isAgnostic = false
        /// Classes to keep, by name or number; empty = all.
        package var classes: [String] = []
        /// The side of the input; nil = what the model says.
        package var imageSize: Int?
        /// Whether pictures are always fitted into the whole input, as its file has it, and not into the part of it that
        /// has their aspect ratio.
        package var isSquare = false
        /// The head, where the shapes leave it open.
        package var head: YOLOHead.Name?
        /// Whether boxes are decoded from raw maps where these are known; the tail of the graph does it otherwise.
        package var usesRawMaps = true
        /// Whose kernels run the network; the machine must have it.
        package var instructionSet = InstructionSet.best

        package init() {}
    }

    package let labels: ClassLabels
    /// The head of the whole graph.
    package let head: YOLOHead
    /// The head before the graph's tail, where boxes are decoded from raw maps.
    package var rawHead: RawHead? { network.rawHead }
    /// Why boxes are decoded by the graph's tail, where that is so.
    package var wholeGraphReason: String? { network.wholeReason }
    package let input: InputFormat
    /// Why the input has one shape for pictures of every shape, where that is so.
    package let squareReason: String?

    /// The overlap above which the weaker of two boxes is dropped.
    package let suppressionIoU: Float
    let network: DetectorNetwork
    let options: Options
    let classes: Set<Int>?

    /// Reads, checks and plans a model.
    package convenience init(modelPath: String, options: Options = Options()) throws(DetectorError) {
        try self.init(Self.readModel(modelPath), options: options)
    }

    /// Reads an ONNX file, or the weights that come with the program by their name, where no file has it; the errors name
    /// it.
    package static func readModel(_ path: String) throws(DetectorError) -> Graph {
        do {
            if path == DefaultWeights.name, access(path, F_OK) != 0 {
                return try importONNX(DefaultWeights.data, name: path)
            }
            return try importONNX(contentsOf: path)
        } catch {
            guard case .unreadable(_, let reason) = error else { throw .unreadable(model: path, reason: "\(error)") }
            if access(path, F_OK) != 0 { throw .missing(model: path) }
            if access(path, R_OK) != 0 { throw .denied(model: path) }
            throw .unreadable(model: path, reason: "the file cannot be read: \(reason)")
        }
    }

    /// Makes a detector of an imported graph.
    package init(_ graph: Graph, options: Options = Options()) throws(DetectorError) {
        let metadata = ModelMetadata(graph.metadata)
        if let task = metadata.task, task != "detect" {
            throw .unsupportedInput(model: graph.name, reason: "the model is for the task \(task), not for detection")
        }
        let size = try InputFormat.size(of: graph, metadata: metadata, wantedSide: options.imageSize)
        network = try DetectorNetwork(
            graph, input: size, classes: metadata.labels?.names.count, wanted: options.head,
            usesMaps: options.usesRawMaps, instructionSet: options.instructionSet)
        head = network.head
        labels =
            metadata.labels
            ?? (head.classes == ClassLabels.coco.names.count
                ? .coco : ClassLabels((0..<(head.classes ?? 0)).map { "class \($0)" }))
        if let classes = head.classes, classes != labels.names.count {
            throw .labelMismatch(head: classes, labels: labels.names.count)
        }
        try network.checkResizing(width: size.canvasWidth, height: size.canvasHeight)
        let stride = max(metadata.stride, network.rawHead?.levels.last?.stride ?? 0)
        squareReason = Self.squareReason(network, size, stride: stride, options)
        let isYOLOX = head.name == .yolox
        input = InputFormat(
            name: size.name, width: size.canvasWidth, height: size.canvasHeight, isRectangular: squareReason == nil,
            stride: stride, letterbox: isYOLOX ? .topLeft : .centered, channelOrder: isYOLOX ? .bgr : .rgb,
            scale: isYOLOX ? 1 : 1 / 255)
        do {
            classes = try ClassFilter(options.classes.joined(separator: ","), labels: labels).indices.map(Set.init)
        } catch {
            throw .unknownClass("\(error)")
        }
        self.options = options
        suppressionIoU = options.iou ?? metadata.iou ?? 0.7
        // Without raw maps nothing of the graph has run yet.
        if network.rawHead == nil { _ = try network.plan(width: input.width, height: input.height) }
    }

    /// Why the canvas cannot follow the aspect ratio of a picture; nil when it can.
    private static func squareReason(
        _ network: DetectorNetwork, _ size: InputFormat.Size, stride: Int, _ options: Options
    ) -> String? {
        if options.isSquare { return "it was asked for" }
        guard size.canvasWidth % stride == 0, size.canvasHeight % stride == 0 else {
            return "its sides are no multiples of \(stride)"
        }
        do {
            // Two sizes: a table of positions may fit one by chance.
            if size.canvasHeight > stride {
                try network.checkResizing(width: size.canvasWidth, height: size.canvasHeight - stride)
            }
            if size.canvasWidth > stride {
                try network.checkResizing(width: size.canvasWidth - stride, height: size.canvasHeight)
            }
            return nil
        } catch {
            return "\(error)"
        }
    }

    /// The plan for an input of a size; see `InputFormat.canvas`.
    package func plan(width: Int, height: Int) throws(DetectorError) -> ExecutionPlan {
        try network.plan(width: width, height: height).execution
    }

    /// A worker with memory of its own; `threads` of them work on one picture.
    ///
    /// - Parameter pictureSize: the size of the pictures that will come, where it is known: then what they need is made
    ///   now, and what is wrong with it is found now.
    package func makeWorker(
        threads: Int, pictureSize: (width: Int, height: Int)? = nil
    ) throws(DetectorError) -> Worker {
        let worker = Worker(self, threads: threads, networkLimit: 2)
        let size = pictureSize ?? (input.width, input.height)
        let canvas = input.canvas(forWidth: size.width, height: size.height)
        try worker.prepareNetwork(width: canvas.width, height: canvas.height)
        return worker
    }

    /// A worker for pictures of several sources: it makes the network for a size when the first such picture comes, and
    /// keeps the latest `networkLimit` of them.
    package func makeWorker(threads: Int, networkLimit: Int) -> Worker {
        Worker(self, threads: threads, networkLimit: networkLimit)
    }
}
