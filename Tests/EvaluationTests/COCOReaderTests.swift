import Evaluation
import Foundation
import Testing

@Suite struct COCOReaderTests {
    private static let truth = """
        {"images": [{"id": 7, "width": 10, "height": 10}, {"id": 2}],
         "categories": [{"id": 5, "name": "cat"}, {"id": 1, "name": "person"}],
         "annotations": [{"id": 1, "image_id": 7, "category_id": 5, "bbox": [1, 2, 3, 4], "area": 11.5, "iscrowd": 1},
                         {"id": 2, "image_id": 7, "category_id": 1, "bbox": [0, 0, 9, 9], "area": 81}]}
        """

    private static func instances(_ text: String) throws(EvaluationFileError) -> COCOInstances {
        try COCOInstances(Data(text.utf8), name: "truth.json")
    }

    private static func results(_ text: String) throws(EvaluationFileError) -> COCOResults {
        try COCOResults(Data(text.utf8), name: "found.json", for: instances(truth))
    }

    @Test func imagesAndClassesStandByTheirIds() throws {
        let instances = try Self.instances(Self.truth)
        #expect(instances.imageIDs == [2, 7])
        #expect(instances.categoryIDs == [1, 5])
        #expect(instances.classNames == ["person", "cat"])
        let box = COCOBox(x: 1, y: 2, width: 3, height: 4)
        #expect(
            instances.objects == [
                [],
                [
                    AnnotatedObject(box: box, classIndex: 1, area: 11.5, isCrowd: true),
                    AnnotatedObject(box: COCOBox(x: 0, y: 0, width: 9, height: 9), classIndex: 0, area: 81),
                ],
            ])
        let results = try Self.results(
            #"[{"image_id": 2, "category_id": 5, "bbox": [1, 2, 3, 4], "score": 1}, {"image_id": 7, "category_id": 9, "#
                + #""bbox": [1, 2, 3, 4], "score": 0.5, "extra": null}]"#)
        #expect(results.detections == [[ScoredBox(box: box, classIndex: 1, score: 1)], []])
        #expect(results.unknownCategories == [9] && results.leftOut == 1)
        #expect(try Self.results("[]").detections == [[], []])
    }

    /// A damaged ground truth: what is replaced, and what the error says.
    @Test(
        arguments: [
            (#""area": 81"#, #""aria": 81"#, "annotations[1]: the key area is missing"),
            (#""area": 81"#, #""area": null"#, "annotations[1].area: a value is missing (null)"),
            (#""area": 81"#, #""area": "81""#, "annotations[1].area: not a number"),
            (
                #""area": 81"#, #""area": 1e300"#,
                "annotations[1].area: 1e+300 is not a finite number of a possible size"
            ),
            ("[0, 0, 9, 9]", "[0, 0, 9]", "annotations[1].bbox: 3 numbers instead of left, top, width, height"),
            ("[0, 0, 9, 9]", "{}", "annotations[1].bbox: not a list"),
            ("[0, 0, 9, 9]", #"[0, "a", 9, 9]"#, "annotations[1].bbox[1]: not a number"),
            (
                #""image_id": 7, "category_id": 1"#, #""image_id": 8, "category_id": 1"#,
                "annotations[1]: there is no image with the id 8"
            ),
            (#""category_id": 1"#, #""category_id": 3"#, "annotations[1]: there is no category with the id 3"),
            (
                #""id": 2, "image_id""#, #""id": 1, "image_id""#,
                "annotations[1]: an earlier annotation has the same id 1"
            ),
            (#"{"id": 2}"#, #"{"id": 7}"#, "images: two images have the id 7"),
            (#"{"id": 2}"#, #"{"id": 2.5}"#, "images[1].id: not a whole number of a possible size"),
            (#"{"id": 2}"#, #"{}"#, "images[1]: the key id is missing"),
            (#"{"id": 5, "#, #"{"id": 1, "#, "categories: two categories have the id 1"),
            (#""annotations":"#, #""annotation":"#, "the key annotations is missing"),
            (#"81}]}"#, #"81}]"#, "not JSON: "), (#"81}]}"#, #"NaN}]}"#, "not JSON: "),
        ])
    func aDamagedGroundTruthIsNamed(old: String, new: String, message: String) {
        let text = Self.truth.replacingOccurrences(of: old, with: new)
        #expect(text != Self.truth)
        let error = #expect(throws: EvaluationFileError.self) { try Self.instances(text) }
        #expect(error?.kind == .corrupt)
        #expect(error?.description.hasPrefix("truth.json: " + message) == true, "\(String(describing: error))")
    }

    @Test(
        arguments: [
            ("{}", "not a COCO results file, which is a list of detections"), ("", "not JSON: "), ("[1]", "[0]: not "),
            ("[{}]", "[0]: the key image_id is missing"),
            (
                #"[{"image_id": 3, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 1}]"#,
                "[0]: the ground truth has no image with the id 3"
            ),
            (#"[{"image_id": 2, "category_id": 1, "bbox": [1, 2, 3, 4]}]"#, "[0]: the key score is missing"),
            (#"[{"image_id": 2, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 1e13}]"#, "[0].score: 1"),
            (
                #"[{"image_id": 2, "category_id": 1, "bbox": [1, 2, 3, 1e400], "score": 1}]"#,
                "[0].bbox[3]: not a number of a possible size"
            ),
            (
                #"[{"image_id": 99999999999999999999, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 1}]"#,
                "[0].image_id: not a whole number of a possible size"
            ),
            (#"[{"image_id": 2"#, "not JSON: Unexpected end of file"),
            (String(repeating: "[", count: 100_000), "not JSON: Too many nested arrays"),
        ])
    func damagedResultsAreNamed(text: String, message: String) {
        let error = #expect(throws: EvaluationFileError.self) { try Self.results(text) }
        #expect(error?.kind == .corrupt)
        #expect(error?.description.hasPrefix("found.json: " + message) == true, "\(String(describing: error))")
    }

    @Test func aMissingFileIsNamed() {
        let error = #expect(throws: EvaluationFileError.self) { try COCOInstances(contentsOf: "/nowhere/truth.json") }
        #expect(error?.kind == .missing)
        #expect(error?.description == "/nowhere/truth.json: there is no such file")
        let folder = #expect(throws: EvaluationFileError.self) { try COCOInstances(contentsOf: "/") }
        #expect(folder?.description == "/: a folder, not a file")
        let device = #expect(throws: EvaluationFileError.self) { try COCOInstances(contentsOf: "/dev/null") }
        #expect(device?.description.hasPrefix("/dev/null: not JSON: ") == true)
    }
}
