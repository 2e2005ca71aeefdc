import ArgumentParser

struct ModelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract: "List detectors that others have published, and download them.",
        discussion: """
              saccade models list
              saccade models pull yolox-tiny
              saccade track street.mp4 --model yolox-tiny -o tracked.mp4

            Models lie in $XDG_CACHE_HOME/saccade/models or ~/.cache/saccade/models. Nothing is downloaded but by pull.
            """,
        subcommands: [ModelsListCommand.self, ModelsPullCommand.self])
}
