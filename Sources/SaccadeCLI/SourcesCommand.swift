import ArgumentParser
import Foundation
import Media

struct SourcesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sources",
        abstract: "List the cameras of this machine and what they can give.",
        discussion: """
            Each camera is named as saccade track takes it: by its number or its path. --video-size, --framerate and \
            --input-format choose among its modes.

              saccade sources
              saccade track 0 --video-size 1280x720 --input-format mjpeg
            """)

    @Flag(help: "Print JSON.")
    var json = false

    private struct Document: Encodable {
        struct Mode: Encodable {
            let format: String
            let code: String
            let width: Int
            let height: Int
            let rates: [Double]
        }
        let path: String
        let name: String
        let modes: [Mode]
    }

    func run() throws {
        try runReporting(json: json) {
            let cameras = Camera.all()
            for path in Camera.denied() {
                StandardError.write(
                    "saccade: \(path) may not be opened: cameras are for members of the group 'video'\n")
            }
            guard !json else { return try StandardOutput.write(Self.json(cameras)) }
            try StandardOutput.write(cameras.map(Self.text).joined())
            if cameras.isEmpty { StandardError.write("saccade: this machine has no camera (/dev/video*)\n") }
        }
    }

    private static func json(_ cameras: [Camera]) throws -> String {
        let documents = cameras.map { camera in
            Document(
                path: camera.path, name: camera.name,
                modes: camera.modes.map { mode in
                    Document.Mode(
                        format: mode.format, code: mode.code, width: mode.width, height: mode.height, rates: mode.rates)
                })
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(documents), as: UTF8.self) + "\n"
    }

    private static func text(_ camera: Camera) -> String {
        let modes = camera.modes.map { mode in
            let size = "\(mode.width)x\(mode.height)".padding(toLength: 10, withPad: " ", startingAt: 0)
            let rates = mode.rates.map { String(format: "%g", ($0 * 100).rounded() / 100) }.joined(separator: ", ")
            let code = mode.code.padding(toLength: max(4, mode.code.count), withPad: " ", startingAt: 0)
            return "  \(code)  \(size)  \(rates.isEmpty ? "" : "\(rates) frames/s  ")(\(mode.format))"
        }
        return (["\(camera.path)  \(camera.name)"] + modes).map(\.withoutControls).joined(separator: "\n") + "\n"
    }
}
