import Evaluation
import Foundation

/// What `eval mot` tells: as JSON the keys in snake case, shares from 0 to 1.
struct EvalTrackingReport: Encodable {
    struct Switch: Encodable {
        /// From 1, as in the files.
        let frame: Int
        /// From the first frame; left out without a frame rate.
        let seconds: Double?
        let object: Int
        let from: Int
        let to: Int
    }

    /// The figures at each overlap.
    struct Curves: Encodable {
        let overlaps, hota, detA, assA, detRe, detPr, assRe, assPr, locA: [Double]
    }

    struct Sequence: Encodable {
        let name: String
        let frames: Int
        let frameRate: Double?
        let objects: Int
        let objectBoxes: Int
        let tracks: Int
        let trackBoxes: Int
        let figures: TrackingSummary
        let switches: [Switch]
    }

    let groundTruth: String
    let results: String
    let benchmark: String
    let sequences: [Sequence]
    let combined: TrackingSummary
    let curves: Curves

    init(groundTruth: String, results: String, benchmark: MOTBenchmark, evaluation: TrackingEvaluation) {
        (self.groundTruth, self.results) = (groundTruth, results)
        self.benchmark = benchmark.rawValue
        sequences = evaluation.sequences.map(Sequence.init)
        combined = evaluation.combined.summary
        let hota = evaluation.combined.hota
        curves = Curves(
            overlaps: HOTAFigures.overlaps, hota: hota.hota, detA: hota.detA, assA: hota.assA, detRe: hota.detRe,
            detPr: hota.detPr, assRe: hota.assRe, assPr: hota.assPr, locA: hota.locA)
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }
}

extension EvalTrackingReport.Sequence {
    fileprivate init(_ sequence: TrackingEvaluation.Sequence) {
        self.init(
            name: sequence.name, frames: sequence.frameCount, frameRate: sequence.frameRate,
            objects: sequence.objectCount, objectBoxes: sequence.objectBoxes, tracks: sequence.trackCount,
            trackBoxes: sequence.trackBoxes, figures: sequence.figures.summary,
            switches: sequence.switches.map {
                EvalTrackingReport.Switch(
                    frame: $0.frame + 1, seconds: sequence.seconds(ofFrame: $0.frame), object: $0.object,
                    from: $0.from, to: $0.to)
            })
    }
}
