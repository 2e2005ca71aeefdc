import Foundation
import Imaging
import Media
import Testing

/// `--ss`, `--to` and `-t` choose frames exactly.
@Suite(.enabled(if: FFmpegTool.isPresent, "needs ffmpeg and ffprobe"))
struct RangeTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test(arguments: ["a.mp4", "a.mkv", "a.ts", "a.avi"])
    func framesOfTheRangeAndNoOthers(name: String) throws {
        let path = scratch.file(name)
        try FFmpegTool.make(
            "-f lavfi -i testsrc=s=96x64:r=10:d=12 -f lavfi -i sine=d=12 -c:v \(name == "a.avi" ? "mpeg4" : "libx264") -g 40 -c:a \(name == "a.avi" ? "libmp3lame" : "aac")",
            path)
        let all = try readAll(path)
        try #require(all.frames.count == 120)
        var options = MediaOptions()
        options.startTime = 5.25
        options.endTime = 7.05
        let part = try readAll(path, options)
        let expected = all.frames.filter { $0.seconds >= 5.2499 && $0.seconds < 7.0499 }
        #expect(part.frames.map(\.timestamp.value) == expected.map(\.timestamp.value))
        #expect(part.frames.first?.index == 0)
        #expect(part.packets > 0 && part.packets < all.packets / 4)
        options.endTime = nil
        options.duration = 1
        #expect(try readAll(path, options).frames.count == expected.filter { $0.seconds < 6.2499 }.count)
        options.duration = nil
        options.startTime = 11.5
        #expect(try readAll(path, options).frames.count == all.frames.filter { $0.seconds >= 11.4999 }.count)
        options.startTime = 100
        #expect(throws: MediaError.self) { try readAll(path, options) }
    }

    @Test func aPartBeginsAtZeroInItsCopy() throws {
        let path = scratch.file("a.mp4")
        try FFmpegTool.make(
            "-f lavfi -i testsrc=s=96x64:r=10:d=6 -f lavfi -i sine=d=6 -c:v libx264 -g 40 -c:a aac", path)
        var options = MediaOptions()
        options.startTime = 3
        options.duration = 2
        try transcode(path, to: scratch.file("o.mp4"), reading: options)
        let times = try FFmpegTool.frameTimes(scratch.file("o.mp4"))
        expectEqualTimes(times, (0..<20).map { Double($0) / 10 }, within: 0.0001)
        let length = try FFmpegTool.probe(scratch.file("o.mp4"), "format=duration")
        #expect(abs((Double(length.split(separator: "=").last?.dropLast() ?? "") ?? 0) - 2) < 0.06)
    }
}
