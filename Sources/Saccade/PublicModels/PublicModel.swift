/// A detector that others have published under a licence that permits any use, and that this program reads.
package struct PublicModel: Equatable, Sendable {
    /// As the user names it.
    package let name: String
    package let fileName: String
    /// Where its publisher keeps it.
    package let url: String
    /// In lower-case hexadecimal digits.
    package let sha256: String
    package let bytes: Int64
    /// The sides of the network's input, in pixels.
    package let inputSide: Int
    /// The identifier of SPDX.
    package let license: String
    /// For people: how large it is, how good.
    package let note: String

    package init(
        name: String, fileName: String, url: String, sha256: String, bytes: Int64, inputSide: Int, license: String,
        note: String
    ) {
        self.name = name
        self.fileName = fileName
        self.url = url
        self.sha256 = sha256
        self.bytes = bytes
        self.inputSide = inputSide
        self.license = license
        self.note = note
    }

    package static func named(_ name: String) -> PublicModel? { catalogue.first { $0.name == name } }
}

extension PublicModel {
    /// YOLOX, 80 classes of COCO, raw heads 1×A×85, pixels BGR 0–255: release 0.1.1rc0 of Megvii-BaseDetection/YOLOX.
    ///
    /// The release has no checksums of its own. All six are recorded in SciML/YOLOWeights.jl (`src/YOLOWeights.jl`,
    /// commit 12bb87a, "hashed from a clean download of exactly that URL"), and independently: `yolox-s` as the Git LFS
    /// pointer of opencv/opencv_zoo (`object_detection_yolox_2022nov.onnx`, c79d919); nano, tiny, l and x in
    /// the-Drunken-coder/cvbench-benchmark (`examples/models/THIRD_PARTY.md`, 90ed0eb; `examples/Dockerfile.yolox-x-v3`,
    /// cfabedb), whose builds check them; m in download scripts of several projects. The licence is that of the project
    /// that publishes them, which names none for the weights alone. The figures of the notes are the publisher's.
    package static let catalogue: [PublicModel] = [
        yolox(
            "nano", sha256: "c789161ed43c8269fcd4e67c67eeeb4e80c622da2eb296a20bc6007bd18a0b7d", bytes: 3_659_407,
            inputSide: 416, note: "0.9 M parameters, COCO AP 25.8"),
        yolox(
            "tiny", sha256: "427cc366d34e27ff7a03e2899b5e3671425c262ea2291f88bb942bc1cc70b0f7", bytes: 20_219_662,
            inputSide: 416, note: "5.1 M parameters, COCO AP 32.8"),
        yolox(
            "s", sha256: "c5c2d13e59ae883e6af3b45daea64af4833a4951c92d116ec270d9ddbe998063", bytes: 35_858_002,
            inputSide: 640, note: "9.0 M parameters, COCO AP 40.5"),
        yolox(
            "m", sha256: "21ff6cfdeb53b013bac2249599e55f00bff3cfdfdab37ed7a4620818c1d15b3f", bytes: 101_259_744,
            inputSide: 640, note: "25.3 M parameters, COCO AP 47.2"),
        yolox(
            "l", sha256: "7860ae79de6c89a3c1eb72ae9a2756c0ccfbe04b7791bb5880afabd97855a411", bytes: 216_746_733,
            inputSide: 640, note: "54.2 M parameters, COCO AP 50.1"),
        yolox(
            "x", sha256: "c892d7aaf1c4746d8a4d675bec669a4db4f434b4ee1efb654bc9b353379c7c55", bytes: 396_142_663,
            inputSide: 640, note: "99.1 M parameters, COCO AP 51.5"),
    ]

    private static func yolox(
        _ size: String, sha256: String, bytes: Int64, inputSide: Int, note: String
    ) -> PublicModel {
        let file = "yolox_\(size).onnx"
        return PublicModel(
            name: "yolox-\(size)", fileName: file,
            url: "https://github.com/Megvii-BaseDetection/YOLOX/releases/download/0.1.1rc0/\(file)", sha256: sha256,
            bytes: bytes, inputSide: inputSide, license: "Apache-2.0", note: note)
    }
}
