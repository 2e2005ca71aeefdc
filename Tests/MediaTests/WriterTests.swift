import Foundation
import Glibc
import Imaging
import Media
import Testing

/// The output file: its sound, its survival, and the errors of writing.
@Suite(.enabled(if: FFmpegTool.isPresent, "needs ffmpeg and ffprobe"))
struct WriterTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func soundHash(_ path: String, _ stream: Int = 0) throws -> String {
        try FFmpegTool.run(
            "ffmpeg", ["-v", "error", "-i", path, "-map", "0:a:\(stream)", "-c", "copy", "-f", "md5", "-"])
    }

    @Test(arguments: ["o.mp4", "o.mkv", "o.mov"])
    func soundIsCopiedBitByBit(output: String) throws {
        let clip = scratch.file("a.mp4")
        try FFmpegTool.make(
            "-f lavfi -i testsrc=s=96x64:r=25:d=3 -f lavfi -i sine=d=3 -f lavfi -i sine=f=99:d=3 -map 0 -map 1 -map 2 -c:v libx264 -c:a aac -metadata:s:a:1 language=deu -metadata title=Street",
            clip)
        let target = scratch.file(output)
        let summary = try transcode(clip, to: target)
        #expect(summary.droppedStreams.isEmpty)
        #expect(try soundHash(clip, 0) == soundHash(target, 0))
        #expect(try soundHash(clip, 1) == soundHash(target, 1))
        let times = "packet=pts_time,dts_time"
        let before = try FFmpegTool.run(
            "ffprobe", ["-v", "error", "-select_streams", "a:0", "-show_entries", times, "-of", "csv=p=0", clip])
        let after = try FFmpegTool.run(
            "ffprobe", ["-v", "error", "-select_streams", "a:0", "-show_entries", times, "-of", "csv=p=0", target])
        let numbers = { (text: String) in
            text.split(whereSeparator: { $0 == "," || $0.isNewline }).compactMap { Double($0) }
        }
        expectEqualTimes(numbers(after), numbers(before), within: output == "o.mkv" ? 0.00101 : 0.0001)
        let probe = try FFmpegTool.probe(target, "stream_tags=language:format_tags=title")
        #expect(probe.contains("deu") || output == "o.mov")
        #expect(probe.contains("Street"))
    }

    @Test func aLinkStaysALink() throws {
        let clip = scratch.file("a.mkv")
        try FFmpegTool.make("-f lavfi -i testsrc=s=96x64:r=25:d=1 -c:v libx264", clip)
        let link = scratch.file("link.mp4")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "real.mp4")
        try Data().write(to: URL(fileURLWithPath: scratch.file("real.mp4")))
        var options = VideoWriter.Options()
        options.overwrites = true
        let summary = try transcode(clip, to: link, writing: options)
        #expect(summary.faststartFailure == nil)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "real.mp4")
        let size = try Data(contentsOf: URL(fileURLWithPath: scratch.file("real.mp4"))).count
        #expect(Int64(size) == summary.byteCount)
    }

    @Test func anMP4WithItsIndexAtTheEndIsNotReadFromAPipe() throws {
        let clip = scratch.file("a.mp4")
        try FFmpegTool.make("-f lavfi -i testsrc2=s=320x240:r=25:d=4 -c:v libx264 -preset ultrafast -crf 5", clip)
        let pipe = scratch.file("pipe")
        #expect(mkfifo(pipe, 0o600) == 0)
        let feeder = Process()
        feeder.executableURL = URL(fileURLWithPath: "/bin/sh")
        feeder.arguments = ["-c", "exec cat \"$0\" > \"$1\"", clip, pipe]
        feeder.standardError = FileHandle.nullDevice
        try feeder.run()
        defer { feeder.terminate() }
        let error = #expect(throws: MediaError.self) { try MediaSource(pipe) }
        #expect(error?.reason == .unsupported)
        #expect(error?.message.contains("index") ?? false)
    }

    @Test(arguments: ["libopus", "flac", "ac3", "libmp3lame", "libvorbis"])
    func noPacketOfOtherSoundIsLost(codec: String) throws {
        let clip = scratch.file("a.mkv")
        try FFmpegTool.make(
            "-f lavfi -i testsrc=s=96x64:r=25:d=2 -f lavfi -i sine=d=2 -c:v libx264 -c:a \(codec)", clip)
        let target = scratch.file("o.mp4")
        try transcode(clip, to: target)
        func packets(_ path: String) throws -> Int {
            try FFmpegTool.run(
                "ffprobe",
                ["-v", "error", "-select_streams", "a", "-show_entries", "packet=size", "-of", "csv=p=0"]
                    + (path.hasSuffix("mp4") ? ["-advanced_editlist", "0"] : []) + [path]
            ).split(whereSeparator: \.isNewline).count
        }
        #expect(try packets(clip) == packets(target))
    }

    @Test func soundOfATransportStreamTakesTheFormOfMP4() throws {
        let clip = scratch.file("a.ts")
        try FFmpegTool.make(
            "-f lavfi -i testsrc=s=96x64:r=25:d=2 -f lavfi -i sine=d=2 -c:v mpeg2video -c:a aac", clip)
        let target = scratch.file("o.mp4")
        let summary = try transcode(clip, to: target)
        #expect(summary.droppedStreams.isEmpty && summary.damagedCopies == 0)
        #expect(summary.faststartFailure == nil)
        let withoutHeaders = try FFmpegTool.run(
            "ffmpeg",
            ["-v", "error", "-i", clip, "-map", "0:a", "-c", "copy", "-bsf:a", "aac_adtstoasc", "-f", "md5", "-"])
        #expect(try soundHash(target) == withoutHeaders)
    }

    @Test func whatTheContainerCannotHoldIsNamed() throws {
        let clip = scratch.file("a.mkv")
        let words = scratch.file("a.srt")
        try "1\n00:00:00,000 --> 00:00:01,000\nHello\n".write(toFile: words, atomically: true, encoding: .utf8)
        try FFmpegTool.make("-f lavfi -i testsrc=s=96x64:r=25:d=1 -i \(words) -c:v libx264 -c:s srt", clip)
        #expect(try transcode(clip, to: scratch.file("o.mp4")).droppedStreams == ["subtitle stream 1 (subrip)"])
        #expect(try transcode(clip, to: scratch.file("o.ts")).droppedStreams == ["subtitle stream 1 (subrip)"])
        #expect(try transcode(clip, to: scratch.file("o.mkv")).droppedStreams == [])
        #expect(try FFmpegTool.probe(scratch.file("o.mkv"), "stream=codec_name").contains("subrip"))
    }

    @Test(.enabled(if: ProcessInfo.processInfo.environment["SACCADE_DATA"] != nil, "needs SACCADE_DATA"))
    func aRealClipKeepsItsSoundAndTimes() throws {
        let clip = (ProcessInfo.processInfo.environment["SACCADE_DATA"] ?? "") + "/video/cars-overhead.mp4"
        let target = scratch.file("o.mp4")
        try transcode(clip, to: target)
        #expect(try soundHash(clip) == soundHash(target))
        expectEqualTimes(try FFmpegTool.frameTimes(target), try FFmpegTool.frameTimes(clip), within: 1.01 / 25000)
    }

    @Test(arguments: ["o.mp4", "o.mkv"])
    func aKilledProcessLeavesAFileThatPlays(output: String) throws {
        let clip = scratch.file("a.mp4")
        try FFmpegTool.make("-f lavfi -i testsrc=s=96x64:r=25:d=8 -f lavfi -i sine=d=8 -c:v libx264 -c:a aac", clip)
        let source = try MediaSource(clip)
        let target = scratch.file(output)
        let writer = try VideoWriter(path: target, source: source.info)
        var written = 0
        while written < 150, case .frame(let frame) = try source.next() {
            writer.write(frame.packets)
            try writer.write(frame.image, at: frame.info.timestamp, duration: frame.info.duration)
            written += 1
        }
        // What is on the disk now is what kill -9 would leave.
        let left = scratch.file("left-" + output)
        try FileManager.default.copyItem(atPath: target, toPath: left)
        #expect(try FFmpegTool.frameTimes(left).count >= 75)
        #expect(try soundHash(left).contains("MD5="))
        writer.abandon()
        #expect(try FFmpegTool.frameTimes(target).count >= 75)
    }

    @Test func aFullDiskIsAnError() throws {
        let clip = scratch.file("a.mp4")
        try FFmpegTool.make("-f lavfi -i testsrc=s=96x64:r=25:d=3 -c:v libx264", clip)
        for format in ["mp4", "matroska", "mpegts"] {
            var options = VideoWriter.Options()
            options.format = format
            do throws(MediaError) {
                try transcode(clip, to: "/dev/full", writing: options)
                Issue.record("no error for \(format)")
            } catch {
                #expect(error.reason == .diskFull && error.exitCode == 74, "\(format): \(error)")
            }
        }
    }

    @Test func aPipeTakesTheOutput() throws {
        let clip = scratch.file("a.mp4")
        try FFmpegTool.make("-f lavfi -i testsrc=s=96x64:r=25:d=2 -c:v libx264", clip)
        for format in ["mp4", "matroska"] {
            let (path, copy) = (scratch.file("fifo-" + format), scratch.file("copy." + format))
            try #require(mkfifo(path, 0o600) == 0)
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments = ["-c", "cat '\(path)' > '\(copy)'"]
            try process.run()
            var options = VideoWriter.Options()
            options.format = format
            try transcode(clip, to: path, writing: options)
            process.waitUntilExit()
            expectEqualTimes(try FFmpegTool.frameTimes(copy), try FFmpegTool.frameTimes(clip), within: 0.00101)
        }
    }

    @Test func withoutRoomForTheRewriteTheFragmentsStay() throws {
        let clip = scratch.file("a.mp4")
        try FFmpegTool.make("-f lavfi -i testsrc=s=96x64:r=25:d=2 -c:v libx264", clip)
        let target = scratch.file("o.mp4")
        // A folder where the second file would go.
        let blocked = "\(target).\(ProcessInfo.processInfo.processIdentifier).part"
        try FileManager.default.createDirectory(atPath: blocked, withIntermediateDirectories: true)
        let summary = try transcode(clip, to: target)
        #expect(summary.faststartFailure?.reason == .cannotCreate)
        expectEqualTimes(try FFmpegTool.frameTimes(target), try FFmpegTool.frameTimes(clip), within: 0.0001)
    }

    @Test func outputsThatCannotBeAreRefused() throws {
        let clip = scratch.file("a.mp4")
        try FFmpegTool.make("-f lavfi -i testsrc=s=96x64:r=25:d=1 -c:v libx264", clip)
        let original = try Data(contentsOf: URL(fileURLWithPath: clip))
        func failure(_ path: String, _ change: (inout VideoWriter.Options) -> Void = { _ in }) -> MediaError? {
            var options = VideoWriter.Options()
            change(&options)
            do throws(MediaError) {
                try transcode(clip, to: path, writing: options)
                return nil
            } catch { return error }
        }
        #expect(failure(clip) { $0.overwrites = true }?.exitCode == 73)
        try FileManager.default.createSymbolicLink(atPath: scratch.file("link.mp4"), withDestinationPath: clip)
        #expect(failure(scratch.file("link.mp4")) { $0.overwrites = true }?.exitCode == 73)
        #expect(try Data(contentsOf: URL(fileURLWithPath: clip)) == original)
        #expect(failure(scratch.file("none/o.mp4"))?.exitCode == 73)
        #expect(failure(scratch.file("o.xyz"))?.exitCode == 73)
        #expect(failure(scratch.path)?.exitCode == 73)
        #expect(failure(scratch.file("o.mp4")) == nil)
        #expect(failure(scratch.file("o.mp4"))?.exitCode == 73)
        #expect(failure(scratch.file("o.mp4")) { $0.overwrites = true } == nil)
        let missing = failure(scratch.file("p.mp4")) { $0.encoder.codec = "h264_imaginary" }
        #expect(missing?.reason == .unsupported && missing?.message.contains("h264_imaginary") == true)
        #expect(missing?.message.contains("libx264") == true)
        #expect(failure(scratch.file("o.webm"))?.reason == .unsupported)
        #expect(failure(scratch.file("p.mp4")) { $0.encoder.preset = "absurd" } != nil)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: scratch.path).sorted() == [
                "a.mp4", "link.mp4", "o.mp4",
            ])
    }

    @Test func otherEncodersWork() throws {
        let clip = scratch.file("a.mp4")
        try FFmpegTool.make("-f lavfi -i testsrc=s=96x64:r=25:d=1 -c:v libx264 -video_track_timescale 90000", clip)
        for (codec, output) in [
            ("mpeg4", "o.avi"), ("libx265", "o.mkv"), ("libvpx-vp9", "o.webm"), ("mjpeg", "p.avi"), ("h264", "q.ts"),
        ] {
            var options = VideoWriter.Options()
            options.encoder.codec = codec
            try transcode(clip, to: scratch.file(output), writing: options)
            #expect(try FFmpegTool.frameTimes(scratch.file(output)).count == 25, "\(codec)")
        }
    }

    @Test func theSameThreadsGiveTheSameBytes() throws {
        let clip = scratch.file("a.mp4")
        try FFmpegTool.make("-f lavfi -i testsrc=s=96x64:r=25:d=1 -c:v libx264", clip)
        var options = VideoWriter.Options()
        options.encoder.threads = 2
        try transcode(clip, to: scratch.file("a1.mp4"), writing: options)
        try transcode(clip, to: scratch.file("a2.mp4"), writing: options)
        #expect(FileManager.default.contentsEqual(atPath: scratch.file("a1.mp4"), andPath: scratch.file("a2.mp4")))
    }
}
