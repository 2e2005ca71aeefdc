import Foundation
import Glibc
import Imaging
import Media
import Testing

/// Nothing that a file holds ends the process or hangs it: each case has a reason.
@Suite(.enabled(if: FFmpegTool.isPresent, "needs ffmpeg and ffprobe"))
struct DamageTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func reason(_ path: String, _ options: MediaOptions = MediaOptions()) -> MediaError.Reason? {
        do throws(MediaError) {
            _ = try readAll(path, options)
            return nil
        } catch {
            #expect(!error.message.isEmpty)
            return error.reason
        }
    }

    private func store(_ text: String, _ name: String) throws -> String {
        try text.write(toFile: scratch.file(name), atomically: true, encoding: .utf8)
        return scratch.file(name)
    }

    @Test func whatIsNoVideoSaysSo() throws {
        let clip = scratch.file("clip.mp4")
        try FFmpegTool.make("-f lavfi -i testsrc=s=64x48:r=10:d=1 -c:v libx264", clip)
        #expect(reason(try store("Hello, this is a text.\nIt is no film.\n", "text.mp4")) == .unsupported)
        #expect(reason(try store("ffconcat version 1.0\nfile '\(clip)'\n", "script.mp4")) == .unsupported)
        #expect(
            reason(try store("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n\(clip)\n", "list.mp4")) == .unsupported)
        #expect(reason(try store("", "empty.mp4")) == .unsupported)
        #expect(reason(scratch.file("missing.mp4")) == .notFound)
        #expect(reason(scratch.file("*.missing")) == .notFound)
        #expect(reason("/dev/zero") == .unsupported)
        #expect(reason("") == .notFound)
        for url in [
            "rtmp://u:secret@host/x", "ftp://host/x.mp4", "concat:\(clip)|\(clip)", "subfile,,start,0,end,9,,:\(clip)",
            "data:x", "crypto:x", "lavfi:",
        ] {
            #expect(reason(url) == .unsupported)
        }
        do throws(MediaError) { _ = try InputLocation("rtmp://u:secret@host/x") } catch {
            #expect(!error.description.contains("secret"))
        }
        let folder = scratch.file("empty-folder")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        #expect(reason(folder) == .noVideo)
        let sound = scratch.file("sound.mp3")
        try FFmpegTool.make("-f lavfi -i sine=d=1", sound)
        #expect(reason(sound) == .noVideo)
        let cover = scratch.file("cover.mp3")
        try FFmpegTool.make(
            "-i \(sound) -i \(clip) -map 0:a -map 1:v -c:v png -frames:v 1 -c:a copy -disposition:v attached_pic", cover
        )
        #expect(reason(cover) == .noVideo)
        // A colon in a name is no protocol.
        let odd = scratch.file("concat:a.mp4")
        try FileManager.default.copyItem(atPath: clip, toPath: odd)
        #expect(reason(odd) == nil)
    }

    @Test func limitsOnPixelsHold() throws {
        let picture = scratch.file("a.png")
        try FFmpegTool.make("-f lavfi -i color=s=600x500:d=1 -frames:v 1", picture)
        let clip = scratch.file("a.mp4")
        try FFmpegTool.make("-f lavfi -i color=s=600x500:d=1:r=5 -c:v libx264", clip)
        var options = MediaOptions()
        options.maximumPixels = 600 * 500
        #expect(reason(picture, options) == nil)
        #expect(reason(clip, options) == nil)
        options.maximumPixels -= 1
        #expect(reason(clip, options) == .tooLarge)
        #expect(reason(picture, options) == .tooLarge)
        options.maximumPixels = 1000
        #expect(reason(picture, options) == .tooLarge)
    }

    @Test func sidesLongerThanAnImageAreTooLarge() throws {
        for (width, height) in [(70000, 1), (1, 70000)] {
            let path = scratch.file("\(width)x\(height).pgm")
            try (Data("P5\n\(width) \(height)\n255\n".utf8) + Data(repeating: 128, count: width * height))
                .write(to: URL(fileURLWithPath: path))
            #expect(reason(path) == .tooLarge)
        }
        // As the images of a folder, too.
        #expect(reason(scratch.path) == .tooLarge)
        let longest = scratch.file("longest.pgm")
        try (Data("P5\n65536 2\n255\n".utf8) + Data(repeating: 128, count: 65536 * 2))
            .write(to: URL(fileURLWithPath: longest))
        #expect(reason(longest) == nil)
    }

    @Test func damagedFilesAreReadAsFarAsTheyGo() throws {
        var random = SystemLikeGenerator(state: 7)
        for (kind, codec) in [
            ("mp4", "libx264"), ("mkv", "libx264"), ("ts", "mpeg2video"), ("avi", "mjpeg"), ("gif", "gif"),
        ] {
            let clip = scratch.file("clip.\(kind)")
            try FFmpegTool.make("-f lavfi -i testsrc2=s=96x64:r=10:d=2 -c:v \(codec)", clip)
            let whole = try Data(contentsOf: URL(fileURLWithPath: clip))
            for variant in 0..<16 {
                var data = whole
                switch variant % 3 {
                case 0: data.removeLast(whole.count * (variant + 1) / 18)
                case 1:
                    for _ in 0..<(1 + variant * 4) {
                        data[Int(random.next() % UInt64(data.count))] ^= UInt8(1 << (random.next() % 8))
                    }
                default:
                    let start = Int(random.next() % UInt64(data.count - 600))
                    data.replaceSubrange(start..<start + 600, with: Data(count: 600))
                }
                let path = scratch.file("damaged.\(kind)")
                try data.write(to: URL(fileURLWithPath: path))
                do throws(MediaError) {
                    let result = try readAll(path)
                    #expect(result.frames.count <= 40)
                    #expect(zip(result.frames.dropFirst(), result.frames).allSatisfy { $0.timestamp > $1.timestamp })
                } catch {
                    #expect([.corrupt, .unsupported, .noVideo, .tooLarge].contains(error.reason), "\(error)")
                }
            }
        }
    }

    @Test func damageIsCountedAndTheRestIsRead() throws {
        let clip = scratch.file("a.avi")
        try FFmpegTool.make("-f lavfi -i testsrc2=s=96x64:r=10:d=2 -c:v png", clip)
        var data = try Data(contentsOf: URL(fileURLWithPath: clip))
        let middle = data.count / 2
        data.replaceSubrange(middle..<middle + 40, with: Data(repeating: 0x55, count: 40))
        try data.write(to: URL(fileURLWithPath: clip))
        let result = try readAll(clip)
        #expect(result.damage.packets + result.damage.frames + result.damage.reads > 0)
        #expect(result.frames.count >= 18)
    }

    @Test func aFIFOWithoutAWriterEndsAtTheDeadline() throws {
        let path = scratch.file("fifo")
        try #require(mkfifo(path, 0o600) == 0)
        var options = MediaOptions()
        options.stallTimeout = 0.3
        let start = ContinuousClock.now
        #expect(reason(path, options) == .timeout)
        #expect(ContinuousClock.now - start < .seconds(2))
    }

    @Test func aStallIsNotAnEnd() throws {
        let clip = scratch.file("a.ts")
        try FFmpegTool.make("-f lavfi -i testsrc2=s=320x240:r=25:d=4 -c:v mpeg2video -b:v 4M", clip)
        let data = try Data(contentsOf: URL(fileURLWithPath: clip))
        let path = scratch.file("fifo")
        try #require(mkfifo(path, 0o600) == 0)
        let writer = Thread {
            let descriptor = open(path, O_WRONLY)
            _ = data.prefix(data.count / 2).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            usleep(3_000_000)
            close(descriptor)
        }
        writer.start()
        var options = MediaOptions()
        options.stallTimeout = 0.5
        options.probeSize = 50_000
        #expect(reason(path, options) == .timeout)
    }

    @Test func aPipeIsReadToItsEnd() throws {
        let clip = scratch.file("a.mkv")
        try FFmpegTool.make("-f lavfi -i testsrc2=s=96x64:r=10:d=2 -c:v libx264", clip)
        let path = scratch.file("fifo")
        try #require(mkfifo(path, 0o600) == 0)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "cat '\(clip)' > '\(path)'"]
        try process.run()
        let result = try readAll(path)
        process.waitUntilExit()
        #expect(result.frames.count == 20)
        #expect(!result.info.isSeekable)
    }

    @Test func standardInputIsRead() throws {
        let clip = scratch.file("a.mkv")
        try FFmpegTool.make("-f lavfi -i testsrc2=s=96x64:r=10:d=1 -c:v libx264", clip)
        let descriptor = open(clip, O_RDONLY)
        let saved = dup(STDIN_FILENO)
        dup2(descriptor, STDIN_FILENO)
        defer {
            dup2(saved, STDIN_FILENO)
            close(saved)
            close(descriptor)
        }
        #expect(try readAll("-").frames.count == 10)
    }

    @Test func cancellingEndsAWait() throws {
        let path = scratch.file("fifo")
        try #require(mkfifo(path, 0o600) == 0)
        let clip = scratch.file("a.ts")
        try FFmpegTool.make("-f lavfi -i testsrc2=s=320x240:r=25:d=4 -c:v mpeg2video -b:v 4M", clip)
        let data = try Data(contentsOf: URL(fileURLWithPath: clip))
        let writer = Thread {
            let descriptor = open(path, O_WRONLY)
            _ = data.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            usleep(4_000_000)
            close(descriptor)
        }
        writer.start()
        var options = MediaOptions()
        options.probeSize = 50_000
        let source = try MediaSource(path, options: options)
        let canceller = Thread {
            usleep(300_000)
            source.cancel()
        }
        canceller.start()
        let start = ContinuousClock.now
        loop: while true {
            switch try source.next() {
            case .frame: continue
            case .end: break loop
            }
        }
        #expect(source.isCancelled)
        #expect(ContinuousClock.now - start < .seconds(2))
    }
}

/// A small generator with a fixed seed, so that the damage is the same each time.
struct SystemLikeGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
