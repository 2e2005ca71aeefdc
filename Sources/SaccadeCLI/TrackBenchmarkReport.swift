import Foundation
import Saccade

/// Where the time of a run went.
struct TrackBenchmarkReport {
    private struct Document: Encodable {
        struct Stage: Encodable {
            let name: String
            let count: Int
            let p50: Double
            let p95: Double
            let p99: Double
            let total: Double
            /// Of the wall clock; of several workers together it may pass 1. Nothing for waiting, which is no work.
            let busy: Double?
        }

        let source: String
        let model: String?
        let mode: String
        let batch: Int?
        let threads: Int
        let frames: RunSummary.Frames
        let detections: Int
        let tracks: Int
        let wall: Double
        let frames_per_s: Double
        let cpu: Double
        let cpu_per_frame: Double
        let first_result: Double?
        let peak_memory_bytes: Int?
        let copy_bytes: Int?
        let stages: [Stage]
        let latency: RunSummary.Stage?
        let reason: String
    }

    private let document: Document

    /// - Parameter firstResult: seconds from the start of the process to the first frame that was done.
    init(
        _ summary: RunSummary, configuration: PipelineConfiguration, used: ProcessUsage, firstResult: Double?,
        copyBytes: Int?
    ) {
        let wall = max(summary.wallTime, 1e-9)
        document = Document(
            source: summary.source, model: summary.model, mode: configuration.mode.rawValue,
            batch: configuration.batch,
            threads: configuration.threads > 0
                ? configuration.threads : ProcessInfo.processInfo.activeProcessorCount,
            frames: summary.frames, detections: summary.detections, tracks: summary.tracks, wall: summary.wallTime,
            frames_per_s: summary.frameRate, cpu: used.processor,
            cpu_per_frame: used.processor / Double(max(summary.frames.read, 1)), first_result: firstResult,
            peak_memory_bytes: used.peakMemory, copy_bytes: copyBytes,
            stages: summary.stages.map { stage in
                Document.Stage(
                    name: stage.name, count: stage.count, p50: stage.p50, p95: stage.p95, p99: stage.p99,
                    total: stage.total, busy: stage.name == "wait" ? nil : stage.total / wall)
            },
            latency: summary.latency, reason: summary.reason)
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(document), as: UTF8.self) + "\n"
    }

    var text: String {
        let frames = document.frames
        var lines = [
            "\(document.source): \(frames.read) frames, \(frames.detected) detected, \(document.tracks) tracks",
            "model \(document.model ?? "-"), threads \(document.threads), mode \(document.mode)"
                + (document.batch.map { ", batch \($0)" } ?? ""),
            "stage        frames        p50        p95        p99   busy",
        ]
        for stage in document.stages {
            let times = [stage.p50, stage.p95, stage.p99].map { String(format: "%8.2f ms", $0 * 1000) }
            lines.append(
                "  \(stage.name.padding(toLength: 10, withPad: " ", startingAt: 0)) "
                    + String(format: "%6d", stage.count) + times.joined()
                    + (stage.busy.map { String(format: " %4.0f %%", $0 * 100) } ?? "      -"))
        }
        if let latency = document.latency {
            let times = [latency.p50, latency.p95, latency.p99].map { String(format: "%8.2f ms", $0 * 1000) }
            lines.append("  from the decoder to the end\(times.joined())")
        }
        lines.append(
            String(
                format: "%.1f frames/s: %d frames in %.2f s; CPU %.1f ms a frame (%.2f cores)", document.frames_per_s,
                frames.read, document.wall, document.cpu_per_frame * 1000, document.cpu / max(document.wall, 1e-9)))
        if let seconds = document.first_result {
            lines.append(String(format: "first frame done %.2f s after the start of the process", seconds))
        }
        var memory: [String] = []
        if let bytes = document.peak_memory_bytes { memory.append("peak memory \(bytes >> 20) MiB") }
        if let bytes = document.copy_bytes { memory.append("annotated copy \(bytes >> 10) KiB") }
        if !memory.isEmpty { lines.append(memory.joined(separator: ", ")) }
        if document.reason != "eof" { lines.append("the run ended early: \(document.reason)") }
        return lines.map(\.withoutControls).joined(separator: "\n") + "\n"
    }
}
