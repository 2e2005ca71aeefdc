import ArgumentParser
import Media
import Saccade

/// The program: one subcommand a file.
@main
struct SaccadeCommand: ParsableCommand {
    static func main() {
        prepareStandardStreams()
        do {
            let arguments = takeArguments()
            if arguments.first == SourceDecoder.command { SourceDecoder.run() }
            var command = try parseAsRoot(arguments)
            try command.run()
        } catch {
            // A message about an argument quotes it, and it may be a URL.
            let text = LogCapture.redacted(fullMessage(for: error))
            let code = exitCode(for: error)
            if !text.isEmpty {
                if code == .success { try? StandardOutput.write(text + "\n") } else { StandardError.write(text + "\n") }
            }
            exit(withError: code)
        }
    }

    static let configuration = CommandConfiguration(
        commandName: "saccade",
        abstract: "Detect and track objects in video, in real time, on the CPU.",
        discussion: """
            Results go to standard output or to the files that you name, messages to standard error.

              saccade track street.mp4 -o street-tracked.mp4
              saccade track street.mp4 --classes person,car --detect-every 3 --save-jsonl tracks.jsonl
              saccade detect photos/ -o marked/ --save-coco results.json
              saccade track rtsp://camera/stream -o camera.mp4
              saccade sources
              saccade models pull yolox-tiny
              saccade inspect yolov8n.onnx
              saccade quantize yolov8n.onnx --calibration photos/ -o yolov8n-int8.onnx
              saccade benchmark model yolov8n.onnx --threads 2
              saccade eval det --gt instances_val.json --dt results.json
              saccade eval mot --gt truth/ --results tracks/
              saccade eval pr scores.csv
              saccade benchmark sweep --gt truth/ --detections detections/
              saccade tune tracker --gt truth/ --detections detections/ -o tracker.yaml
              saccade train detector --data trainset --out runs/a
              saccade lab train --task digits --out runs/digits

            Exit codes: 0 done · 64 usage · 65 bad model or data · 66 no input · 69 source unavailable · \
            70 internal · 73 cannot create output · 74 input or output failed · 75 some inputs failed · \
            77 permission · 78 bad file of parameters · 130/143 stopped by a signal, outputs complete.
            """,
        version: "0.1.0",
        subcommands: [
            TrackCommand.self, DetectCommand.self, RenderCommand.self, InspectCommand.self, EvalCommand.self,
            QuantizeCommand.self, BenchmarkCommand.self, TrainCommand.self, ModelsCommand.self, SourcesCommand.self,
            TuneCommand.self, LabCommand.self,
        ])
}
