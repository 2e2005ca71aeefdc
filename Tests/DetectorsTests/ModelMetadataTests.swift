import Detections
import Detectors
import Testing

@Suite struct ModelMetadataTests {
    @Test(arguments: [
        ("{0: 'person', 1: 'bicycle'}", ["person", "bicycle"]), ("['a', \"b\"]", ["a", "b"]),
        (#"{"0": "driver's seat", "1": "x"}"#, ["driver's seat", "x"]), (#"{0: 'driver\'s seat'}"#, ["driver's seat"]),
        ("{1: 'late'}", nil), ("{0: 'open", nil), ("", nil), ("{0: 'a', 2: 'c'}", nil),
    ])
    func namesAreReadFromPythonLiterals(literal: String, expected: [String]?) {
        #expect(ModelMetadata(["names": literal]).labels == expected.map(ClassLabels.init))
    }

    @Test func imageSizeIsHeightThenWidth() {
        let size = ModelMetadata(["imgsz": "[384, 640]"]).imageSize
        #expect(size?.height == 384 && size?.width == 640)
        #expect(ModelMetadata(["imgsz": "many"]).imageSize == nil)
    }
}
