import Foundation
import Media
import Testing

/// What is written has the frames, the times and the sound of what was read.
@Suite(.enabled(if: FFmpegTool.isPresent, "needs ffmpeg and ffprobe"))
struct RoundTripTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    static let sources: [(name: String, arguments: String, file: String, output: String, tick: Double)] = [
        (
            "B-frames", "-f lavfi -i testsrc=s=160x120:r=25:d=3 -c:v libx264 -preset veryfast -bf 3", "a.mp4", "o.mp4",
            1 / 12800.0
        ),
        (
            "29.97 with sound",
            "-f lavfi -i testsrc=s=160x120:r=30000/1001:d=2 -f lavfi -i sine=d=2 -c:v libx264 -c:a aac", "b.mp4",
            "o.mp4", 1 / 30000.0
        ),
        ("AVI", "-f lavfi -i testsrc=s=160x120:r=10:d=3 -c:v mpeg4", "c.avi", "o.mp4", 0.001),
        (
            "AVI with B-frames and sound",
            "-f lavfi -i testsrc=s=160x120:r=12:d=3 -f lavfi -i sine=d=3 -c:v mpeg4 -bf 2 -c:a libmp3lame", "c2.avi",
            "o.mp4", 0.001
        ),
        (
            "variable rate",
            "-f lavfi -i testsrc=s=160x120:r=30:d=3 -vf select='mod(n\\,7)+lt(mod(n\\,11)\\,4)' -vsync vfr -c:v libx264",
            "d.mkv", "o.mp4", 0.001
        ),
        (
            "variable rate to Matroska",
            "-f lavfi -i testsrc=s=160x120:r=30:d=3 -vf select='mod(n\\,3)' -vsync vfr -c:v libx264", "d.mkv", "o.mkv",
            0.001
        ),
        (
            "start at 1.4 s", "-f lavfi -i testsrc=s=160x120:r=25:d=2 -f lavfi -i sine=d=2 -c:v libx264 -c:a aac",
            "e.ts", "o.mp4", 1 / 90000.0
        ),
        (
            "start at 3 s", "-f lavfi -i testsrc=s=160x120:r=25:d=2 -c:v libx264 -output_ts_offset 3", "f.mkv", "o.mkv",
            0.001
        ),
        (
            "60 frames in 1 MHz", "-f lavfi -i testsrc=s=64x48:r=60:d=1 -c:v libx264 -video_track_timescale 1000000",
            "g.mp4", "o.mp4", 1e-6
        ),
    ]

    @Test(arguments: sources.indices)
    func keepsFrameTimes(index: Int) throws {
        let (name, arguments, file, output, tick) = RoundTripTests.sources[index]
        let input = scratch.file(file)
        try FFmpegTool.make(arguments, input)
        let target = scratch.file(output)
        let summary = try transcode(input, to: target)
        #expect(summary.faststartFailure == nil, "\(name)")
        let expected = try FFmpegTool.frameTimes(input)
        try #require(expected.count > 5, "\(name)")
        let written = try FFmpegTool.frameTimes(target)
        expectEqualTimes(written, expected, within: tick * 1.01)
        #expect(summary.frameCount == expected.count)
        #expect(try FFmpegTool.probe(target, "stream=codec_name").contains("codec_name=h264"))
    }

    @Test func aBroadcastClockBeginsAtZero() throws {
        let input = scratch.file("a.ts")
        try FFmpegTool.make("-f lavfi -i testsrc=s=64x48:r=25:d=2 -c:v libx264 -output_ts_offset 95440", input)
        let target = scratch.file("o.mp4")
        try transcode(input, to: target)
        let expected = try FFmpegTool.frameTimes(input)
        let written = try FFmpegTool.frameTimes(target)
        #expect(abs(written.first ?? -1) < 0.001)
        expectEqualTimes(written.map { $0 - written[0] }, expected.map { $0 - expected[0] }, within: 0.0001)
    }

    @Test func keyFramesComeOnceASecondAndTheIndexIsInFront() throws {
        let input = scratch.file("a.mp4")
        try FFmpegTool.make("-f lavfi -i testsrc=s=160x120:r=30000/1001:d=5 -c:v libx264 -g 300", input)
        let target = scratch.file("o.mp4")
        try transcode(input, to: target)
        let keys = try FFmpegTool.run(
            "ffprobe",
            [
                "-v", "error", "-select_streams", "v", "-skip_frame", "nokey", "-show_entries", "frame=pts_time", "-of",
                "csv=p=0", target,
            ]
        ).split(whereSeparator: { $0.isNewline || $0 == "," }).compactMap { Double($0) }
        try #require(keys.count >= 5)
        #expect(zip(keys.dropFirst(), keys).allSatisfy { $0 - $1 <= 1.0 })
        let bytes = try Data(contentsOf: URL(fileURLWithPath: target))
        let moov = try #require(bytes.range(of: Data("moov".utf8)))
        let mdat = try #require(bytes.range(of: Data("mdat".utf8)))
        #expect(moov.lowerBound < mdat.lowerBound)
        #expect(bytes.range(of: Data("moof".utf8)) == nil)
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).sorted() == ["a.mp4", "o.mp4"])
    }
}
