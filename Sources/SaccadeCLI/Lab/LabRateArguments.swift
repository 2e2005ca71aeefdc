import ArgumentParser
import Foundation
import Lab
import Plots
import Saccade
import Training

/// The range test's settings.
struct LabRangeArguments: ParsableArguments {
    @Option(help: ArgumentHelp("The lowest rate of the range test.", valueName: "rate"))
    var minimum = 1e-6

    @Option(help: ArgumentHelp("The highest rate of the range test.", valueName: "rate"))
    var maximum = 10.0

    @Option(help: ArgumentHelp("Steps of the range test.", valueName: "n"))
    var steps = 150

    @Option(help: ArgumentHelp("How the rate rises: exponential or linear.", valueName: "name"))
    var spacing = LearningRateFinder.Spacing.exponential

    @Option(help: ArgumentHelp("The share of the past in the smoothed loss, 0 to less than 1.", valueName: "share"))
    var smoothing = 0.9

    @Option(
        help: ArgumentHelp(
            "The test ends when the smoothed loss is so many times its lowest value.", valueName: "factor"))
    var divergence = 4.0

    func validate() throws {
        guard minimum > 0, maximum > minimum, maximum.isFinite else {
            throw ValidationError("--minimum must be above 0 and below --maximum")
        }
        guard (3...100_000).contains(steps) else { throw ValidationError("--steps must be 3 to 100000") }
        guard (0..<1).contains(smoothing) else { throw ValidationError("--smoothing must be 0 to less than 1") }
        guard divergence > 1, divergence.isFinite else { throw ValidationError("--divergence must be above 1") }
    }

    /// Runs the test on a learner, whose weights are put back.
    func run(
        _ training: TaskTraining, _ learner: Learner, _ progress: LabProgress
    ) throws -> RateRangeTest.Result {
        let finder = LearningRateFinder(
            minimum: minimum, maximum: maximum, steps: steps, spacing: spacing, smoothing: smoothing,
            divergence: divergence)
        let test = RateRangeTest(finder: finder, batchSize: training.batchSize, seed: training.model.seed)
        return try test.run(learner, training.task.training) { step in
            progress.show("range test  step \(step)/\(steps)  rate \(PlotAxis.short(finder.rate(step: step - 1)))")
            return progress.goesOn
        }
    }
}

extension LearningRateFinder.Spacing: ExpressibleByArgument {}

/// Writes a picture, aside until it is complete; "-" is standard output.
func writePicture(_ svg: String, to path: String) throws {
    var file = try OutputFile(path: path, isDurable: false)
    try Array(svg.utf8).withUnsafeBytes { try file.write($0) }
    try file.finish()
}
