import Foundation
import Imaging
import Media
import Testing

/// Every codec and pixel format gives the same pictures, whole and upright.
@Suite(.enabled(if: FFmpegTool.isPresent, "needs ffmpeg and ffprobe"))
struct FormatTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    static let encoders = (try? FFmpegTool.run("ffmpeg", ["-hide_banner", "-encoders"])) ?? ""

    @Test(arguments: [
        ("libx264", "mp4", ""), ("libx265", "mp4", "-x265-params log-level=none"),
        ("libvpx-vp9", "webm", "-deadline realtime -cpu-used 8"),
        ("libsvtav1", "mp4", "-preset 12"), ("mpeg4", "avi", "-bf 2"), ("mjpeg", "avi", "-pix_fmt yuvj422p"),
        ("mpeg2video", "ts", "-bf 2"), ("gif", "gif", ""), ("apng", "apng", "-f apng"), ("libx264", "h264", ""),
        ("libx264", "flv", ""), ("libtheora", "ogv", ""), ("prores", "mov", ""),
        ("libx264", "mkv", "-flags +ildct+ilme"),
        ("wmv2", "wmv", ""), ("rawvideo", "y4m", "-f yuv4mpegpipe -pix_fmt yuv420p"),
    ])
    func everyFrameOfEveryCodec(codec: String, kind: String, extra: String) throws {
        guard codec == "rawvideo" || FormatTests.encoders.contains(" \(codec) ") else { return }
        let path = scratch.file("a.\(kind)")
        let encoder = codec == "rawvideo" ? "" : "-c:v \(codec)"
        try FFmpegTool.make("-f lavfi -i testsrc=s=96x64:r=12:d=2 -pix_fmt yuv420p \(encoder) \(extra)", path)
        let result = try readAll(path)
        #expect(result.frames.count == 24)
        #expect(result.sizes.allSatisfy { $0 == "96x64" })
        #expect(result.frames.indices.allSatisfy { result.frames[$0].index == $0 })
        #expect(zip(result.frames.dropFirst(), result.frames).allSatisfy { $0.timestamp > $1.timestamp })
        #expect(abs((result.frames.last?.seconds ?? 0) - 23.0 / 12) < 0.1)
        #expect(result.damage.packets == 0)
    }

    @Test func everyPixelFormatShowsTheSame() throws {
        let formats = [
            "yuv420p", "yuv420p10le", "yuv420p12le", "yuv422p", "yuv422p10le", "yuv444p", "yuv444p12le", "yuv440p",
            "yuv410p", "yuv411p", "gray", "gray10le", "ya8", "rgba", "rgb24", "bgr0", "gbrp", "gbrp10le", "nv12",
            "nv21",
            "yuyv422", "uyvy422", "yuva420p", "yuva444p", "rgb48le", "rgb565le", "xyz12le", "yuvj420p", "yuvj444p",
            "pal8",
        ]
        var arguments = "-f lavfi -i testsrc=s=96x64:r=5:d=1"
        for format in formats {
            let range = format.contains("j4") ? "" : "-color_range tv"
            arguments +=
                " -vf scale=out_color_matrix=bt601,format=\(format) \(range) -c:v rawvideo \(scratch.file(format)).nut"
        }
        try FFmpegTool.make(arguments + " -pix_fmt yuv420p -c:v rawvideo", scratch.file("reference.nut"))
        let expected = try readAll(scratch.file("reference.nut"))
        for format in formats {
            let result = try readAll(scratch.file(format + ".nut"))
            #expect(result.info.pixelFormat == format.replacing("yuvj", with: "yuv"))
            try #require(result.luma.count == 5 && expected.luma.count == 5, "\(format)")
            // Values in the range of the source: brought to 16…235 before they are compared.
            let isFull = result.info.color.isFullRange
            for (mean, reference) in zip(result.luma, expected.luma) {
                let limited = isFull ? 16 + mean * 219 / 255 : mean
                #expect(abs(limited - reference) < 3, "\(format): \(mean), full range: \(isFull)")
            }
        }
    }

    @Test(arguments: ["15x17", "1x1", "2x2", "3x200", "641x3"])
    func oddSizesAreReadAndWritten(size: String) throws {
        let path = scratch.file("a.mkv")
        try FFmpegTool.make(
            "-f lavfi -i testsrc=s=64x48:r=5:d=1 -vf scale=\(size.replacing("x", with: ":")),format=yuv420p -c:v ffv1",
            path)
        #expect(try readAll(path).sizes == Array(repeating: size, count: 5))
        let target = scratch.file("o.mp4")
        try transcode(path, to: target)
        let sides = size.split(separator: "x").compactMap { Int($0) }.map { $0 + $0 % 2 }
        let probe = try FFmpegTool.probe(target, "stream=width,height")
        #expect(probe.contains("width=\(sides[0])\nheight=\(sides[1])"))
        #expect(try FFmpegTool.frameTimes(target).count == 5)
    }

    @Test(arguments: [90, 180, 270])
    func picturesAreTurnedAsPlayersDo(degrees: Int) throws {
        let plain = scratch.file("a.mp4")
        try FFmpegTool.make("-f lavfi -i testsrc2=s=98x66:r=5:d=1 -pix_fmt yuv420p -c:v libx264", plain)
        let turned = scratch.file("b.mp4")
        try FFmpegTool.make("-i \(plain) -c copy -metadata:s:v rotate=\(degrees)", turned)
        let raw = scratch.file("raw.yuv")
        try FFmpegTool.make("-i \(turned) -f rawvideo -pix_fmt yuv420p", raw)
        let expected = try Data(contentsOf: URL(fileURLWithPath: raw))
        let source = try MediaSource(turned)
        #expect(source.info.orientation.degrees == degrees || source.info.orientation.degrees == 360 - degrees)
        #expect(source.info.width == (degrees == 180 ? 98 : 66))
        var bytes = Data()
        loop: while true {
            switch try source.next() {
            case .frame(let frame):
                for plane in [frame.image.y, frame.image.u, frame.image.v] {
                    for row in 0..<plane.height {
                        bytes.append(plane.baseAddress + row * plane.stride, count: plane.width)
                    }
                }
            case .end: break loop
            }
        }
        #expect(bytes == expected)
        var options = MediaOptions()
        options.autorotates = false
        #expect(try readAll(turned, options).sizes.first == "98x66")
    }

    @Test(arguments: [1: "20x12", 3: "20x12", 6: "12x20", 8: "12x20"])
    func photosAreTurnedAsTheCameraSays(orientation: Int, size: String) throws {
        let path = scratch.file("a.jpg")
        try FFmpegTool.make("-f lavfi -i testsrc=s=20x12:d=1:r=1 -frames:v 1", path)
        let photo = try Data(contentsOf: URL(fileURLWithPath: path))
        // An EXIF segment with the one tag 0x0112 behind the start of the image.
        let tiff: [UInt8] = [
            0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, UInt8(orientation), 0, 0, 0, 0, 0, 0, 0,
        ]
        let exif = Array("Exif\0\0".utf8) + tiff
        let segment: [UInt8] = [0xFF, 0xE1, 0, UInt8(exif.count + 2)] + exif
        try (photo.prefix(2) + Data(segment) + photo.dropFirst(2)).write(to: URL(fileURLWithPath: path))
        #expect(try readAll(path).sizes == [size])
        #expect(try readAll(scratch.path).sizes == [size])
    }

    @Test func orientationsTransposeAndThenFlip() {
        let (width, height) = (37, 22)
        let image = Image(width: width, height: height, color: ColorDescription(matrix: .bt709, isFullRange: true))
        for y in 0..<height { for x in 0..<width { image.y.row(y)[x] = UInt8(truncatingIfNeeded: y * 53 + x * 3) } }
        let pool = ImagePool(capacity: 2)
        for bits in 0..<8 {
            let orientation = Orientation(
                transposes: bits & 1 != 0, flipsHorizontally: bits & 2 != 0, flipsVertically: bits & 4 != 0)
            let turned = image.turned(orientation.turn, from: pool)
            let size = orientation.transposes ? [height, width] : [width, height]
            #expect([turned.width, turned.height] == size)
            var wrong = 0
            for y in 0..<turned.height {
                for x in 0..<turned.width {
                    let fromX = orientation.flipsHorizontally ? turned.width - 1 - x : x
                    let fromY = orientation.flipsVertically ? turned.height - 1 - y : y
                    let expected = orientation.transposes ? image.y.row(fromX)[fromY] : image.y.row(fromY)[fromX]
                    if turned.y.row(y)[x] != expected { wrong += 1 }
                }
            }
            #expect(wrong == 0, "\(orientation)")
        }
    }

    @Test func sizeAndFormatMayChangeInTheMiddle() throws {
        let (a, b, both) = (scratch.file("a.ts"), scratch.file("b.ts"), scratch.file("c.ts"))
        try FFmpegTool.make("-f lavfi -i testsrc=s=128x96:r=10:d=1 -pix_fmt yuv420p -c:v libx264", a)
        try FFmpegTool.make("-f lavfi -i testsrc=s=90x74:r=10:d=1 -pix_fmt yuv422p -c:v libx264", b)
        var data = try Data(contentsOf: URL(fileURLWithPath: a))
        data.append(try Data(contentsOf: URL(fileURLWithPath: b)))
        try data.write(to: URL(fileURLWithPath: both))
        let result = try readAll(both)
        #expect(result.sizes == Array(repeating: "128x96", count: 10) + Array(repeating: "90x74", count: 10))
        // The second clock begins anew; time goes on.
        #expect(zip(result.frames.dropFirst(), result.frames).allSatisfy { abs($0.seconds - $1.seconds - 0.1) < 0.06 })
        let target = scratch.file("o.mp4")
        try transcode(both, to: target)
        #expect(try FFmpegTool.frameTimes(target).count == 20)
        #expect(try FFmpegTool.probe(target, "stream=width,height").contains("width=128\nheight=96"))
    }

    @Test func imagesOfAFolderComeInTheOrderOfTheirNumbers() throws {
        for (name, size) in [
            ("1.png", "20x20"), ("2.jpg", "30x21"), ("10.bmp", "15x17"), ("11.webp", "32x32"), ("12.gif", "9x9"),
        ] {
            try FFmpegTool.make("-f lavfi -i testsrc=s=\(size):d=1:r=1 -frames:v 1", scratch.file(name))
        }
        try "not a picture".write(toFile: scratch.file("3.png"), atomically: true, encoding: .utf8)
        try "notes".write(toFile: scratch.file("notes.txt"), atomically: true, encoding: .utf8)
        let result = try readAll(scratch.path)
        #expect(result.sizes == ["20x20", "30x21", "15x17", "32x32", "9x9"])
        #expect(result.frames.map(\.index) == [0, 1, 3, 4, 5])
        #expect(result.frames.map(\.seconds) == [0, 0.04, 0.12, 0.16, 0.2])
        #expect(result.damage.files.map(\.error.reason) == [.unsupported])
        #expect(result.info.isImageSequence && result.info.estimatedFrameCount == 6)
        #expect(try readAll(scratch.file("1*.*")).sizes == ["20x20", "15x17", "32x32", "9x9"])
        let single = try readAll(scratch.file("2.jpg"))
        #expect(single.sizes == ["30x21"] && single.frames[0].path == scratch.file("2.jpg"))
    }

    @Test(arguments: ["png", "jpg"])
    func picturesAreWritten(kind: String) throws {
        let path = scratch.file("a.png")
        try FFmpegTool.make("-f lavfi -i testsrc=s=33x21:d=1:r=1 -frames:v 1", path)
        let source = try MediaSource(path)
        guard case .frame(let frame) = try source.next() else {
            Issue.record("no frame")
            return
        }
        let copy = scratch.file("o.\(kind)")
        try ImageWriter().write(frame.image, to: copy)
        let (before, after) = (try readAll(path), try readAll(copy))
        #expect(after.sizes == ["33x21"])
        #expect(abs(before.luma[0] - after.luma[0]) < 2)
        #expect(throws: MediaError.self) { try ImageWriter().write(frame.image, to: "/nowhere/o.jpg") }
    }
}
