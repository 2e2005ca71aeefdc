package import Detections

/// One object followed through time: what the filter believes, what was last seen, and where it stands in its life.
///
///     tentative ──(seen again, long enough)──▶ confirmed ◀──(seen)──▶ lost
///         └──────────(missed)──────▶ deleted ◀──────────(too long)──────┘
package struct Track: Hashable, Sendable {
    /// Where a track stands in its life.
    package enum State: Hashable, Sendable {
        /// Seen, but not long enough to be believed.
        case tentative
        /// Believed, and seen in the latest update.
        case confirmed
        /// Believed, but missed in the latest update.
        case lost
        /// Over.
        case deleted
    }

    /// What was seen of a track at one time.
    package struct Observation: Hashable, Sendable {
        /// When, in seconds.
        package var time: Double
        /// The box that is reported for the track then.
        package var box: BoundingBox
        /// The detection's score.
        package var score: Float

        /// What was seen of a track at one time.
        package init(time: Double, box: BoundingBox, score: Float) {
            self.time = time
            self.box = box
            self.score = score
        }
    }

    /// The order of creation in this tracker, from 0: every tentative track has one.
    package let number: UInt64
    /// The public id, dense from 1; given at confirmation.
    package internal(set) var id: UInt64?
    /// Where it stands in its life.
    package internal(set) var state = State.tentative
    /// What the filter believes.
    package internal(set) var motion: KalmanFilter.State
    /// The first time it was seen, in seconds.
    package let firstTime: Double
    /// How often it was seen.
    package internal(set) var observationCount = 1
    /// The latest observation.
    package internal(set) var latest: Observation
    /// What the filter believed right after the latest observation.
    package internal(set) var seenMotion: KalmanFilter.State
    /// The box of the latest observation as it was detected.
    package internal(set) var seenBox: BoundingBox
    /// The observation before the latest.
    package internal(set) var previous: Observation?
    /// The mean score, recent observations weighing most: what is seen again after Δt counts Δt / (Δt + `memory`).
    package private(set) var confidence: Float
    /// Whether the confidence reaches `TrackerConfiguration.trackHigh`. A track that lives on low scores alone is kept,
    /// so that it has its id when it is seen clearly again, but it is not reported.
    package private(set) var isReported = true
    /// The class with the highest sum of scores.
    package private(set) var classIndex: Int

    /// The time in which a score loses half of its weight in `confidence`, in seconds.
    private static let memory: Float = 0.3

    /// Sums of scores of the classes that were seen, decaying with each observation; at most four.
    private var votes: InlineVotes

    init(number: UInt64, detection: Detection, motion: KalmanFilter.State, time: Double) {
        self.number = number
        self.motion = motion
        seenMotion = motion
        seenBox = detection.box
        firstTime = time
        latest = Observation(time: time, box: detection.box, score: detection.score)
        classIndex = detection.classIndex
        confidence = detection.score
        votes = InlineVotes()
        votes.add(detection.score, to: detection.classIndex)
    }

    /// What is reported of the track in the latest update; `nil` unless it is confirmed, was seen in it, and is believed
    /// enough (`isReported`).
    package var detection: Detection? {
        guard state == .confirmed, let id, isReported else { return nil }
        return Detection(box: latest.box, classIndex: classIndex, score: latest.score, trackID: id)
    }

    /// Whether a tentative track has been seen long and often enough. (Times are sums of frame durations: a microsecond
    /// short is not short.)
    func isDue(_ configuration: TrackerConfiguration) -> Bool {
        state == .tentative && observationCount >= configuration.confirmationCount
            && latest.time - firstTime >= configuration.confirmationTime - 1e-6
    }

    /// Goes with the picture that the camera moved.
    mutating func move(by transform: SimilarityTransform, _ filter: KalmanFilter) {
        motion = filter.moved(motion, by: transform)
        seenMotion = filter.moved(seenMotion, by: transform)
        seenBox = transform.apply(seenBox)
    }

    /// How far the way to a place turns from the way that the track took: 0 straight on, 1 back, ½ where nothing moves.
    func turn(to coordinates: SIMD4<Double>) -> Float {
        let way = coordinates.lowHalf - seenMotion.position.lowHalf
        let velocity = seenMotion.velocity.lowHalf
        let length = ((way * way).sum() * (velocity * velocity).sum()).squareRoot()
        guard length > 1e-3 else { return 0.5 }
        return Float(1 - (way * velocity).sum() / length) / 2
    }

    mutating func confirm(id: UInt64) {
        self.id = id
        state = .confirmed
    }

    mutating func miss(at now: Double, _ configuration: TrackerConfiguration) {
        let patience = id == nil ? configuration.tentativeTimeLost : configuration.maximumTimeLost
        if now - latest.time > patience {
            state = .deleted
        } else if id != nil {
            state = .lost
        }
    }

    /// Records an observation: the class is what the votes say, and a lost track is found again.
    mutating func observe(
        _ detection: Detection, box: BoundingBox, time: Double, _ configuration: TrackerConfiguration
    ) {
        previous = latest
        let passed = Float(max(0, time - latest.time))
        confidence += (detection.score - confidence) * passed / (passed + Self.memory)
        isReported = confidence >= configuration.trackHigh
        latest = Observation(time: time, box: box, score: detection.score)
        seenMotion = motion
        seenBox = detection.box
        observationCount += 1
        votes.add(detection.score, to: detection.classIndex)
        classIndex = votes.winner ?? detection.classIndex
        if id != nil { state = .confirmed }
    }
}

/// Four candidate classes with their weights. A fifth takes the place of the lightest.
struct InlineVotes: Hashable, Sendable {
    /// What an observation leaves of the weights before it: 0.98 forgets half in 34 observations.
    static let memory: Float = 0.98

    private var classes = SIMD4<Int>(repeating: -1)
    private var weights = SIMD4<Float>.zero

    mutating func add(_ weight: Float, to classIndex: Int) {
        weights *= Self.memory
        var place = 0
        for lane in 0..<4 {
            if classes[lane] == classIndex, weights[lane] > 0 {
                weights[lane] += weight
                return
            }
            if weights[lane] < weights[place] { place = lane }
        }
        classes[place] = classIndex
        weights[place] = weight
    }

    /// The class with the greatest weight, the lower index on a tie.
    var winner: Int? {
        var best = 0
        for lane in 1..<4 {
            if weights[lane] > weights[best] || (weights[lane] == weights[best] && classes[lane] < classes[best]) {
                best = lane
            }
        }
        return weights[best] > 0 ? classes[best] : nil
    }
}
