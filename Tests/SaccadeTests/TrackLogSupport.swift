import Detections
import Foundation
import Saccade
import Synchronization

/// A folder that is removed with its content at the end of a test.
final class TemporaryFolder {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("saccade-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    func text(_ name: String) throws -> String { try String(contentsOfFile: file(name), encoding: .utf8) }

    func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
}

/// Files in memory, of which the Nth system call fails.
final class FaultyFiles: Sendable {
    struct State {
        var contents: [String: [UInt8]] = [:]
        var open: [Int32: String] = [:]
        var next: Int32 = 100
        var calls = 0
        var largestWrite = Int.max
    }

    let state = Mutex(State())
    let failingCall: Int
    let code: Int32

    /// `failingCall` counts from 1; 0 fails none.
    init(failingCall: Int = 0, code: Int32 = 0, largestWrite: Int = .max) {
        self.failingCall = failingCall
        self.code = code
        state.withLock { $0.largestWrite = largestWrite }
    }

    var count: Int { state.withLock { $0.calls } }
    func text(_ path: String) -> String? {
        state.withLock { $0.contents[path].map { String(decoding: $0, as: UTF8.self) } }
    }

    private func call(_ body: (inout sending State) -> Int) -> Int {
        state.withLock { state in
            state.calls += 1
            return state.calls == failingCall ? -Int(code) : body(&state)
        }
    }

    var calls: FileCalls {
        FileCalls(
            open: { path, _ in
                Int32(
                    self.call { state in
                        state.next += 1
                        state.open[state.next] = path
                        state.contents[path] = []
                        return Int(state.next)
                    })
            },
            write: { descriptor, bytes in
                self.call { state in
                    guard let path = state.open[descriptor] else { return -Int(EBADF) }
                    let taken = bytes.prefix(state.largestWrite)
                    state.contents[path, default: []] += taken
                    return taken.count
                }
            },
            synchronize: { _ in Int32(self.call { _ in 0 }) },
            close: { descriptor in
                Int32(
                    self.call { state in
                        state.open[descriptor] = nil
                        return 0
                    })
            },
            rename: { from, to in
                Int32(
                    self.call { state in
                        guard let content = state.contents.removeValue(forKey: from) else { return -Int(ENOENT) }
                        state.contents[to] = content
                        return 0
                    })
            },
            remove: { path in
                Int32(self.call { state in state.contents.removeValue(forKey: path) == nil ? -Int(ENOENT) : 0 })
            },
            makeFolder: { _ in Int32(self.call { _ in 0 }) })
    }
}

/// A short run: two objects, then none, then a box of no area and one that leaves the frame.
enum SampleRun {
    static let labels = ClassLabels(["person", "bicycle", "car"])
    static let source = ResultSource(name: "street.mp4", medium: .video, labels: labels)
    static let frames = [
        FrameResult(
            index: 0, seconds: 0, detected: true,
            detections: [
                Detection(
                    box: BoundingBox(x1: 10.5, y1: 20, x2: 50.25, y2: 120.125), classIndex: 0, score: 0.83,
                    trackID: 7),
                Detection(box: BoundingBox(x1: 1, y1: 2, x2: 3, y2: 4), classIndex: 2, score: 0.1234567),
            ], width: 100, height: 200),
        FrameResult(index: 1, seconds: 1.0 / 30, detected: false, detections: [], width: 100, height: 200),
        FrameResult(
            index: 2, seconds: 4.004, detected: false,
            detections: [
                Detection(
                    box: BoundingBox(x1: 5, y1: 5, x2: 5, y2: 9), classIndex: 9, score: 1, trackID: 1 << 60,
                    origin: .predicted),
                Detection(
                    box: BoundingBox(x1: -50, y1: 100, x2: 50, y2: 300), classIndex: 1, score: 0.5, trackID: 2,
                    origin: .interpolated),
            ], width: 100, height: 200),
    ]
}
