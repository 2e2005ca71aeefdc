import ArgumentParser
import Foundation
import Saccade

/// What a command says at its end.
protocol CommandSummary: Encodable {
    /// For people; ends with a line's end.
    var text: String { get }
    /// What went wrong, in words and in one word.
    var faults: [(message: String, reason: String)] { get }
    var exitCode: Int32 { get }
}

/// How a command tells what it does: progress and messages on standard error, the summary at the end.
struct ReportArguments: ParsableArguments {
    @Flag(help: "Write the summary as JSON to standard output.")
    var json = false

    @Option(help: ArgumentHelp("Show progress: auto, bar, plain, json or none.", valueName: "style"))
    var progress = ProgressStyle.auto

    @Flag(name: [.short, .long], help: "Say nothing but errors.")
    var quiet = false

    /// The outputs of a run: the log on standard output when nothing else is asked for. Throws when the summary and a
    /// result would share standard output.
    func checked(_ outputs: RunOutputs) throws(SaccadeError) -> RunOutputs {
        var outputs = outputs
        let paths = [outputs.video, outputs.imageFolder].compactMap { $0 } + outputs.results.map(\.path)
        if json, paths.contains("-") {
            throw SaccadeError(
                reason: "refused",
                message: "--json writes the summary to standard output: give the other output a file's name",
                exitCode: 64)
        }
        if paths.isEmpty, !outputs.showsWindow, !json { outputs.results = [ResultOutput(.jsonLines, to: "-")] }
        return outputs
    }

    /// Runs a command's body, prints its summary, and turns its error into a message and an exit code.
    func reporting(_ body: (RunReporter) throws(SaccadeError) -> any CommandSummary) throws {
        let reporter = RunReporter(progress: quiet ? .none : progress)
        try runReporting(json: json) {
            let summary: any CommandSummary
            do throws(SaccadeError) {
                summary = try body(reporter)
            } catch {
                guard let signal = reporter.signal, error.exitCode == 130 else { throw error }
                throw SaccadeError(
                    reason: "interrupted", message: "interrupted before the first frame", exitCode: 128 + signal)
            }
            if json { try print(summary: summary) }
            if !quiet { StandardError.write(summary.text) }
            for fault in summary.faults { StandardError.write(errorLine(fault.message, reason: fault.reason)) }
            if summary.exitCode != 0 || reporter.signal != nil {
                throw ExitCode(reporter.signal.map { 128 + $0 } ?? summary.exitCode)
            }
        }
    }
}

extension ReportArguments {
    private func print(summary: any CommandSummary) throws(SaccadeError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            try StandardOutput.write(String(decoding: try encoder.encode(summary), as: UTF8.self) + "\n")
        } catch let error as SaccadeError {
            throw error
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
        StandardError.write(errorLine(failure.message, reason: failure.reason))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if json, let data = try? encoder.encode(["reason": failure.reason, "message": failure.message]) {
            try? StandardOutput.write(String(decoding: data, as: UTF8.self) + "\n")
        }
        throw ExitCode(failure.exitCode)
    }
}

/// How an error stands on standard error: one line, with its reason in one word.
private func errorLine(_ message: String, reason: String) -> String {
    "saccade: error: \(message.withoutControls) [reason: \(reason)]\n"
}
