import ArgumentParser

struct LabRateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lr",
        abstract: "Find a learning rate, see a schedule, compare rates.",
        subcommands: [LabRateFindCommand.self, LabRatePlotCommand.self, LabRateCompareCommand.self])
}
