import ArgumentParser
import Saccade

struct ModelsPullCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Download a model, check its SHA-256, and print where it is.",
        discussion: """
            The file is written beside its name until it is complete and its checksum is the one that this program knows; \
            nothing of a download that fails is kept. A file that is there already and is right stays untouched.

              saccade models pull yolox-tiny
              saccade models pull yolox-s -o models/
              saccade models pull yolox-nano --from https://mirror.example/yolox/

            The server's certificate is checked with the system's authorities, or with those of the file that \
            SSL_CERT_FILE names.
            """)

    @Argument(help: "The model's name, as saccade models list has it.")
    var name: String

    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp("The file to write, or the folder to write it into. Default: the cache.", valueName: "path"))
    var output: String?

    @Option(
        help: ArgumentHelp(
            "Take the file from this URL, or from this folder of a server when it ends with /. The checksum stays.",
            valueName: "url"))
    var from: String?

    @Flag(name: [.short, .long], help: "Show no progress.")
    var quiet = false

    func run() throws {
        try runReporting {
            guard let model = PublicModel.named(name) else {
                let names = PublicModel.catalogue.map(\.name).joined(separator: ", ")
                throw SaccadeError(
                    reason: "refused", message: "no model is known by the name \(name): there are \(names)",
                    exitCode: 64)
            }
            let download = try ModelDownload(model, to: output, from: from)
            let progress = DownloadProgressLine(model: model, isQuiet: quiet)
            let outcome: ModelDownload.Outcome
            do throws(SaccadeError) {
                outcome = try progress.observing(stop: download.stop, abandon: download.abandon) {
                    () throws(SaccadeError) in
                    try download.run(onProgress: progress.show)
                }
            } catch {
                guard let signal = progress.signal, error.exitCode == 130 else { throw error }
                throw SaccadeError(reason: "interrupted", message: error.message, exitCode: 128 + signal)
            }
            if outcome == .present, !quiet {
                StandardError.write("saccade: \(model.name) is there already, its SHA-256 is right\n")
            }
            try StandardOutput.write(download.target + "\n")
        }
    }
}
