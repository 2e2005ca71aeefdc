package import Detections
import Execution
package import Imaging
import Tensors

extension YOLODetector {
    /// Finds the objects in one picture after the other. Used by one thread at a time.
    ///
    /// Once pictures of a size have been seen, nothing is allocated for the next of that size.
    package final class Worker: @unchecked Sendable {
        // Sendable: handed to one stage, which alone uses it.
        /// How long the parts of a detection took.
        package struct Times: Hashable, Sendable {
            /// From the picture's pixels to the network's input.
            package var letterbox = Duration.zero
            package var network = Duration.zero
            /// From the network's outputs to boxes with scores.
            package var decoding = Duration.zero
            /// Suppression of weaker boxes, and the way back to the picture's pixels.
            package var suppression = Duration.zero

            /// What a runtime that computes the whole graph does: the network with its head's tail.
            package var networkAndDecoding: Duration { network + decoding }
            package var total: Duration { letterbox + network + decoding + suppression }
        }

        /// Those of the latest picture.
        package private(set) var times = Times()

        private let detector: YOLODetector
        private let threads: Int
        /// The networks of the latest sizes, the latest last.
        private var networks: [Network] = []
        private var scaler: LetterboxScaler?
        private var suppression: NonMaxSuppression

        /// A network with the memory in which it runs.
        private final class Network {
            let plan: DetectorNetwork.Plan
            let session: Session
            /// Reads raw maps; nil where the graph's own tail has run, and `decoder` reads its outputs.
            let mapDecoder: RawHeadDecoder?
            var decoder: YOLODecoder
            /// For a network that takes bytes: the byte for each level of a pixel; empty where it is the level itself.
            /// Nil for a network that takes floats.
            let pixelTable: [UInt8]?

            init(
                _ plan: DetectorNetwork.Plan, session: Session, scale: Float, confidence: Float, classes: Set<Int>?
            ) {
                self.plan = plan
                pixelTable = Self.pixelTable(plan.input, scale: scale)
                self.session = session
                mapDecoder = plan.rawHead.map { RawHeadDecoder(head: $0, confidence: confidence, classes: classes) }
                decoder = YOLODecoder(head: plan.head, confidence: confidence, classes: classes)
            }

            private static func pixelTable(_ port: ExecutionPlan.Port, scale: Float) -> [UInt8]? {
                guard let step = port.quantization?.scale, let zeroPoint = port.quantization?.zeroPoint else {
                    return nil
                }
                let table = (0..<256).map { level in
                    let place = (Float(level) * scale / step).rounded(.toNearestOrEven) + Float(zeroPoint)
                    return UInt8(min(max(place, 0), 255))
                }
                return table.indices.allSatisfy { Int(table[$0]) == $0 } ? [] : table
            }
        }

        /// How many networks are kept, each of which is some 20 MB.
        private let networkLimit: Int

        init(_ detector: YOLODetector, threads: Int, networkLimit: Int) {
            self.detector = detector
            self.networkLimit = max(1, networkLimit)
            self.threads = threads
            let options = detector.options
            let selection = detector.rawHead?.selection ?? options.maximumDetections
            suppression = NonMaxSuppression(
                confidence: options.confidence, iou: detector.head.isSuppressed ? 1 : detector.suppressionIoU,
                maximumDetections: min(options.maximumDetections, selection), isClassAgnostic: options.isAgnostic)
        }

        /// The objects in a picture, strongest first, in its pixels.
        package func detect(_ image: borrowing Image) throws(DetectorError) -> [Detection] {
            var detections: [Detection] = []
            try detect(image, into: &detections)
            return detections
        }

        /// Replaces `detections` by the objects in a picture, strongest first, in its pixels.
        ///
        /// - Parameter share: of the sides of the network's input; see `InputFormat.canvas`.
        package func detect(
            _ image: borrowing Image, share: Double = 1, into detections: inout [Detection]
        ) throws(DetectorError) {
            detections.removeAll(keepingCapacity: true)
            let size = detector.input.canvas(forWidth: image.width, height: image.height, share: share)
            let network = try network(width: size.width, height: size.height)
            do {
                let clock = ContinuousClock()
                let start = clock.now
                let letterbox = try write(image, to: network)
                times.letterbox = clock.now - start
                try run(network, letterbox: letterbox, into: &detections)
            } catch {
                throw .failed(reason: "\(error)")
            }
        }

        /// As above, for a picture that is on its canvas already (`YOLODetector.letterboxed`).
        package func detect(_ image: LetterboxedImage, into detections: inout [Detection]) throws(DetectorError) {
            detections.removeAll(keepingCapacity: true)
            let network = try network(width: image.width, height: image.height)
            do {
                try write(image, to: network)
                try run(network, letterbox: image.letterbox, into: &detections)
            } catch {
                throw .failed(reason: "\(error)")
            }
        }

        /// What a picture's cells or anchors say, each of them, in the order of the maps: all whose score reaches the
        /// detector's confidence, boxes on the canvas, overlaps not suppressed.
        package func candidates(in image: LetterboxedImage, into detections: inout [Detection]) throws(DetectorError) {
            detections.removeAll(keepingCapacity: true)
            let network = try network(width: image.width, height: image.height)
            do {
                try write(image, to: network)
                try network.session.run()
                try decode(network, into: &detections)
            } catch {
                throw .failed(reason: "\(error)")
            }
        }

        /// What every cell of a picture says: cells × classes probabilities and cells × 4 corners on the canvas, in the order
        /// of the maps and their rows. For networks whose raw maps are known, without anchors.
        package func answers(
            in image: LetterboxedImage, scores: inout [Float], boxes: inout [Float]
        ) throws(DetectorError) {
            let network = try network(width: image.width, height: image.height)
            guard let decoder = network.mapDecoder else {
                throw .failed(reason: "its cells are not known: \(detector.wholeGraphReason ?? "no raw maps")")
            }
            let isDone: Bool
            do {
                try write(image, to: network)
                try network.session.run()
                isDone = try network.session.withOutputs { bytes in
                    decoder.decodeAll(
                        { FeatureMap(bytes($0), port: network.plan.outputs[$0]) }, scores: &scores, boxes: &boxes)
                }
            } catch {
                throw .failed(reason: "\(error)")
            }
            guard isDone else { throw .failed(reason: "its cells have several anchors each") }
        }

        /// From the network's input to detections in the picture's pixels.
        private func run(
            _ network: Network, letterbox: Letterbox, into detections: inout [Detection]
        ) throws(ExecutionError) {
            let clock = ContinuousClock()
            let start = clock.now
            try network.session.run()
            let computed = clock.now
            try decode(network, into: &detections)
            let decoded = clock.now
            suppression.apply(to: &detections)
            var kept = 0
            for index in detections.indices {
                let box = letterbox.sourceBox(detections[index].box)
                guard box.area > 0 else { continue }
                detections[kept] = detections[index]
                detections[kept].box = box
                kept += 1
            }
            detections.removeLast(detections.count - kept)
            times.network = computed - start
            times.decoding = decoded - computed
            times.suppression = clock.now - decoded
        }

        private func write(_ image: LetterboxedImage, to network: Network) throws(ExecutionError) {
            let scale = detector.input.scale
            try network.session.withInput(0) { bytes in
                if let table = network.pixelTable {
                    let pixels = bytes.bindMemory(to: UInt8.self)
                    _ = pixels.update(fromContentsOf: image.pixels)
                    Self.apply(table, to: pixels)
                } else {
                    let values = bytes.bindMemory(to: Float.self)
                    for index in image.pixels.indices { values[index] = Float(image.pixels[index]) * scale }
                }
            }
        }

        private static func apply(_ table: [UInt8], to pixels: UnsafeMutableBufferPointer<UInt8>) {
            guard !table.isEmpty else { return }
            for index in pixels.indices { pixels[index] = table[Int(pixels[index])] }
        }

        private func network(at place: Int) -> Network {
            if place != networks.count - 1 { networks.append(networks.remove(at: place)) }
            return networks[networks.count - 1]
        }

        func prepareNetwork(width: Int, height: Int) throws(DetectorError) {
            _ = try network(width: width, height: height)
        }

        /// The network for a canvas, made when it is not there.
        private func network(width: Int, height: Int) throws(DetectorError) -> Network {
            if let place = networks.firstIndex(where: { $0.plan.width == width && $0.plan.height == height }) {
                return network(at: place)
            }
            let plan = try detector.network.plan(width: width, height: height)
            let session: Session
            do {
                session = try Session(plan.execution, threads: threads)
            } catch {
                throw .failed(reason: "\(error)")
            }
            if networks.count == networkLimit { networks.removeFirst() }
            networks.append(
                Network(
                    plan, session: session, scale: detector.input.scale, confidence: detector.options.confidence,
                    classes: detector.classes))
            return networks[networks.count - 1]
        }

        /// Fits the picture into the network's input; returns how.
        private func write(_ image: borrowing Image, to network: Network) throws(ExecutionError) -> Letterbox {
            let input = detector.input
            let letterbox = Letterbox(
                sourceWidth: image.width, sourceHeight: image.height, canvasWidth: network.plan.width,
                canvasHeight: network.plan.height, style: input.letterbox)
            let scaler = self.scaler?.letterbox == letterbox ? self.scaler : LetterboxScaler(letterbox)
            self.scaler = scaler
            try network.session.withInput(0) { bytes in
                if let table = network.pixelTable {
                    let pixels = bytes.bindMemory(to: UInt8.self)
                    scaler?.write(image, into: pixels, order: input.channelOrder)
                    Self.apply(table, to: pixels)
                } else {
                    let values = bytes.bindMemory(to: Float.self)
                    scaler?.write(image, into: values, order: input.channelOrder, scale: input.scale)
                }
            }
            return letterbox
        }

        private func decode(_ network: Network, into detections: inout [Detection]) throws(ExecutionError) {
            let plan = network.plan
            if let decoder = network.mapDecoder {
                try network.session.withOutputs { bytes in
                    decoder.decode(
                        { place in
                            FeatureMap(bytes(place), port: plan.outputs[place])
                        }, into: &detections)
                }
                return
            }
            for place in plan.outputs.indices {
                try network.session.withOutput(place, as: Float.self) { elements in
                    network.decoder.decode(elements, output: place, into: &detections)
                }
            }
        }
    }
}
