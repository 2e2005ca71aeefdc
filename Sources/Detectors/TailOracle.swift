import Detections
import Execution
import Graphs
import Tensors

/// Checks a decoding of raw feature maps against the graph's own tail.
///
/// The tail runs once on made-up maps: some cells of every grid, its corners too, score well and have pseudorandom boxes.
/// What `YOLODecoder` makes of the tail's outputs is what our decoding of the maps must give. The sizes of anchors are
/// read off the same run: at logits of 0 a box is as large as its anchor.
///
/// Where activations are quantized in the tail, these roundings are left out of the run: they are not part of what the
/// maps mean, and our decoding does without them.
struct TailOracle {
    /// By how much scores and coordinates may differ: by a part of their size, or by this much where that is more.
    private struct Tolerance {
        let part: Float
        let score: Float
        let pixels: Float
        /// How far from its cell a box may lie, in cells.
        let cells: Float

        static let exact = Tolerance(part: 1e-3, score: 1e-3, pixels: 1e-3, cells: 0.01)
        /// For a tail with quantized constants (of its bins, of the cells' places): up to half of a step of theirs.
        static let quantized = Tolerance(part: 2e-2, score: 2e-2, pixels: 6, cells: 0.5)
    }

    private let tolerance: Tolerance
    private static let confidence: Float = 0.25
    /// In every grid, and fewer where the network selects so few detections that not all of them would pass.
    private static let cellsPerLevel = 24
    private static let probeLogit: Float = 8

    /// The candidate, with the anchors that the tail has.
    private(set) var head: RawHead
    private let made: MadeUpMaps
    private var maps: [MadeUpMaps.Map] { made.maps }
    /// Cells whose values are not the background's, by map.
    private var special: [[Int]]
    private var expected: [Detection] = []
    private var probes: [(level: Int, anchor: Int, x: Float, y: Float)] = []
    private var seed: UInt64 = 1

    /// Runs the tail, as `Graph.from` gives it, on maps made up for a candidate; `whole` is the head of its outputs.
    init(tail: Graph, whole: YOLOHead, candidate: RawHead) throws {
        head = candidate
        tolerance = tail.isQuantized ? .quantized : .exact
        special = tail.inputs.map { _ in [] }
        let background = tail.inputs.indices.map { Self.background(of: $0, candidate) }
        var cells: [(height: Int, width: Int, values: [Float])] = []
        for (place, id) in tail.inputs.enumerated() {
            guard let shape = tail.shape(of: id) else { continue }
            cells.append((shape[2], shape[3], (0..<shape[1]).map(background[place])))
        }
        made = try MadeUpMaps(cells)
        for level in head.levels.indices { makeUp(level) }

        // By this thread alone: what reads the video is loaded meanwhile, see `VideoPipeline`.
        let session = try Session(ExecutionPlan(tail.isQuantized ? tail.withoutRoundings() : tail))
        for (place, map) in maps.enumerated() {
            let (channels, cells) = (map.channels, map.height * map.width)
            try session.withInput(place) { bytes in
                let values = bytes.bindMemory(to: Float.self)
                for channel in 0..<channels {
                    let row = UnsafeMutableBufferPointer(rebasing: values[channel * cells..<(channel + 1) * cells])
                    row.update(repeating: background[place](channel))
                    for cell in special[place] { row[cell] = map.values[cell * channels + channel] }
                }
            }
        }
        try session.run()
        var decoder = YOLODecoder(head: whole, confidence: Self.confidence, classes: nil)
        for output in session.plan.outputs.indices {
            try session.withOutput(output, as: Float.self) { decoder.decode($0, output: output, into: &expected) }
        }
        readAnchors()
    }

    /// Whether our decoding of the maps gives what the tail gives.
    func agrees() -> Bool {
        var found: [Detection] = []
        let decoder = RawHeadDecoder(head: head, confidence: Self.confidence, classes: nil)
        withExtendedLifetime(made) {
            decoder.decode({ made.featureMap($0) }, into: &found)
        }
        guard !found.isEmpty, found.count == expected.count else { return false }
        var rest = expected
        for detection in found {
            guard let match = rest.firstIndex(where: { isSame($0, detection) }) else { return false }
            rest.remove(at: match)
        }
        return true
    }

    private func isSame(_ a: Detection, _ b: Detection) -> Bool {
        func isNear(_ a: Float, _ b: Float, _ least: Float) -> Bool {
            abs(a - b) <= max(least, tolerance.part * abs(a))
        }
        let (p, q) = (a.box, b.box)
        return a.classIndex == b.classIndex && isNear(a.score, b.score, tolerance.score)
            && isNear(p.x1, q.x1, tolerance.pixels) && isNear(p.y1, q.y1, tolerance.pixels)
            && isNear(p.x2, q.x2, tolerance.pixels) && isNear(p.y2, q.y2, tolerance.pixels)
    }

    // MARK: Making up maps

    /// What a channel of a map has where nothing is: scores near 0, boxes of some size.
    private static func background(of map: Int, _ head: RawHead) -> (Int) -> Float {
        switch head.scheme {
        case .anchors: return { $0 % (5 + head.classes) < 4 ? 0 : -9 }
        case .distances, .cells: return head.levels.contains { $0.boxes == map } ? { _ in 0 } : { _ in -9 }
        }
    }

