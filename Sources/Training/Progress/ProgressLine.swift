import Foundation
import Plots

/// The line that tells how far a training is: the loss, the rate, the step, the pace and the time that is left.
///
///     var line = ProgressLine(totalSteps: 1000, at: clock.now)
///     print(line.text(step: 120, loss: 0.53, rate: 0.01, at: clock.now))
///     // step 120/1000  12%  loss 0.53  rate 0.01  3.2 steps/s  4:35 left
///
/// Times are those of the caller's clock, since any fixed moment: the text is a function of the numbers alone.
package struct ProgressLine: Sendable {
    package let totalSteps: Int
    /// How fast the past is forgotten: what lies so far back counts 1/e.
    package let memory: Duration
    private var last: (step: Int, time: Duration)
    /// Running sums of steps and of seconds.
    private var steps = 0.0
    private var seconds = 0.0

    /// A line for a training that is at `step` now.
    package init(totalSteps: Int, step: Int = 0, at time: Duration, memory: Duration = .seconds(30)) {
        self.totalSteps = totalSteps
        self.memory = memory
        last = (step, time)
    }

    /// Seconds for a step, nil while nobody knows.
    package var secondsPerStep: Double? { steps > 0 && seconds > 0 ? seconds / steps : nil }

    /// Takes in where the training is and says it. `extra` are numbers with names, such as metrics.
    package mutating func text(
        step: Int, loss: Double, rate: Double, extra: [(name: String, value: Double)] = [], at time: Duration
    ) -> String {
        let passed = (time - last.time) / .seconds(1)
        if step > last.step, passed > 0 {
            let kept = exp(-passed / (memory / .seconds(1)))
            steps = steps * kept + Double(step - last.step)
            seconds = seconds * kept + passed
            last = (step, time)
        }
        let share = totalSteps > 0 ? min(max(100 * step / totalSteps, 0), 100) : 0
        var text = "step \(step)/\(totalSteps)  \(share)%  loss \(PlotAxis.short(loss))  rate \(PlotAxis.short(rate))"
        for (name, value) in extra { text += "  \(name) \(PlotAxis.short(value))" }
        guard let pace = secondsPerStep else { return text }
        text += pace > 1 ? "  \(PlotAxis.short(pace)) s/step" : "  \(PlotAxis.short(1 / pace)) steps/s"
        return text + "  " + Self.duration(pace * Double(max(totalSteps - step, 0))) + " left"
    }

    /// `0:07`, `4:35`, `2:03:09`, `3 d 4 h`.
    static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e9 else { return "?" }
        let whole = Int(seconds.rounded())
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        if whole >= 2 * 86400 { return "\(whole / 86400) d \(whole % 86400 / 3600) h" }
        if whole >= 3600 { return "\(whole / 3600):\(two(whole % 3600 / 60)):\(two(whole % 60))" }
        return "\(whole / 60):\(two(whole % 60))"
    }
}
