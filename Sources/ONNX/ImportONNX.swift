package import Foundation
package import Graphs
import SwiftProtobuf

/// Reads an ONNX model.
///
/// The graph has the model's inputs with their symbolic extents, float16 and double weights as float32, and the
/// model's metadata. The file is untrusted: everything in it is checked, and no content makes the reader trap.
///
/// - Throws: `ONNXError`; operators that Saccade lacks are all named in one `unsupported` error.
package func importONNX(contentsOf path: String, limits: ONNXLimits = ONNXLimits()) throws(ONNXError) -> Graph {
    let data: Data
    do {
        // Followed links are fine; FIFOs and devices would block or never end.
        let resolved = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        let attributes = try FileManager.default.attributesOfItem(atPath: resolved)
        guard attributes[.type] as? FileAttributeType == .typeRegular else {
            throw ONNXError.unreadable(path: path, reason: "not a regular file")
        }
        let size = (attributes[.size] as? NSNumber)?.intValue ?? 0
        guard size <= limits.fileBytes else {
            throw ONNXError.tooMuch("bytes", count: size, limit: limits.fileBytes)
        }
        data = try Data(contentsOf: URL(fileURLWithPath: resolved))
    } catch let error as ONNXError {
        throw error
    } catch {
        let exists = FileManager.default.fileExists(atPath: path)
        throw .unreadable(path: path, reason: exists ? "permission denied or I/O error" : "no such file")
    }
    let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
    return try importONNX(data, name: name, limits: limits)
}

/// Reads an ONNX model from memory. `name` is what messages call it.
package func importONNX(
    _ data: Data, name: String, limits: ONNXLimits = ONNXLimits()
) throws(ONNXError) -> Graph {
    guard data.count <= limits.fileBytes else {
        throw .tooMuch("bytes", count: data.count, limit: limits.fileBytes)
    }
    var options = BinaryDecodingOptions()
    options.messageDepthLimit = limits.messageDepth
    options.discardUnknownFields = true
    let model: Onnx_ModelProto
    do {
        model = try Onnx_ModelProto(serializedBytes: data, options: options)
    } catch {
        throw .malformed("its bytes are no protocol buffer of a model")
    }
    return try ModelImporter(model, name: name, limits: limits).graph()
}
