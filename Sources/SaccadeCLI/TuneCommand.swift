import ArgumentParser

struct TuneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tune",
        abstract: "Search parameters on data with a ground truth.",
        discussion: """
              saccade tune tracker --gt mot15/ --detections mot15/ --cross-validate -o tracker.yaml
            """,
        subcommands: [TuneTrackerCommand.self])
}
