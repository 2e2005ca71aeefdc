/// Why the text of a schedule could not be read: where in it, and what is wrong.
package struct ScheduleTextError: Error, Hashable, Sendable, CustomStringConvertible {
    package let text: String
    /// Counted from 1.
    package let column: Int
    package let reason: String

    package var description: String { "\"\(text)\", column \(column): \(reason)" }
}

extension Schedule {
    /// Reads the form of the command line: a curve, then `+warmup(…)` and `+plateau(…)` in any order. Arguments have the
    /// names below, or stand in this order without them; those with a value here may be left out.
    ///
    ///     constant(rate)                                   step(rate,every,factor=0.1)
    ///     multistep(rate,at=30:80,factor=0.1)              exponential(rate,factor)
    ///     cosine(rate,steps,floor=0)                       linear(rate,steps,floor=0)
    ///     polynomial(rate,steps,power,floor=0)
    ///     cyclical(minimum,maximum,up,down=up,mode=triangular|triangular2|exponential,factor=1)
    ///     onecycle(maximum,steps,share=0.3,divisor=25,end=10000,momentum=none|0.85:0.95)
    ///     warmup(steps,start=0.001)
    ///     plateau(factor=0.1,patience=10,threshold=0.0001,measure=relative|absolute,cooldown=0,minimum=0,mode=min|max)
    package init(_ text: String) throws(ScheduleTextError) {
        var calls = try ScheduleCall.calls(in: text)
        self.init(try ScheduleCurve(&calls[0]))
        for index in calls.indices.dropFirst() {
            switch calls[index].name {
            case "warmup" where warmup == nil:
                let steps = try calls[index].count("steps", from: 0)
                let start = try calls[index].number("start", usual: 0.001) { $0 >= 0 && $0 <= 1 }
                warmup = Warmup(steps: steps, start: start)
            case "plateau" where plateau == nil: plateau = try PlateauRule(&calls[index])
            case "warmup", "plateau": throw calls[index].error("\(calls[index].name) stands there twice")
            default:
                throw calls[index].error("only warmup and plateau are added to a curve, not \"\(calls[index].name)\"")
            }
            try calls[index].finish()
        }
    }
}

extension ScheduleCurve {
    fileprivate init(_ call: inout ScheduleCall) throws(ScheduleTextError) {
        func rate(_ name: String, _ call: inout ScheduleCall) throws(ScheduleTextError) -> Double {
            try call.number(name) { $0 > 0 }
        }
        func factor(_ call: inout ScheduleCall, usual: Double? = nil) throws(ScheduleTextError) -> Double {
            try call.number("factor", usual: usual) { $0 > 0 && $0 <= 1 }
        }
        func floor(_ call: inout ScheduleCall) throws(ScheduleTextError) -> Double {
            try call.number("floor", usual: 0) { $0 >= 0 }
        }
        switch call.name {
        case "constant": self = .constant(rate: try rate("rate", &call))
        case "step":
            self = .step(
                rate: try rate("rate", &call), every: try call.count("every", from: 1),
                factor: try factor(&call, usual: 0.1))
        case "multistep":
            self = .multiStep(
                rate: try rate("rate", &call), at: try call.counts("at"), factor: try factor(&call, usual: 0.1))
        case "exponential": self = .exponential(rate: try rate("rate", &call), factor: try factor(&call))
        case "cosine":
            self = .cosine(
                rate: try rate("rate", &call), steps: try call.count("steps", from: 1), floor: try floor(&call))
        case "linear":
            self = .polynomial(
                rate: try rate("rate", &call), steps: try call.count("steps", from: 1), floor: try floor(&call))
        case "polynomial":
            self = .polynomial(
                rate: try rate("rate", &call), steps: try call.count("steps", from: 1),
                power: try call.number("power") { $0 > 0 }, floor: try floor(&call))
        case "cyclical":
            let (low, high) = (try call.number("minimum") { $0 >= 0 }, try rate("maximum", &call))
            let up = try call.count("up", from: 1)
            let down = try call.count("down", from: 1, usual: up)
            let mode = try call.word("mode", of: ["triangular", "triangular2", "exponential"])
            let factor = try factor(&call, usual: 1)
            self = .cyclical(
                minimum: low, maximum: high, up: up, down: down,
                mode: mode == "exponential"
                    ? .exponential(factor: factor) : mode == "triangular2" ? .triangular2 : .triangular)
        case "onecycle":
            self = .oneCycle(
                maximum: try rate("maximum", &call), steps: try call.count("steps", from: 1),
                share: try call.number("share", usual: 0.3) { $0 > 0 && $0 < 1 },
                divisor: try call.number("divisor", usual: 25) { $0 >= 1 },
                end: try call.number("end", usual: 1e4) { $0 >= 1 }, momentum: try call.range("momentum"))
        default:
            throw call.error(
                "no curve is called \"\(call.name)\"; there are constant, step, multistep, exponential, cosine, linear, "
                    + "polynomial, cyclical and onecycle")
        }
        try call.finish()
    }
}

extension PlateauRule {
    fileprivate init(_ call: inout ScheduleCall) throws(ScheduleTextError) {
        let factor = try call.number("factor", usual: 0.1) { $0 > 0 && $0 < 1 }
        let patience = try call.count("patience", from: 0, usual: 10)
        let threshold = try call.number("threshold", usual: 1e-4) { $0 >= 0 }
        let measure = try call.word("measure", of: ["relative", "absolute"])
        let cooldown = try call.count("cooldown", from: 0, usual: 0)
        let minimum = try call.number("minimum", usual: 0) { $0 >= 0 }
        let mode = try call.word("mode", of: ["min", "max"])
        self.init(
            mode: mode == "min" ? .minimum : .maximum, factor: factor, patience: patience,
            threshold: measure == "relative" ? .relative(threshold) : .absolute(threshold), cooldown: cooldown,
            minimum: minimum)
    }
}