    private mutating func makeUp(_ index: Int) {
        let level = head.levels[index]
        let width = maps[level.boxes].width
        let cells = maps[level.boxes].height * width
        let selected = (head.selection ?? Int.max) / (2 * head.levels.count)
        let count = min(Self.cellsPerLevel, max(selected, 1))
        var chosen: [Int] = []
        for cell in [0, width - 1, cells - width, cells - 1]
            + (0..<4 * Self.cellsPerLevel).map({ _ in
                Int(random(0..<1) * Float(cells))
            }) where chosen.count < count && cell < cells && !chosen.contains(cell)
        {
            chosen.append(cell)
        }
        for (number, cell) in chosen.enumerated() {
            switch head.scheme {
            case .distances(let bins):
                for channel in 0..<4 * bins { set(level.boxes, cell, channel, random(bins > 1 ? -3..<3 : 0.2..<4)) }
                setClasses(level.classes, cell, from: 0, number: number, range: -1..<3)
            case .anchors:
                let count = level.anchors.count
                let (anchor, values) = (number % count, number % count * (5 + head.classes))
                let isProbe = number < count
                if isProbe {
                    let (x, y) = (Float(cell % width) + 0.5, Float(cell / width) + 0.5)
                    probes.append((index, anchor, x * Float(level.stride), y * Float(level.stride)))
                }
                for channel in 0..<4 { set(level.boxes, cell, values + channel, isProbe ? 0 : random(-2..<2)) }
                set(level.boxes, cell, values + 4, isProbe ? Self.probeLogit : random(0.5..<4))
                setClasses(level.boxes, cell, from: values + 5, number: number, range: 0.5..<4)
                if isProbe { set(level.boxes, cell, values + 5 + index % head.classes, Self.probeLogit) }
            case .cells:
                for channel in 0..<4 { set(level.boxes, cell, channel, random(-1..<2)) }
                set(level.objectness, cell, 0, random(0.5..<4))
                setClasses(level.classes, cell, from: 0, number: number, range: 0.5..<4)
            }
        }
    }

    /// Two classes that pass, one better than the other, and the rest that do not.
    private mutating func setClasses(_ map: Int, _ cell: Int, from first: Int, number: Int, range: Range<Float>) {
        for index in 0..<head.classes { set(map, cell, first + index, random(-6 ..< -3)) }
        let better = random(range)
        set(map, cell, first + (number * 7 + 3) % head.classes, range.lowerBound)
        set(map, cell, first + number * 7 % head.classes, better)
    }

    private mutating func set(_ map: Int, _ cell: Int, _ channel: Int, _ value: Float) {
        maps[map].values[cell * maps[map].channels + channel] = value
        if special[map].last != cell { special[map].append(cell) }
    }

    /// SplitMix64, the same on every run.
    private mutating func random(_ range: Range<Float>) -> Float {
        seed &+= 0x9e37_79b9_7f4a_7c15
        var bits = (seed ^ (seed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
        let unit = Float((bits ^ (bits >> 31)) >> 40) / Float(1 << 24)
        return range.lowerBound + unit * (range.upperBound - range.lowerBound)
    }

    /// Finds the boxes of the probes by their classes and places: they are as large as their anchors.
    private mutating func readAnchors() {
        for probe in probes {
            func distance(_ box: BoundingBox) -> Float { max(abs(box.centerX - probe.x), abs(box.centerY - probe.y)) }
            let boxes = expected.lazy.filter { [classes = head.classes] in
                $0.classIndex == probe.level % classes && $0.score > 0.99
            }.map(\.box)
            guard let box = boxes.min(by: { distance($0) < distance($1) }),
                distance(box) < tolerance.cells * Float(head.levels[probe.level].stride)
            else { continue }
            head.levels[probe.level].anchors[probe.anchor] = SIMD2(box.width, box.height)
        }
    }
}

/// Feature maps that were made up, each the same values in every cell at first, 1×H×W×C. They lie in one buffer, whose
/// memory comes faster than that of many.
private final class MadeUpMaps {
    struct Map {
        let height: Int
        let width: Int
        let channels: Int
        let values: UnsafeMutablePointer<Float>
    }

    private(set) var maps: [Map] = []
    private let buffer: TensorBuffer

    /// - Parameter cells: of each map its height and width, and the values of a cell.
    init(_ cells: [(height: Int, width: Int, values: [Float])]) throws(TensorError) {
        let count = cells.reduce(0) { $0 + $1.height * $1.width * $1.values.count }
        buffer = try TensorBuffer(byteCount: count * MemoryLayout<Float>.stride)
        var next = buffer.baseAddress.bindMemory(to: Float.self, capacity: count)
        for (height, width, values) in cells {
            maps.append(Map(height: height, width: width, channels: values.count, values: next))
            for _ in 0..<height * width {
                values.withUnsafeBufferPointer {
                    if let start = $0.baseAddress { next.update(from: start, count: $0.count) }
                }
                next += values.count
            }
        }
    }

    /// Valid while the maps are alive.
    func featureMap(_ place: Int) -> FeatureMap {
        let map = maps[place]
        return FeatureMap(
            .floats(UnsafePointer(map.values)), height: map.height, width: map.width, channels: map.channels)
    }
}
