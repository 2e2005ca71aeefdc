import Detections
import Foundation
import Saccade
import Testing

/// The exact bytes of every result format.
struct TrackLogFormatTests {
    private func written(
        _ format: ResultFormat, _ source: ResultSource = SampleRun.source, _ frames: [FrameResult] = SampleRun.frames
    ) throws -> String {
        let folder = try TemporaryFolder()
        let writer = try ResultOutput(format, to: folder.file("out")).writer(source: source)
        for frame in frames { try writer.write(frame) }
        try writer.finish()
        try writer.finish()
        #expect(try folder.names() == ["out"])
        return try folder.text("out")
    }

    @Test func jsonLines() throws {
        #expect(
            try written(.jsonLines) == """
                {"v":1,"source":"street.mp4","frame":0,"time_s":0,"size":[100,200],"detected":true,"tracks":[\
                {"id":7,"class":0,"name":"person","score":0.83,"box":[10.5,20,50.25,120.125],"origin":"detected"},\
                {"id":null,"class":2,"name":"car","score":0.12346,"box":[1,2,3,4],"origin":"detected"}]}
                {"v":1,"source":"street.mp4","frame":1,"time_s":0.033333,"size":[100,200],"detected":false,"tracks":[]}
                {"v":1,"source":"street.mp4","frame":2,"time_s":4.004,"size":[100,200],"detected":false,"tracks":[\
                {"id":"1152921504606846976","class":9,"name":"class 9","score":1,"box":[5,5,5,9],"origin":"predicted"},\
                {"id":2,"class":1,"name":"bicycle","score":0.5,"box":[-50,100,50,300],"origin":"interpolated"}]}

                """)
    }

    @Test func mot() throws {
        #expect(
            try written(.mot) == """
                1,7,10.5,20,39.75,100.125,0.83,-1,-1,-1
                1,-1,1,2,2,2,0.12346,-1,-1,-1
                3,1152921504606846976,5,5,0,4,1,-1,-1,-1
                3,2,-50,100,100,200,0.5,-1,-1,-1

                """)
    }

    @Test func csv() throws {
        #expect(
            try written(.csv) == """
                source,frame,time_s,x_min,y_min,x_max,y_max,class_id,confidence,tracker_id,class_name,origin
                street.mp4,0,0,10.5,20,50.25,120.125,0,0.83,7,person,detected
                street.mp4,0,0,1,2,3,4,2,0.12346,,car,detected
                street.mp4,2,4.004,5,5,5,9,9,1,1152921504606846976,class 9,predicted
                street.mp4,2,4.004,-50,100,50,300,1,0.5,2,bicycle,interpolated

                """)
    }

    @Test func csvWithoutObjectsHasItsHeader() throws {
        #expect(try written(.csv, SampleRun.source, []).hasPrefix("source,frame,time_s,x_min"))
    }

    @Test func cocoWithItsOwnCategories() throws {
        #expect(
            try written(.coco) == """
                [
                {"image_id":1,"category_id":1,"bbox":[10.5,20,39.75,100.125],"score":0.83},
                {"image_id":1,"category_id":3,"bbox":[1,2,2,2],"score":0.12346},
                {"image_id":3,"category_id":10,"bbox":[5,5,0,4],"score":1},
                {"image_id":3,"category_id":2,"bbox":[-50,100,100,200],"score":0.5}
                ]

                """)
        #expect(try written(.coco, SampleRun.source, []) == "[]\n")
    }

    @Test func cocoIdentifiers() throws {
        let names = COCOCategories.all.map(\.name)
        #expect(names.count == 80)
        #expect(COCOCategories.identifiers(of: ClassLabels(names))?.last == 90)
        #expect(COCOCategories.identifiers(of: ClassLabels(["person", "truck"])) == [1, 8])
        #expect(COCOCategories.identifiers(of: ClassLabels(["person", "forklift"])) == nil)
        #expect(COCOCategories.identifiers(of: ClassLabels([])) == nil)

        let ball = Detection(box: BoundingBox(x1: 0, y1: 0, x2: 1, y2: 1), classIndex: 1, score: 0.5)
        let frames = ["dir/000000000139.jpg", "zidane.jpg", "99999999999999999999.jpg"].enumerated().map {
            FrameResult(
                index: $0.offset, seconds: 0, detected: true, detections: [ball], width: 9, height: 9,
                imageName: $0.element)
        }
        let images = ResultSource(name: "dir", medium: .images, labels: ClassLabels(["a", "b"]))
        let text = try written(.coco, images, frames)
        let entries = try #require(
            try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
        #expect(entries.map { $0["image_id"] as? Int } == [139, 2, 3])
        #expect(entries.map { $0["category_id"] as? Int } == [2, 2, 2])
    }

    @Test func yoloOfAVideo() throws {
        let folder = try TemporaryFolder()
        let labels = folder.file("labels")
        for _ in 0..<2 {  // the second run replaces what the first wrote
            let writer = try ResultOutput(.yolo, to: labels).writer(source: SampleRun.source)
            for frame in SampleRun.frames { try writer.write(frame) }
            try writer.finish()
        }
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: labels).sorted() == ["street_1.txt", "street_3.txt"])
        #expect(
            try folder.text("labels/street_1.txt") == """
                0 0.30375 0.350313 0.3975 0.500625 0.83 7
                2 0.02 0.015 0.02 0.01 0.12346

                """)
        // The box without area has no row; the one that leaves the frame is clipped.
        #expect(try folder.text("labels/street_3.txt") == "1 0.25 0.75 0.5 0.5 0.5 2\n")
    }

    @Test func yoloOfImages() throws {
        let folder = try TemporaryFolder()
        let source = ResultSource(name: "in", medium: .images, labels: SampleRun.labels)
        let writer = try YOLOWriter(folder: folder.path, source: source)
        let object = Detection(box: BoundingBox(x1: 0, y1: 0, x2: 4, y2: 4), classIndex: 0, score: 1)
        try Data("old".utf8).write(to: URL(fileURLWithPath: folder.file("empty.txt")))
        let names = ["in/a.jpg", "in/a-2.jpg", "in/sub/a.png", "../../..", ".hidden", "in/a\nb\u{7f}.jpg", "empty.jpg"]
        for (index, name) in names.enumerated() {
            try writer.write(
                FrameResult(
                    index: index, seconds: 0, detected: true, detections: name == "empty.jpg" ? [] : [object],
                    width: 8, height: 8, imageName: name))
        }
        try writer.finish()
        #expect(
            try folder.names() == ["_.txt", "_hidden.txt", "a-2.txt", "a-3.txt", "a.txt", "a_b_.txt"])
        #expect(try folder.text("a.txt") == "0 0.25 0.25 0.5 0.5 1\n")
    }

    @Test func whatIsNotFiniteIsLeftOut() throws {
        let box = BoundingBox(x1: 0, y1: 0, x2: 1, y2: 1)
        let frame = FrameResult(
            index: 0, seconds: .nan, detected: true,
            detections: [
                Detection(box: box, classIndex: 0, score: .nan),
                Detection(box: BoundingBox(x1: 0, y1: -.infinity, x2: 1, y2: 1), classIndex: 0, score: 1),
                Detection(box: box, classIndex: 0, score: 0.25),
            ], width: 1, height: 1)
        #expect(frame.seconds == 0)
        #expect(frame.detections.map(\.score) == [0.25])
    }

    @Test(arguments: [
        (0.0, "0"), (-0.0, "0"), (-0.0000001, "0"), (1, "1"), (-1.5, "-1.5"), (0.000001, "0.000001"), (1.05, "1.05"),
        (999_999.9999996, "1000000"), (123.456, "123.456"), (.nan, "0"), (.infinity, "1000000000000"),
        (-1e300, "-1000000000000"),
    ])
    func numbers(value: Double, text: String) {
        var buffer = LineBuffer()
        buffer.append(value, decimals: 6)
        #expect(String(decoding: buffer.bytes, as: UTF8.self) == text)
    }

    @Test func extremeIntegers() {
        var buffer = LineBuffer()
        for value in [Int.min, 0, Int.max] {
            buffer.append(value)
            buffer.append(" ")
        }
        buffer.append(UInt64.max)
        #expect(
            String(decoding: buffer.bytes, as: UTF8.self)
                == "-9223372036854775808 0 9223372036854775807 18446744073709551615")
    }
}
