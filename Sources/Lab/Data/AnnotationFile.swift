package import Detections

/// The boxes of one picture in the form of PASCAL VOC (Everingham et al., 2010): XML, with corners in pixels.
///
/// What is read is that format, not XML in general: elements with text, no attributes that matter, no entities but the
/// five of XML. Lines are counted for messages.
package struct AnnotationFile: Hashable, Sendable {
    package struct Object: Hashable, Sendable {
        package var name: String
        package var box: BoundingBox
        /// Where it begins.
        package var line: Int
    }

    package let file: String
    package let width: Int
    package let height: Int
    package let objects: [Object]

    static let largestFile = 1 << 24
    /// How far a box may reach beyond the picture, in pixels: tools round.
    static let tolerance: Float = 1

    package init(path: String) throws(DataSetError) {
        try self.init(try DataFolder.text(of: path, limit: Self.largestFile), file: path)
    }

    /// Reads the text of a file, whose name is for messages.
    package init(_ text: String, file: String) throws(DataSetError) {
        self.file = file
        let root = try AnnotationElement.parse(text, file: file)
        guard root.name == "annotation" else {
            throw root.failure(file, "the file begins with <\(root.name)>, not <annotation>")
        }
        let size = try root.child("size", file)
        (width, height) = (Int(try size.number("width", file)), Int(try size.number("height", file)))
        guard (1...65536).contains(width), (1...65536).contains(height) else {
            throw size.failure(file, "a picture of \(width)×\(height) pixels")
        }
        let (right, bottom) = (Float(width) + Self.tolerance, Float(height) + Self.tolerance)
        var objects: [Object] = []
        for element in root.children where element.name == "object" {
            let name = try element.child("name", file).text
            guard !name.isEmpty else { throw element.failure(file, "an object without a name") }
            let corners = try element.child("bndbox", file)
            let box = BoundingBox(
                x1: try corners.number("xmin", file), y1: try corners.number("ymin", file),
                x2: try corners.number("xmax", file), y2: try corners.number("ymax", file))
            let words = "\(Int(box.x1)), \(Int(box.y1)), \(Int(box.x2)), \(Int(box.y2))"
            guard box.x1 <= box.x2, box.y1 <= box.y2 else {
                throw corners.failure(file, "the box (\(words)) is inside out")
            }
            guard box.x1 >= -Self.tolerance, box.y1 >= -Self.tolerance, box.x2 <= right, box.y2 <= bottom else {
                throw corners.failure(file, "the box (\(words)) reaches beyond the picture of \(width)×\(height)")
            }
            objects.append(
                Object(name: name, box: box.clamped(width: width, height: height), line: element.line))
        }
        self.objects = objects
    }
}

/// An element with the text and the elements in it.
private struct AnnotationElement {
    let name: String
    let line: Int
    var text = ""
    var children: [AnnotationElement] = []

    func failure(_ file: String, _ reason: String) -> DataSetError {
        DataSetError(.corrupt, file: file, place: "line \(line)", reason: reason)
    }

    func child(_ name: String, _ file: String) throws(DataSetError) -> AnnotationElement {
        guard let child = children.first(where: { $0.name == name }) else {
            throw failure(file, "<\(self.name)> has no <\(name)>")
        }
        return child
    }

    /// A number that is not far from what pictures have.
    func number(_ name: String, _ file: String) throws(DataSetError) -> Float {
        let child = try child(name, file)
        guard let value = Float(child.text), abs(value) < 1e6 else {
            throw child.failure(file, "<\(name)> is \"\(child.text.prefix(20))\", not a number of pixels")
        }
        return value
    }

    /// The one element of a text. Elements may lie eight deep.
    static func parse(_ text: String, file: String) throws(DataSetError) -> AnnotationElement {
        var line = 1
        func failure(_ reason: String) -> DataSetError {
            DataSetError(.corrupt, file: file, place: "line \(line)", reason: reason)
        }
        var open = [AnnotationElement(name: "", line: 1)]
        var rest = Substring(text).utf8
        while let mark = rest.firstIndex(of: UInt8(ascii: "<")) {
            let words = rest[..<mark]
            open[open.count - 1].text += Substring(words)
            line += words.count { $0 == UInt8(ascii: "\n") }
            guard let end = rest[mark...].firstIndex(of: UInt8(ascii: ">")) else { throw failure("a tag is cut off") }
            let tag = String(Substring(rest[rest.index(after: mark)..<end]))
            rest = rest[rest.index(after: end)...]
            if tag.hasPrefix("?") || tag.hasPrefix("!") {
                guard !tag.hasPrefix("!DOCTYPE"), !tag.hasPrefix("!["), !tag.hasPrefix("!--") || tag.hasSuffix("--")
                else { throw failure("<\(tag.prefix(12))> is not read") }
            } else if tag.hasPrefix("/") {
                var done = open.removeLast()
                guard !open.isEmpty, tag.dropFirst() == done.name else {
                    throw failure("<\(tag.prefix(20))> closes <\(done.name)>")
                }
                done.text = unescaped(done.text)
                open[open.count - 1].children.append(done)
            } else {
                let isEmpty = tag.hasSuffix("/")
                let name = tag.prefix { $0 != "/" && !$0.isWhitespace }
                guard !name.isEmpty else { throw failure("a tag without a name") }
                let element = AnnotationElement(name: String(name), line: line)
                if isEmpty {
                    open[open.count - 1].children.append(element)
                } else {
                    guard open.count <= 8 else { throw failure("elements lie too deep") }
                    open.append(element)
                }
            }
            line += tag.utf8.count { $0 == UInt8(ascii: "\n") }
        }
        guard open.count == 1 else { throw failure("the file ends inside <\(open[open.count - 1].name)>") }
        guard open[0].children.count == 1, let root = open[0].children.first else {
            throw failure(open[0].children.isEmpty ? "no element" : "more than one element")
        }
        return root
    }

    private static func unescaped(_ text: String) -> String {
        var text = text
        for (name, character) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")] {
            text = text.split(separator: name, omittingEmptySubsequences: false).joined(separator: character)
        }
        let isSpace = { (character: Character) in character.isWhitespace }
        let start = text.drop(while: isSpace)
        return String(start.reversed().drop(while: isSpace).reversed())
    }
}
