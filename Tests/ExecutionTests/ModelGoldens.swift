import Foundation
import Tensors

/// The committed outputs of ONNX Runtime; see Tests/Oracles/make_model_goldens.py for what is in them.
enum ModelGoldens {
    static let models = ["yolov8n", "yolo11n", "yolo26n", "yolov5n", "yolox_nano"]
    static let photos = ["bus", "dog", "zidane"]
    static let side = 320

    static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Oracles/model-goldens")

    static let data = ProcessInfo.processInfo.environment["SACCADE_DATA"]

    static func modelPath(_ model: String) -> String { "\(data ?? "")/models/\(model).onnx" }

    /// A photo as the input of a model: `extent` × `extent` pixels, channels last.
    static func input(model: String, photo: String, extent: Int) throws -> [Float] {
        let pixels = [UInt8](try Data(contentsOf: directory.appendingPathComponent("\(photo).rgb")))
        let isYOLOX = model.hasPrefix("yolox")
        var values: [Float] = []
        values.reserveCapacity(extent * extent * 3)
        for y in 0..<extent {
            for x in 0..<extent {
                let pixel = ((y * side / extent) * side + x * side / extent) * 3
                for channel in 0..<3 {
                    let value = Float(pixels[pixel + (isYOLOX ? 2 - channel : channel)])
                    values.append(isYOLOX ? value : value / 255)
                }
            }
        }
        return values
    }

    /// Flat indices into the output, and the values there.
    static func golden(model: String, photo: String) throws -> [(index: Int, value: Float)] {
        let bytes = try Data(contentsOf: directory.appendingPathComponent("\(model)-\(photo).golden"))
        return bytes.withUnsafeBytes { raw in
            let count = Int(raw.loadUnaligned(as: Int32.self))
            return (0..<count).map { entry in
                (
                    Int(raw.loadUnaligned(fromByteOffset: 4 + 4 * entry, as: Int32.self)),
                    raw.loadUnaligned(fromByteOffset: 4 + 4 * (count + entry), as: Float.self)
                )
            }
        }
    }
}
