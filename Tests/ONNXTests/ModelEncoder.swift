/// Writes protocol buffers field by field, so that tests can write what no exporter would.
struct Message {
    var bytes = [UInt8]()

    init(_ body: (inout Message) -> Void = { _ in }) { body(&self) }

    mutating func raw(_ bytes: [UInt8]) { self.bytes += bytes }

    mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func key(_ field: Int, wire: Int) { varint(UInt64(field << 3 | wire)) }

    mutating func integer(_ field: Int, _ value: Int) {
        key(field, wire: 0)
        varint(UInt64(bitPattern: Int64(value)))
    }

    mutating func float(_ field: Int, _ value: Float) {
        key(field, wire: 5)
        for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> UInt32(shift))) }
    }

    mutating func data(_ field: Int, _ content: [UInt8]) {
        key(field, wire: 2)
        varint(UInt64(content.count))
        bytes += content
    }

    mutating func string(_ field: Int, _ text: String) { data(field, Array(text.utf8)) }

    mutating func message(_ field: Int, _ message: Message) { data(field, message.bytes) }
}

/// The pieces of a model, by the numbers of the format.
enum Encode {
    static let (float, uint8, int8, int32, int64, string, bool, float16, double, bfloat16) = (
        1, 2, 3, 6, 7, 8, 9, 10, 11, 16
    )

    static func attribute(_ name: String, integer: Int) -> Message {
        Message {
            $0.string(1, name)
            $0.integer(3, integer)
            $0.integer(20, 2)
        }
    }

    static func attribute(_ name: String, integers: [Int]) -> Message {
        Message {
            $0.string(1, name)
            for value in integers { $0.integer(8, value) }
            $0.integer(20, 7)
        }
    }

    static func attribute(_ name: String, float: Float) -> Message {
        Message {
            $0.string(1, name)
            $0.float(2, float)
            $0.integer(20, 1)
        }
    }

    static func attribute(_ name: String, floats: [Float]) -> Message {
        Message {
            $0.string(1, name)
            for value in floats { $0.float(7, value) }
            $0.integer(20, 6)
        }
    }

    static func attribute(_ name: String, string: String) -> Message {
        Message {
            $0.string(1, name)
            $0.string(4, string)
            $0.integer(20, 3)
        }
    }

    static func attribute(_ name: String, tensor: Message) -> Message {
        Message {
            $0.string(1, name)
            $0.message(5, tensor)
            $0.integer(20, 4)
        }
    }

    static func node(
        _ op: String, _ inputs: [String], _ outputs: [String], _ attributes: [Message] = [], name: String = "node",
        domain: String = ""
    ) -> Message {
        Message { message in
            for input in inputs { message.string(1, input) }
            for output in outputs { message.string(2, output) }
            message.string(3, name)
            message.string(4, op)
            for attribute in attributes { message.message(5, attribute) }
            if !domain.isEmpty { message.string(7, domain) }
        }
    }

    static func tensor(_ name: String, _ type: Int, _ extents: [Int], raw: [UInt8]? = nil) -> Message {
        Message { message in
            for extent in extents { message.integer(1, extent) }
            message.integer(2, type)
            if !name.isEmpty { message.string(8, name) }
            if let raw { message.data(9, raw) }
        }
    }

    static func tensor(_ name: String, _ extents: [Int], floats: [Float]) -> Message {
        tensor(name, float, extents, raw: floats.flatMap { bytes($0.bitPattern) })
    }

    static func tensor(_ name: String, integers: [Int]) -> Message {
        tensor(name, int64, [integers.count], raw: integers.flatMap { bytes(UInt64(bitPattern: Int64($0))) })
    }

    static func bytes<Integer: FixedWidthInteger>(_ value: Integer) -> [UInt8] {
        (0..<Integer.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> Integer($0 * 8)) }
    }

    static func value(_ name: String, _ extents: [Int?], type: Int = float) -> Message {
        let shape = Message { message in
            for extent in extents {
                message.message(
                    1,
                    Message { dimension in
                        if let extent { dimension.integer(1, extent) } else { dimension.string(2, "n") }
                    })
            }
        }
        let tensor = Message {
            $0.integer(1, type)
            $0.message(2, shape)
        }
        return Message { message in
            message.string(1, name)
            message.message(2, Message { $0.message(1, tensor) })
        }
    }

    static func graph(
        _ nodes: [Message], inputs: [Message] = [value("x", [1, 3, 4, 4])], outputs: [String] = ["y"],
        initializers: [Message] = []
    ) -> Message {
        Message { message in
            for node in nodes { message.message(1, node) }
            message.string(2, "graph")
            for tensor in initializers { message.message(5, tensor) }
            for input in inputs { message.message(11, input) }
            for output in outputs { message.message(12, Message { $0.string(1, output) }) }
        }
    }

    static func model(
        _ graph: Message?, opset: Int? = 17, metadata: [(String, String)] = []
    ) -> [UInt8] {
        Message { message in
            message.integer(1, 8)
            if let graph { message.message(7, graph) }
            if let opset { message.message(8, Message { $0.integer(2, opset) }) }
            for (key, value) in metadata {
                message.message(
                    14,
                    Message {
                        $0.string(1, key)
                        $0.string(2, value)
                    })
            }
        }.bytes
    }
}
