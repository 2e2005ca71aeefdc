import ArgumentParser
import Foundation
import Saccade

struct DetectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "detect",
        abstract: "Detect the objects in images or in a video, without tracking them.",
        discussion: """
            SOURCE is an image, a folder of images, a video file, - for standard input, or a camera or stream as for \
            saccade track. Without any output option the results are written to standard output as JSON Lines. Images that cannot be read are named at the end \
            (exit code 75); the others are done.

              saccade detect bus.jpg -o marked/
              saccade detect photos/ --model yolov8n.onnx --save-coco results.json
              saccade detect street.mp4 -o street-detected.mp4 --save-txt labels/
            """)

    @Argument(help: "The image, folder of images, video, camera or stream.")
    var source: String

    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp(
            "Write annotated copies: an image, a folder of images, or a video, by the name's extension, or a stream, by its URL.",
            valueName: "path|url"))
    var output: String?

    @Option(help: ArgumentHelp("Use every n-th frame alone.", valueName: "n"))
    var vidStride = 1

    @OptionGroup var options: PipelineArguments
    @OptionGroup(title: "Report") var report: ReportArguments

    func run() throws {
        try report.reporting { reporter throws(SaccadeError) in
            var configuration = try options.configuration()
            configuration.tracker = nil
            configuration.schedule.stride = vidStride
            var outputs = RunOutputs(results: options.results.outputs, showsWindow: options.window.show)
            if let output {
                let writesImages = VideoPipeline.writesImages(of: source, to: output)
                if writesImages { outputs.imageFolder = output } else { outputs.video = output }
            }
            outputs = try report.checked(outputs)
            let pipeline = try VideoPipeline(configuration)
            return try reporter.run(pipeline, source, to: outputs)
        }
    }
}
