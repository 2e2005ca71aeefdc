/// The frames of a sequence as the metrics see them: who is there, and which objects and tracks overlap how far.
///
/// Frames are added one by one; boxes are not kept.
///
///     var sequence = TrackedSequence()
///     for frame in frames { sequence.append(objects: frame.objects, tracks: frame.tracks) }
///     let figures = TrackingFigures(sequence)
package struct TrackedSequence: Sendable {
    /// An object and a track that overlap in a frame.
    struct Overlap: Sendable {
        /// The object's place in its frame.
        let row: Int
        /// The track's place in its frame.
        let column: Int
        /// The place of the two identities in `pairs`.
        let pair: Int
        /// Intersection over union, above 0.
        let iou: Double
    }

    /// A frame in which somebody is.
    struct Frame: Sendable {
        /// Counts from 0.
        let number: Int
        /// The objects that are there: places in `objectIDs`.
        let objects: [Int]
        /// The tracks that are there: places in `trackIDs`.
        let tracks: [Int]
        /// Those that overlap, by row and column.
        let overlaps: [Overlap]
    }

    /// An object and a track that overlap in some frame: places in `objectIDs` and `trackIDs`.
    struct Pair: Sendable {
        let object: Int
        let track: Int
    }

    /// How many frames were added.
    package private(set) var frameCount = 0
    /// The identities of the objects, in the order in which they came.
    package private(set) var objectIDs: [Int] = []
    /// The identities of the tracks, in the order in which they came.
    package private(set) var trackIDs: [Int] = []
    /// In how many frames each object is.
    package private(set) var objectLengths: [Int] = []
    /// In how many frames each track is.
    package private(set) var trackLengths: [Int] = []
    private(set) var frames: [Frame] = []
    private(set) var pairs: [Pair] = []

    private var objectPlaces: [Int: Int] = [:]
    private var trackPlaces: [Int: Int] = [:]
    private var pairPlaces: [SIMD2<Int>: Int] = [:]

    /// A sequence without frames.
    package init() {}

    /// The boxes of all objects.
    package var objectBoxes: Int { objectLengths.reduce(0, +) }
    /// The boxes of all tracks.
    package var trackBoxes: Int { trackLengths.reduce(0, +) }

    /// Adds the next frame. An identity that stands in it twice counts with its first box.
    ///
    /// - Parameters:
    ///   - objects: What is there, without what is to be ignored.
    ///   - tracks: What the tracker says.
    package mutating func append(objects: [TrackedBox], tracks: [TrackedBox]) {
        defer { frameCount += 1 }
        let (objects, tracks) = (Self.unique(objects), Self.unique(tracks))
        guard !objects.isEmpty || !tracks.isEmpty else { return }
        let rows = objects.map { Self.place(of: $0.id, in: &objectPlaces, ids: &objectIDs, lengths: &objectLengths) }
        let columns = tracks.map { Self.place(of: $0.id, in: &trackPlaces, ids: &trackIDs, lengths: &trackLengths) }
        var overlaps: [Overlap] = []
        for (row, object) in objects.enumerated() {
            for (column, track) in tracks.enumerated() {
                let iou = object.box.intersectionOverUnion(track.box)
                guard iou > 0 else { continue }
                let pair = pair(object: rows[row], track: columns[column])
                overlaps.append(Overlap(row: row, column: column, pair: pair, iou: iou))
            }
        }
        frames.append(Frame(number: frameCount, objects: rows, tracks: columns, overlaps: overlaps))
    }

    private mutating func pair(object: Int, track: Int) -> Int {
        if let place = pairPlaces[SIMD2(object, track)] { return place }
        pairPlaces[SIMD2(object, track)] = pairs.count
        pairs.append(Pair(object: object, track: track))
        return pairs.count - 1
    }

    private static func place(
        of id: Int, in places: inout [Int: Int], ids: inout [Int], lengths: inout [Int]
    ) -> Int {
        if let place = places[id] {
            lengths[place] += 1
            return place
        }
        places[id] = ids.count
        ids.append(id)
        lengths.append(1)
        return ids.count - 1
    }

    private static func unique(_ boxes: [TrackedBox]) -> [TrackedBox] {
        var known: Set<Int> = []
        return boxes.filter { known.insert($0.id).inserted }
    }
}
