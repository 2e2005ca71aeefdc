import Detectors
import Evaluation
import Foundation
import Graphs
import Media
import ONNX
import Quantization
import Synchronization

/// Makes an int8 model of a float detector, and proves that it is faster and as good, or refuses.
///
///     var configuration = QuantizationConfiguration(
///         model: "yolov8n.onnx", calibration: "images/", output: "yolov8n-int8.onnx")
///     configuration.evaluation = .init(annotations: "instances_val.json")
///     let summary = try ModelQuantizer(configuration).run()
///     print(summary.isWritten, summary.refusals, summary.evaluation?.difference.value ?? 0)
///
/// The network is watched on the calibration pictures with the detector's own pre-processing. Everything is decided by
/// the agreement with the float model on these; a labelled set is only measured on. The model that is measured is the
/// one that its file's bytes give; it is written aside and renamed once it is accepted.
public final class ModelQuantizer: Sendable {
    /// How far a quantization is.
    public struct Progress: Hashable, Sendable {
        /// What is being done, in order.
        public enum Stage: String, Hashable, Sendable, CaseIterable {
            /// Calibration pictures are read.
            case reading
            /// The float network runs on them.
            case calibrating
            /// Changes are tried.
            case searching
            /// Both models run on the labelled set, or the calibration pictures.
            case measuring
            /// Both models are timed.
            case timing
        }

        /// What is being done.
        public let stage: Stage
        /// Parts that are done.
        public let done: Int
        /// Parts of the stage.
        public let total: Int
    }

    /// What was asked for.
    public let configuration: QuantizationConfiguration
    private let stopRequest = Atomic<Bool>(false)

    /// Checks the options.
    public init(_ configuration: QuantizationConfiguration) throws(SaccadeError) {
        try configuration.validate()
        self.configuration = configuration
    }

    /// Ends the run in progress: it throws, and writes nothing. Any thread may call it.
    public func stop() { stopRequest.store(true, ordering: .relaxed) }

    /// Quantizes, measures, judges and writes.
    ///
    /// A model that is refused is no error: the summary tells why, and that nothing was written.
    public func run(
        progress: @escaping (Progress) -> Void = { _ in }
    ) throws(SaccadeError) -> QuantizationSummary {
        let start = ContinuousClock.now
        do {
            if let model = FileIdentity(path: configuration.model), model == FileIdentity(path: configuration.output) {
                throw OutputError(
                    kind: .conflict, path: configuration.output,
                    detail: "it is the model that is read: name another file")
            }
            let run = try QuantizationRun(configuration) { stage, done, total throws(SaccadeError) in
                if self.stopRequest.load(ordering: .relaxed) {
                    throw SaccadeError(
                        reason: "interrupted", message: "interrupted; nothing was written", exitCode: 130)
                }
                progress(Progress(stage: stage, done: done, total: total))
            }
            // A wrong path is known before the work begins; while it goes on no file lies there.
            var probe = try OutputFile(path: configuration.output)
            probe.discard()
            let result = try run.execute()
            var summary = result.summary
            summary.refusals = summary.judged(maximumDrop: configuration.maximumDrop)
            if summary.refusals.isEmpty || configuration.isForced {
                try write(result.bytes)
                summary.isWritten = true
            }
            summary.seconds = (ContinuousClock.now - start) / .seconds(1)
            return summary
        } catch {
            throw SaccadeError(error)
        }
    }

    /// Writes the model aside and renames it; when that fails nothing stays behind.
    private func write(_ bytes: Data) throws {
        var file = try OutputFile(path: configuration.output)
        do {
            try Array(bytes).withUnsafeBytes { try file.write($0) }
            try file.finish()
        } catch {
            file.discard()
            throw error
        }
    }
}
