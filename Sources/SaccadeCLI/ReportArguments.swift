import ArgumentParser
import Foundation
import Saccade

/// How a command tells what it does: progress and messages on standard error, the summary at the end.
struct ReportArguments: ParsableArguments {
    @Flag(help: "Write the summary as JSON to standard output.")
    var json = false

    @Option(help: ArgumentHelp("Show progress: auto, bar, plain, json or none.", valueName: "style"))
    var progress = ProgressStyle.auto

    @Flag(name: [.short, .long], help: "Say nothing but errors.")
    var quiet = false

    /// Runs a command's body, prints its summary, and turns its error into a message and an exit code.
    func reporting(_ body: (RunReporter) throws(SaccadeError) -> RunSummary) throws {
        let reporter = RunReporter(progress: quiet ? .none : progress)
        try runReporting(json: json) {
            let summary = try body(reporter)
            if json { try print(summary: summary) }
            if !quiet { StandardError.write(SummaryText(summary).text) }
            if summary.exitCode != 0 || reporter.signal != nil {
                throw ExitCode(reporter.signal.map { 128 + $0 } ?? summary.exitCode)
            }
        }
    }
}

extension ReportArguments {
    private func print(summary: RunSummary) throws(SaccadeError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            FileHandle.standardOutput.write(try encoder.encode(summary) + Data("\n".utf8))
        } catch {
            throw SaccadeError(reason: "internal", message: "the summary cannot be written: \(error)", exitCode: 70)
        }
    }
}

/// Runs a command's body and turns its error into a message on standard error, with the reason in one word, and an
/// exit code. With `json` the reason goes to standard output too.
func runReporting(json: Bool = false, _ body: () throws -> Void) throws {
    do {
        try body()
    } catch let code as ExitCode {
        throw code
    } catch {
        let failure = SaccadeError(error)
        StandardError.write("saccade: error: \(failure.message) [reason: \(failure.reason)]\n")
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if json, let data = try? encoder.encode(["reason": failure.reason, "message": failure.message]) {
            FileHandle.standardOutput.write(data + Data("\n".utf8))
        }
        throw ExitCode(failure.exitCode)
    }
}
