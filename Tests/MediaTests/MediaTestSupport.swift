import Foundation
import Imaging
import Media
import Testing

/// FFmpeg's command line as the maker of clips and the judge of what was written.
enum FFmpegTool {
    static let isPresent = ["ffmpeg", "ffprobe"].allSatisfy { find($0) != nil }

    private static func find(_ name: String) -> String? {
        (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/usr/local/bin").split(separator: ":")
            .map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Runs a tool; returns its standard output. Records an issue when it fails, unless `mayFail`.
    @discardableResult
    static func run(_ name: String, _ arguments: [String], mayFail: Bool = false) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(find(name)))
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        if !mayFail {
            #expect(process.terminationStatus == 0, "\(name) \(arguments.joined(separator: " "))")
        }
        return String(decoding: data, as: UTF8.self)
    }

    /// Makes a clip: `ffmpeg -y … path`.
    static func make(_ arguments: String, _ path: String) throws {
        try run(
            "ffmpeg", ["-v", "error", "-nostdin", "-y"] + arguments.split(separator: " ").map(String.init) + [path])
    }

    /// Times of the video frames in the order shown, in seconds; NaN where FFmpeg knows none.
    static func frameTimes(_ path: String) throws -> [Double] {
        try run(
            "ffprobe",
            [
                "-v", "error", "-select_streams", "v:0", "-show_entries", "frame=best_effort_timestamp_time", "-of",
                "csv=p=0", path,
            ]
        )
        .split(whereSeparator: \.isNewline).map { Double($0.prefix { $0 != "," }) ?? .nan }
    }

    static func probe(_ path: String, _ entries: String) throws -> String {
        try run("ffprobe", ["-v", "error", "-show_entries", entries, "-of", "default=nw=1", path])
    }
}

/// A folder that goes with the test.
final class Scratch {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "saccade-media-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }
}

/// What reading a source to its end gave.
struct ReadResult {
    var info: VideoInfo
    var frames: [FrameInfo] = []
    var sizes: [String] = []
    var packets = 0
    var damage: MediaSource.Damage
    /// Mean of luma per frame.
    var luma: [Double] = []
}

func readAll(_ input: String, _ options: MediaOptions = MediaOptions()) throws(MediaError) -> ReadResult {
    let source = try MediaSource(input, options: options)
    var result = ReadResult(info: source.info, damage: source.damage)
    loop: while true {
        switch try source.next() {
        case .frame(let frame):
            result.frames.append(frame.info)
            result.sizes.append("\(frame.image.width)x\(frame.image.height)")
            result.packets += frame.packets.count
            result.luma.append(mean(of: frame.image.y))
        case .end(let packets):
            result.packets += packets.count
            break loop
        }
    }
    result.damage = source.damage
    return result
}

func mean(of plane: Plane) -> Double {
    var sum = 0
    for row in 0..<plane.height {
        let bytes = UnsafeBufferPointer(start: plane.baseAddress + row * plane.stride, count: plane.width)
        for index in bytes.indices { sum += Int(bytes[index]) }
    }
    return Double(sum) / Double(max(1, plane.width * plane.height))
}

/// Decodes and encodes again, as the pipeline does.
@discardableResult
func transcode(
    _ input: String, to output: String, reading: MediaOptions = MediaOptions(),
    writing: VideoWriter.Options = VideoWriter.Options()
) throws(MediaError) -> VideoWriter.Summary {
    let source = try MediaSource(input, options: reading)
    let writer = try VideoWriter(path: output, source: source.info, options: writing)
    while true {
        switch try source.next() {
        case .frame(let frame):
            writer.write(frame.packets)
            try writer.write(frame.image, at: frame.info.timestamp, duration: frame.info.duration)
        case .end(let packets):
            writer.write(packets)
            return try writer.finish()
        }
    }
}

func expectEqualTimes(_ left: [Double], _ right: [Double], within tolerance: Double, shift: Double = 0) {
    #expect(left.count == right.count, "frame counts")
    let worst = zip(left, right).map { abs($0 - $1 - shift) }.filter { !$0.isNaN }.max() ?? 0
    #expect(worst <= tolerance, "worst difference \(worst) s; first \(left.first ?? -1), \(right.first ?? -1)")
}

/// A socket of TCP that listens on this machine alone, on a port that the system chose.
func listenOnLoopback() throws -> (descriptor: Int32, port: UInt16) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, length) == 0 && listen(descriptor, 8) == 0 && getsockname(descriptor, $0, &length) == 0
        }
    }
    try #require(isBound)
    return (descriptor, UInt16(bigEndian: address.sin_port))
}
