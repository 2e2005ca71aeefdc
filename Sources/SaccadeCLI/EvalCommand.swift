import ArgumentParser

struct EvalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval",
        abstract: "Measure how good results are against a ground truth.",
        subcommands: [EvalDetectionCommand.self, EvalTrackingCommand.self, EvalClassifierCommand.self])
}
