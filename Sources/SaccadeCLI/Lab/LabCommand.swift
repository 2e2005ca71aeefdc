import ArgumentParser

struct LabCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lab",
        abstract: "Train small models on real tasks, and see how learning goes.",
        discussion: """
            The tasks are spoken digits, blood cells and intents of sentences. Their data are read from the folder that \
            --data or SACCADE_DATA names.
            """,
        subcommands: [
            LabTrainCommand.self, LabRateCommand.self, LabAugmentCommand.self, LabDiagnoseCommand.self,
        ])
}
