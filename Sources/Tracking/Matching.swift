import Detections

/// The bookkeeping of one update: which detections are there, which are taken, and who takes which. The buffers are
/// kept from update to update.
struct Matching: Sendable {
    /// How sure the detector is.
    enum Level: Sendable {
        case high
        case low
    }

    /// A track and the detection that it gets, as indices.
    struct Pair: Hashable, Sendable {
        let track: Int
        let detection: Int
    }

    /// Detections with a high score, by falling score.
    private(set) var high: [Int] = []
    /// Detections with a low score, by falling score.
    private(set) var low: [Int] = []
    /// All of them.
    private(set) var usable: [Int] = []
    /// The pairs that `solve` found, by track.
    private(set) var pairs: [Pair] = []
    /// Whether a detection belongs to a track already.
    var isDetectionUsed: [Bool] = []
    /// Whether a track got a detection.
    private(set) var isTrackMatched: [Bool] = []

    private var rows: [Int] = []
    private var columns: [Int] = []
    private var columnCoordinates: [SIMD4<Double>] = []
    private var costs: [Double] = []
    private var assignment = LinearAssignment()

    /// Starts an update: ranks the finite detections with a sufficient score, at most `maximumDetections`.
    mutating func begin(tracks: Int, detections: [Detection], configuration: TrackerConfiguration) {
        isTrackMatched.refill(false, count: tracks)
        isDetectionUsed.refill(false, count: detections.count)
        usable.removeAll(keepingCapacity: true)
        high.removeAll(keepingCapacity: true)
        low.removeAll(keepingCapacity: true)
        let least = min(configuration.trackLow, configuration.trackHigh)
        for index in detections.indices {
            let detection = detections[index]
            guard detection.score.isFinite, detection.score >= least, detection.box.isPlausible else { continue }
            usable.append(index)
        }
        usable.withUnsafeMutableBufferPointer { usable in
            usable.heapSort { (detections[$1].score, $0) < (detections[$0].score, $1) }
        }
        if usable.count > configuration.maximumDetections {
            usable.removeLast(usable.count - max(configuration.maximumDetections, 0))
        }
        for index in usable {
            if detections[index].score >= configuration.trackHigh { high.append(index) } else { low.append(index) }
        }
    }

    /// Finds the pairs of least total cost between the unmatched tracks that `isWanted` names and the free detections
    /// of a level.
    mutating func solve(
        tracks: [Track], detections: [Detection], level: Level, now: Double, configuration: TrackerConfiguration,
        _ isWanted: (Track) -> Bool
    ) {
        pairs.removeAll(keepingCapacity: true)
        rows.removeAll(keepingCapacity: true)
        columns.removeAll(keepingCapacity: true)
        for index in tracks.indices where !isTrackMatched[index] && isWanted(tracks[index]) { rows.append(index) }
        for index in level == .high ? high : low where !isDetectionUsed[index] { columns.append(index) }
        guard !rows.isEmpty, !columns.isEmpty else { return }

        let limit = level == .high ? configuration.highLimit : configuration.lowLimit
        fillCosts(
            tracks: tracks, detections: detections, level: level, limit: limit, now: now, configuration: configuration)
        assignment.solve(costs: costs, rows: rows.count, columns: columns.count, unmatchedCost: Double(limit))
        for row in rows.indices where assignment.columnOfRow[row] >= 0 {
            let pair = Pair(track: rows[row], detection: columns[assignment.columnOfRow[row]])
            isTrackMatched[pair.track] = true
            isDetectionUsed[pair.detection] = true
            pairs.append(pair)
        }
    }

    /// The costs of all pairs, row by row; +∞ beyond the limit.
    private mutating func fillCosts(
        tracks: [Track], detections: [Detection], level: Level, limit: Float, now: Double,
        configuration: TrackerConfiguration
    ) {
        columnCoordinates.removeAll(keepingCapacity: true)
        for column in columns { columnCoordinates.append(detections[column].box.coordinates) }
        costs.refill(.infinity, count: rows.count * columns.count)
        let metrics = configuration.metrics
        for row in rows.indices {
            let track = tracks[rows[row]]
            let margin = metrics.margin(age: now - track.latest.time)
            let predicted = track.motion.box.grown(by: margin)
            let turnCost = metrics.turnCost(interval: track.state == .lost ? 0 : now - track.latest.time)
            let gate = configuration.filter.gate(around: track.motion)
            let base = row * columns.count
            for column in columns.indices {
                let detection = detections[columns[column]]
                let cost = metrics.cost(
                    predicted: predicted, detected: detection.box.grown(by: margin),
                    score: level == .high ? detection.score : 1,
                    isClassChange: detection.classIndex != track.classIndex,
                    turn: { turnCost * track.turn(to: columnCoordinates[column]) },
                    distance: { gate.distance(to: columnCoordinates[column]) })
                if cost <= limit { costs[base + column] = Double(cost) }
            }
        }
    }
}

extension BoundingBox {
    /// Whether a box can be tracked: finite, not empty, and within ±10⁷ pixels, far from where arithmetic suffers.
    var isPlausible: Bool {
        isFinite && width > 0 && height > 0 && max(abs(x1), abs(y1)) < 1e7 && max(abs(x2), abs(y2)) < 1e7
    }
}
