import Evaluation
import Testing

@Suite struct BootstrapTests {
    /// One resample: its figure is the value plus the shift. The oracle evaluates the drawn images as a data set.
    @Test(arguments: 0..<8) func aResampleIsTheEvaluationOfTheDrawnImages(seed: UInt64) throws {
        let scene = Scene(seed: seed)
        let estimates = try #require(Bootstrap(resamples: 1, seed: seed).interval(of: scene.evaluation))
        var times: [Int] = []
        Philox(seed: seed).resample(scene.objects.count, number: 0, into: &times)
        var drawn = scene
        drawn.objects = zip(scene.objects, times).flatMap { Array(repeating: $0, count: $1) }
        drawn.detections = zip(scene.detections, times).flatMap { Array(repeating: $0, count: $1) }
        let wanted = drawn.evaluation.summary
        #expect(abs(estimates.ap.value + estimates.ap.shift - (wanted.ap ?? -1)) < 1e-9)
        let half = try #require(estimates.ap50)
        #expect(abs(half.value + half.shift - (wanted.ap50 ?? -1)) < 1e-9)
    }

    @Test func theValueIsTheFigureAndTheIntervalHoldsIt() throws {
        let evaluation = Scene(images: 60, seed: 1).evaluation
        let estimates = try #require(Bootstrap(resamples: 300, seed: 1).interval(of: evaluation))
        #expect(abs(estimates.ap.value - (evaluation.summary.ap ?? 0)) < 1e-12)
        #expect(estimates.ap.lower < estimates.ap.value && estimates.ap.value < estimates.ap.upper)
        #expect(estimates.ap.standardError > 0)
        let width = estimates.ap.upper - estimates.ap.lower
        // About ±1.96 standard errors, as of a bell curve.
        #expect(width > 3 * estimates.ap.standardError && width < 5 * estimates.ap.standardError)
    }

    @Test func moreImagesGiveANarrowerInterval() throws {
        let few = try #require(Bootstrap(resamples: 200).interval(of: Scene(images: 25, seed: 2).evaluation))
        let many = try #require(Bootstrap(resamples: 200).interval(of: Scene(images: 400, seed: 2).evaluation))
        // A quarter is what the root of 16 times as many images gives.
        #expect(many.ap.standardError < 0.4 * few.ap.standardError)
    }

    @Test func theSeedDecidesAndTheThreadsDoNot() {
        let evaluation = Scene(images: 30, seed: 3).evaluation
        let one = Bootstrap(resamples: 50, seed: 9, threads: 1).interval(of: evaluation)
        #expect(Bootstrap(resamples: 50, seed: 9, threads: 3).interval(of: evaluation) == one)
        #expect(Bootstrap(resamples: 50, seed: 10, threads: 1).interval(of: evaluation) != one)
    }

    @Test func aRunDoesNotDifferFromItself() throws {
        let evaluation = Scene(images: 30, seed: 3).evaluation
        let same = try #require(Bootstrap(resamples: 50).comparison(of: evaluation, with: evaluation))
        #expect(same.ap.value == 0 && same.ap.lower == 0 && same.ap.upper == 0 && same.ap.shareBelowZero == 0)
    }

    /// A small loss in every image is certain although AP itself is not: that is what pairing is for.
    @Test func pairingSeesASmallLoss() throws {
        let scene = Scene(images: 80, seed: 4)
        var worse = scene
        for image in worse.detections.indices where image % 4 == 0 && !worse.detections[image].isEmpty {
            worse.detections[image].removeFirst()
        }
        let (before, after) = (scene.evaluation, worse.evaluation)
        let bootstrap = Bootstrap(resamples: 300, seed: 4)
        let change = try #require(bootstrap.comparison(of: before, with: after))
        let single = try #require(bootstrap.interval(of: before))
        #expect(abs(change.ap.value - ((after.summary.ap ?? 0) - (before.summary.ap ?? 0))) < 1e-12)
        #expect(change.ap.value < 0 && change.ap.upper < 0 && change.ap.shareBelowZero > 0.99)
        #expect(single.ap.lower < after.summary.ap ?? 0, "without pairing the loss is within the interval")
        #expect(change.ap.standardError < single.ap.standardError)
    }

    @Test func withoutObjectsOrResamplesThereIsNoEstimate() {
        let empty = DetectionEvaluation(objects: [[], []], detections: [[], []], classCount: 2)
        #expect(Bootstrap(resamples: 20).interval(of: empty) == nil)
        #expect(Bootstrap(resamples: 0).interval(of: Scene(seed: 1).evaluation) == nil)
        let none = DetectionEvaluation(objects: [], detections: [], classCount: 2)
        #expect(Bootstrap(resamples: 20).interval(of: none) == nil)
    }
}
