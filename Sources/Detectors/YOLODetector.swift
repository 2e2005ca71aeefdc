package import Detections
package import Execution
package import Graphs
package import Imaging
import Glibc
import ONNX
import Tensors

/// A YOLO model, ready to find objects in pictures: from pixels to tensors to boxes.
///
///     let detector = try YOLODetector(modelPath: "yolov8n.onnx")
///     let worker = try detector.makeWorker(threads: 2)
///     let detections = try worker.detect(image)
///
/// The detector is immutable and shared; each worker has the memory for one picture at a time. The same picture gives
/// the same detections, bit for bit, whatever the number of threads.
package final class YOLODetector: Sendable {
    /// How objects are found.
    package struct Options: Sendable {
        package var confidence: Float = 0.25
        package var iou: Float = 0.7
        package var maximumDetections = 300
        package var isAgnostic = false
        /// Classes to keep, by name or number; empty = all.
        package var classes: [String] = []
        /// The side of the input, for models that leave it open.
        package var imageSize: Int?
        /// The head, where the shapes leave it open.
        package var head: YOLOHead.Name?

        package init() {}
    }

    package let labels: ClassLabels
    package let head: YOLOHead
    package let input: InputFormat
    package let plan: ExecutionPlan

    fileprivate let options: Options
    fileprivate let classes: Set<Int>?

    /// Reads, checks and plans a model.
    package convenience init(modelPath: String, options: Options = Options()) throws(DetectorError) {
        try self.init(Self.readModel(modelPath), options: options)
    }

    /// Reads an ONNX file; the errors name it.
    package static func readModel(_ path: String) throws(DetectorError) -> Graph {
        do {
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
        do {
            plan = try ExecutionPlan(
                graph, inputShapes: [size.name: [1, 3, size.height, size.width]],
                options: ExecutionOptions(inputLayout: .channelsLast))
        } catch {
            throw .unreadable(model: graph.name, reason: "\(error)")
        }
        for output in plan.outputs where output.dtype != .float32 {
            throw .unsupportedInput(
                model: graph.name, reason: "the output \(output.name) is \(output.dtype), not float32")
        }
        head = try YOLOHead.infer(
            outputs: plan.outputs.map(\.shape.dimensions), width: size.width, height: size.height,
            classes: metadata.labels?.names.count, wanted: options.head)
        labels =
            metadata.labels
            ?? (head.classes == ClassLabels.coco.names.count
                ? .coco : ClassLabels((0..<(head.classes ?? 0)).map { "class \($0)" }))
        if let classes = head.classes, classes != labels.names.count {
            throw .labelMismatch(head: classes, labels: labels.names.count)
        }
        let isYOLOX = head.name == .yolox
        input = InputFormat(
            name: size.name, width: size.width, height: size.height, letterbox: isYOLOX ? .topLeft : .centered,
            channelOrder: isYOLOX ? .bgr : .rgb, scale: isYOLOX ? 1 : 1 / 255)
        do {
            classes = try ClassFilter(options.classes.joined(separator: ","), labels: labels).indices.map(Set.init)
        } catch {
            throw .unknownClass("\(error)")
        }
        self.options = options
    }

    /// A worker with memory of its own; `threads` of them work on one picture.
    package func makeWorker(threads: Int) throws(DetectorError) -> Worker {
        do {
            return try Worker(self, session: Session(plan, threads: threads))
        } catch {
            throw .failed(reason: "\(error)")
        }
    }

    /// Finds the objects in one picture after the other. Used by one thread at a time.
    package final class Worker: @unchecked Sendable {
        // Sendable: handed to one stage, which alone uses it.
        private let detector: YOLODetector
        private let session: Session
        private var scaler: LetterboxScaler?
        private var canvas: [UInt8]
        private var decoder: YOLODecoder
        private var suppression: NonMaxSuppression
        private var candidates: [Detection] = []

        fileprivate init(_ detector: YOLODetector, session: Session) {
            self.detector = detector
            self.session = session
            let options = detector.options
            canvas = Array(repeating: Letterbox.fill, count: detector.input.width * detector.input.height * 3)
            decoder = YOLODecoder(head: detector.head, confidence: options.confidence, classes: detector.classes)
            suppression = NonMaxSuppression(
                confidence: options.confidence, iou: detector.head.isSuppressed ? 1 : options.iou,
                maximumDetections: options.maximumDetections, isClassAgnostic: options.isAgnostic)
        }

        /// The objects in a picture, strongest first, in its pixels.
        package func detect(_ image: borrowing Image) throws(DetectorError) -> [Detection] {
            let letterbox = prepare(image)
            candidates.removeAll(keepingCapacity: true)
            do {
                let scale = detector.input.scale
                try session.withInput(0) { input in
                    let values = input.bindMemory(to: Float.self)
                    canvas.withUnsafeBufferPointer { pixels in
                        for index in pixels.indices { values[index] = Float(pixels[index]) * scale }
                    }
                }
                try session.run()
                for output in detector.plan.outputs.indices {
                    try session.withOutput(output, as: Float.self) { elements in
                        decoder.decode(elements, output: output, into: &candidates)
                    }
                }
            } catch {
                throw .failed(reason: "\(error)")
            }
            suppression.apply(to: &candidates)
            return candidates.compactMap { candidate in
                var detection = candidate
                detection.box = letterbox.sourceBox(candidate.box)
                return detection.box.area > 0 ? detection : nil
            }
        }

        /// Fits the picture into the network's input; returns how.
        private func prepare(_ image: borrowing Image) -> Letterbox {
            let input = detector.input
            let letterbox = Letterbox(
                sourceWidth: image.width, sourceHeight: image.height, canvasWidth: input.width,
                canvasHeight: input.height, style: input.letterbox)
            let scaler = self.scaler?.letterbox == letterbox ? self.scaler : LetterboxScaler(letterbox)
            self.scaler = scaler
            canvas.withUnsafeMutableBufferPointer { scaler?.write(image, into: $0, order: input.channelOrder) }
            return letterbox
        }
    }
}
