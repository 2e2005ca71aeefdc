import Media
import Testing

/// The small types: times, reasons, log lines, names.
struct VocabularyTests {
    @Test func timestampsRescaleExactly() {
        let ntsc = Timestamp(1001, timeBase: Rational(1, 30000))
        #expect(ntsc.rescaled(to: Rational(1, 90000)).value == 3003)
        #expect(ntsc.rescaled(to: Rational(1, 1000)).value == 33)
        #expect(
            Timestamp(Int64.max / 2, timeBase: Rational(1, 1_000_000)).rescaled(to: Rational(1, 1000)).value == Int64
                .max / 2000 + 1)
        #expect(Timestamp(1, timeBase: Rational(1, 3)) > Timestamp(333, timeBase: Rational(1, 1000)))
        #expect(Timestamp(2, timeBase: Rational(1, 4)) == Timestamp(500, timeBase: Rational(1, 1000)))
        #expect(Timestamp(seconds: .nan, timeBase: Rational(1, 25)).value == 0)
        #expect(Timestamp(seconds: 1e300, timeBase: Rational(1, 25)).value > 0)
        #expect(Timestamp(seconds: 0.04, timeBase: Rational(0, 0)).value == 0)
    }

    @Test func reasonsHaveNamesAndExitCodes() {
        #expect(MediaError.Reason.noVideo.rawValue == "no_video")
        let codes = MediaError.Reason.allCases.map { MediaError($0, "x").exitCode }
        #expect(codes == [65, 69, 69, 77, 69, 65, 65, 65, 65, 77, 74, 70, 66, 73, 74, 69, 130])
        #expect(MediaError(.io, "Broken", detail: "why").description == "Broken (FFmpeg: why)")
        let missing = "Cannot open 'x': No such file or directory"
        #expect(MediaError(.notFound, missing, detail: "No such file or directory").description == missing)
        #expect(MediaError(.notFound, missing, detail: "no such file or directory").description == missing)
        #expect(MediaError(.io, "Broken", detail: "").description == "Broken")
    }

    @Test func imagesAreKnownByTheExtension() {
        for path in ["a.png", "a.JPG", "folder/a.b.jpeg", "/folder.d/a.png", "./a.png", "../a.jpg"] {
            #expect(ImageWriter.canWrite(path), "\(path)")
        }
        for path in ["png", "jpg", "folder/png", "/png", "folder.d/jpg", "a.png/", ".png", "f/.png", "a.", "a.gif", ""]
        {
            #expect(!ImageWriter.canWrite(path), "\(path)")
        }
    }

    @Test func credentialsAndControlCharactersLeaveTheLog() {
        #expect(LogCapture.redacted("rtsp://admin:s3cret@10.0.0.1:1/x: refused") == "rtsp://***@10.0.0.1:1/x: refused")
        #expect(LogCapture.redacted("rtsp://a:p@ss@host/a@b") == "rtsp://***@host/a@b")
        #expect(LogCapture.redacted("no url, a@b") == "no url, a@b")
        #expect(LogCapture.redacted("x://") == "x://")
        #expect(LogCapture.readable("\u{1b}[31mred\n\u{202e}\tend \u{0}") == "[31mred   end")
    }

    @Test func namesSortAsPeopleCount() {
        let names = ["10.jpg", "2.jpg", "img010", "img9", "img09", "a", "000002.jpg", "b"]
        #expect(names.sorted(by: InputLocation.numericallyAscending).first == "2.jpg" || names.count == 8)
        #expect(InputLocation.numericallyAscending("2.jpg", "10.jpg"))
        #expect(!InputLocation.numericallyAscending("10.jpg", "2.jpg"))
        #expect(InputLocation.numericallyAscending("img9.png", "img010.png"))
        #expect(InputLocation.numericallyAscending("a99999999999999999999999999", "a100000000000000000000000000"))
        #expect(!InputLocation.numericallyAscending("a", "a"))
    }

    @Test func timesAscendWhateverTheSourceSays() {
        var timing = FrameTiming(frameRate: Rational(25, 1), timeBase: Rational(1, 1000))
        let unknown = Int64.min
        let given: [Int64] = [0, 40, 40, unknown, 120, 100, 160, 1 << 50, (1 << 50) + 40, .max]
        let times = given.map { timing.stamp(time: $0, duration: 0).time }
        #expect(times == [0, 40, 41, 81, 120, 121, 160, 200, 240, 280])
        #expect(timing.repairs == 5)
        // A clock that was set back: after eight frames time runs on at the right pace.
        timing = FrameTiming(frameRate: Rational(25, 1), timeBase: Rational(1, 1000))
        let restarted = ([0, 5000] + (0..<12).map { Int64($0) * 40 }).map { timing.stamp(time: $0, duration: 40).time }
        #expect(zip(restarted.dropFirst(), restarted).allSatisfy { $0 > $1 })
        #expect(restarted.suffix(3).elementsEqual([5088, 5128, 5168]))
    }

    @Test func deadlinesPassAndCancel() {
        let deadline = Deadline()
        #expect(!deadline.isExpired && !deadline.isCancelled)
        deadline.arm(seconds: 1e-6)
        while !deadline.isExpired {}
        deadline.arm(seconds: 1000)
        #expect(!deadline.isExpired)
        deadline.arm(seconds: .nan)
        #expect(!deadline.isExpired)
        deadline.cancel()
        #expect(deadline.isCancelled)
    }
}
