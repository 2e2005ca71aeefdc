import Detections
import Foundation
import Saccade
import Testing

/// Every system call fails once: nothing is lost without an error, and what is on the disk stays readable.
struct TrackLogFaultTests {
    private func run(_ format: ResultFormat, on files: FaultyFiles) throws(OutputError) {
        let outputs = try ResultOutputs(
            [ResultOutput(format, to: "/nowhere/out")], source: SampleRun.source, calls: files.calls)
        for frame in SampleRun.frames { try outputs.write(frame) }
        try outputs.finish()
    }

    @Test(arguments: ResultFormat.allCases, [ENOSPC, EIO, EACCES, EPIPE])
    func everyCallFails(format: ResultFormat, code: Int32) throws {
        let calm = FaultyFiles()
        // `/nowhere` is only known to the files in memory; labels need a folder that exists.
        if format == .yolo { return try everyLabelCallFails(code: code) }
        try run(format, on: calm)
        let whole = try #require(calm.text("/nowhere/out"))
        #expect(calm.count >= 6)
        for call in 1...calm.count {
            let files = FaultyFiles(failingCall: call, code: code)
            let error = #expect(throws: OutputError.self, "call \(call)") { try run(format, on: files) }
            #expect(error?.path == "/nowhere/out")
            #expect(error?.exitCode == [ENOSPC: 74, EIO: call == 1 ? 73 : 74, EACCES: 77, EPIPE: 74][code])
            #expect(
                error?.reason == [ENOSPC: "disk_full", EACCES: "denied", EPIPE: "reset"][code]
                    ?? (call == 1 ? "cannot_create" : "io"))
            // No incomplete file has the name of a complete one, and what was written is the beginning of the whole.
            #expect(files.text("/nowhere/out") == nil)
            #expect(whole.hasPrefix(files.text("/nowhere/out.part") ?? ""))
        }
    }

    private func everyLabelCallFails(code: Int32) throws {
        let folder = try TemporaryFolder()
        func attempt(_ files: FaultyFiles) throws(OutputError) {
            let writer = try YOLOWriter(folder: folder.path, source: SampleRun.source, calls: files.calls)
            for frame in SampleRun.frames { try writer.write(frame) }
            try writer.finish()
        }
        let calm = FaultyFiles()
        try attempt(calm)
        let calls = calm.count
        #expect(calls == 10)
        for call in 1...calls {
            let files = FaultyFiles(failingCall: call, code: code)
            #expect(throws: OutputError.self, "call \(call)") { try attempt(files) }
        }
    }

    @Test(arguments: [1, 7, 64])
    func shortWritesAreContinued(largestWrite: Int) throws {
        let calm = FaultyFiles()
        try run(.jsonLines, on: calm)
        let slow = FaultyFiles(largestWrite: largestWrite)
        try run(.jsonLines, on: slow)
        #expect(slow.text("/nowhere/out") == calm.text("/nowhere/out"))
        #expect(slow.count > calm.count)
    }

    @Test(arguments: 1...8)
    func interruptedCallsAreRepeated(call: Int) throws {
        let calm = FaultyFiles()
        try run(.mot, on: calm)
        // Calls 2 and 3 are the writes of a MOT file (a frame without tracks writes nothing).
        let files = FaultyFiles(failingCall: call, code: EINTR)
        if call == 2 || call == 3 || call > calm.count {
            try run(.mot, on: files)
            #expect(files.text("/nowhere/out") == calm.text("/nowhere/out"))
        } else if call == 5 {  // close(2) has closed the file all the same
            try run(.mot, on: files)
        } else {
            #expect(throws: OutputError.self) { try run(.mot, on: files) }
        }
    }

    @Test func afterAFailureNothingIsWrittenBehindTheTear() throws {
        let files = FaultyFiles(failingCall: 3, code: ENOSPC)
        let writer = try JSONLinesWriter(path: "/nowhere/out", source: SampleRun.source, calls: files.calls)
        try writer.write(SampleRun.frames[0])
        let first = files.text("/nowhere/out.part")
        #expect(throws: OutputError.self) { try writer.write(SampleRun.frames[1]) }
        #expect(throws: OutputError.self) { try writer.write(SampleRun.frames[2]) }
        #expect(throws: OutputError.self) { try writer.finish() }
        #expect(files.text("/nowhere/out.part") == first)
    }

    @Test func oneWritePerFrame() throws {
        let files = FaultyFiles()
        let writer = try JSONLinesWriter(path: "/nowhere/out", source: SampleRun.source, calls: files.calls)
        for (index, frame) in SampleRun.frames.enumerated() {
            try writer.write(frame)
            #expect(files.count == index + 2)
        }
    }

    @Test func aFullDevice() throws {
        let writer = try ResultOutput(.jsonLines, to: "/dev/full").writer(source: SampleRun.source)
        let error = #expect(throws: OutputError.self) { try writer.write(SampleRun.frames[0]) }
        #expect(error?.kind == .diskFull)
        #expect(error?.exitCode == 74)
        #expect(error?.description.contains("/dev/full") == true)
    }

    @Test func placesThatCannotBeWritten() throws {
        let folder = try TemporaryFolder()
        for format in ResultFormat.allCases {
            let error = #expect(throws: OutputError.self) {
                _ = try ResultOutput(format, to: folder.file("missing/out")).writer(source: SampleRun.source)
            }
            #expect(error?.exitCode == 73)
            if format == .yolo { continue }
            let onFolder = #expect(throws: OutputError.self) {
                _ = try ResultOutput(format, to: folder.path).writer(source: SampleRun.source)
            }
            #expect(onFolder?.exitCode == 73)
        }
        try Data().write(to: URL(fileURLWithPath: folder.file("file")))
        let notFolder = #expect(throws: OutputError.self) {
            _ = try ResultOutput(.yolo, to: folder.file("file")).writer(source: SampleRun.source)
        }
        #expect(notFolder?.exitCode == 73)
        let onStandardOutput = #expect(throws: OutputError.self) {
            _ = try ResultOutput(.yolo, to: "-").writer(source: SampleRun.source)
        }
        #expect(onStandardOutput?.exitCode == 64)
    }

    @Test func anEarlierLogStaysWholeUntilTheNewOneIs() throws {
        let folder = try TemporaryFolder()
        try Data("old\n".utf8).write(to: URL(fileURLWithPath: folder.file("run.jsonl")))
        do {
            let writer = try ResultOutput(.jsonLines, to: folder.file("run.jsonl")).writer(source: SampleRun.source)
            try writer.write(SampleRun.frames[0])
        }
        #expect(try folder.text("run.jsonl") == "old\n")
        var reader = try TrackLogReader(path: folder.file("run.jsonl.part"))
        let frame = try reader.next()
        #expect(frame?.detections.count == 2)
    }

    @Test func aLinkIsFollowed() throws {
        let folder = try TemporaryFolder()
        try Data("old\n".utf8).write(to: URL(fileURLWithPath: folder.file("real")))
        try FileManager.default.createSymbolicLink(atPath: folder.file("link"), withDestinationPath: "real")
        let writer = try ResultOutput(.mot, to: folder.file("link")).writer(source: SampleRun.source)
        try writer.write(SampleRun.frames[0])
        try writer.finish()
        #expect(try folder.text("real").hasPrefix("1,7,"))
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.file("link")) == "real")
    }
}
