import Foundation
import Media
import Testing

/// What x264 is told so that it does not hold more pictures than it needs. It writes its settings into the stream.
@Suite(.enabled(if: FFmpegTool.isPresent, "needs ffmpeg and ffprobe"))
struct EncoderMemoryTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    /// x264's settings by name, of a video of this size.
    private func settings(_ size: String, preset: String?, threads: Int) throws -> [String: String] {
        let clip = scratch.file("a.mkv")
        try FFmpegTool.make("-f lavfi -i color=s=\(size):r=25:d=0.2 -c:v ffv1 -pix_fmt yuv420p", clip)
        var options = VideoWriter.Options()
        options.encoder.preset = preset
        options.encoder.threads = threads
        options.overwrites = true
        let target = scratch.file("o.mkv")
        _ = try transcode(clip, to: target, writing: options)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: target))
        let mark = try #require(bytes.range(of: Data("options: ".utf8)))
        let text = String(decoding: bytes[mark.upperBound...].prefix { $0 >= 0x20 && $0 < 0x7f }, as: UTF8.self)
        let pairs = text.split(separator: " ").map { $0.split(separator: "=") }.filter { $0.count == 2 }
        return Dictionary(pairs.map { (String($0[0]), String($0[1])) }, uniquingKeysWith: { first, _ in first })
    }

    @Test(arguments: [("640x480", "10"), ("1280x720", "10"), ("1920x1080", "5"), ("3840x2160", "4")])
    func theLookaheadIsBoundedInBytes(size: String, frames: String) throws {
        let found = try settings(size, preset: nil, threads: 2)
        #expect(found["rc_lookahead"] == frames)
        #expect(found["b_pyramid"] == "0")
        #expect(found["sliced_threads"] == "1")
        #expect(found["threads"] == "2")
    }

    @Test func manyThreadsDoNotCutPicturesUp() throws {
        let found = try settings("640x480", preset: nil, threads: 8)
        #expect(found["sliced_threads"] == "0")
        #expect(found["threads"] == "8")
    }

    @Test func aSlowerPresetKeepsWhatItAsksFor() throws {
        let found = try settings("1920x1080", preset: "fast", threads: 2)
        #expect(found["rc_lookahead"] == "30")
        #expect(found["b_pyramid"] == "2")
        #expect(found["sliced_threads"] == "0")
    }
}
