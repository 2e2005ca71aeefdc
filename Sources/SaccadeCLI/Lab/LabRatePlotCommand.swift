import ArgumentParser
import Lab
import Saccade
import Training

struct LabRatePlotCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plot",
        abstract: "Draw a schedule of the learning rate.",
        discussion: """
            A schedule is a curve, with a warm-up in front and a plateau rule on top if wanted; the numbers stand in this \
            order, or have their names:

              constant(rate)                       step(rate,every,factor=0.1)
              multistep(rate,at=30:80,factor=0.1)  exponential(rate,factor)
              cosine(rate,steps,floor=0)           linear(rate,steps,floor=0)
              polynomial(rate,steps,power,floor=0)
              cyclical(minimum,maximum,up,down=up,mode=triangular|triangular2|exponential,factor=1)
              onecycle(maximum,steps,share=0.3,divisor=25,end=10000,momentum=none|0.85:0.95)
              + warmup(steps,start=0.001)
              + plateau(factor=0.1,patience=10,threshold=0.0001,measure=relative|absolute,cooldown=0,minimum=0,mode=min|max)

              saccade lab lr plot "cosine(rate=0.01,steps=1000,floor=1e-5)+warmup(100)" -o schedule.svg
            """)

    @Argument(help: ArgumentHelp("The schedule.", valueName: "schedule"))
    var schedule: String

    @Option(help: ArgumentHelp("Steps to draw. Default: those of the schedule, or 1000.", valueName: "n"))
    var steps: Int?

    @Option(
        name: [.customShort("o"), .long], help: ArgumentHelp("The picture; - for standard output.", valueName: "file"))
    var out = "schedule.svg"

    func validate() throws {
        guard (1...SchedulePreview.longest).contains(steps ?? 1) else {
            throw ValidationError("--steps must be 1 to \(SchedulePreview.longest)")
        }
    }

    func run() throws {
        try runLab {
            let preview = try SchedulePreview(schedule, steps: steps)
            try writePicture(preview.svg, to: out)
            if out != "-" { try StandardOutput.write(preview.table + "picture: \(out)\n") }
        }
    }
}
