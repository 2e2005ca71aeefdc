import Foundation
import Synchronization
import Testing
import Training

/// The system's calls, of which some go wrong.
final class FaultyCalls: Sendable {
    enum Fault: Sendable, CaseIterable {
        /// The call fails; what comes after works again.
        case once
        /// It and all after it fail.
        case forever
        /// It writes only a part, and nothing is done after it: a process that is killed.
        case killed
        /// Writes take a few bytes only; nothing fails.
        case short
    }

    private let count = Atomic<Int>(0)
    let fault: Fault
    let failingCall: Int
    let code: Int32

    init(_ fault: Fault = .once, failingCall: Int = 0, code: Int32 = ENOSPC) {
        (self.fault, self.failingCall, self.code) = (fault, failingCall, code)
    }

    var callCount: Int { count.load(ordering: .relaxed) }

    /// The negated error of this call, if it fails.
    private func failure() -> Int? {
        let number = count.wrappingAdd(1, ordering: .relaxed).newValue
        guard failingCall > 0, fault != .short else { return nil }
        return number == failingCall || (fault != .once && number > failingCall) ? -Int(code) : nil
    }

    private func number(_ body: () -> Int32) -> Int32 { failure().map { Int32($0) } ?? body() }

    var calls: TrainingFileCalls {
        let system = TrainingFileCalls.system
        return TrainingFileCalls(
            open: { path, flags in self.number { system.open(path, flags) } },
            size: { descriptor in self.failure() ?? system.size(descriptor) },
            read: { descriptor, bytes in self.failure() ?? system.read(descriptor, bytes) },
            write: { descriptor, bytes in
                if let failure = self.failure() {
                    if self.fault == .killed, self.callCount == self.failingCall {
                        _ = system.write(descriptor, UnsafeRawBufferPointer(rebasing: bytes.prefix(bytes.count / 2)))
                    }
                    return failure
                }
                let most = self.fault == .short ? 7 : bytes.count
                return system.write(descriptor, UnsafeRawBufferPointer(rebasing: bytes.prefix(most)))
            },
            synchronize: { descriptor in self.number { system.synchronize(descriptor) } },
            // The descriptor goes in any case: the tests would run out of them.
            close: { descriptor in
                let failure = self.failure()
                let code = system.close(descriptor)
                return failure.map { Int32($0) } ?? code
            },
            rename: { from, to in self.number { system.rename(from, to) } },
            remove: { path in self.number { system.remove(path) } },
            makeFolder: { path in self.number { system.makeFolder(path) } })
    }
}

@Suite struct CheckpointFolderTests {
    private let temporary: TemporaryFolder

    init() throws { temporary = try TemporaryFolder() }

    /// What is saved after a step: the number fills the tensor, so that a mixture would be seen.
    static func save(_ step: Int, in folder: CheckpointFolder, isBest: Bool = false) throws(TrainingFileError) {
        let values = Array(repeating: Float(step), count: 1000)
        try values.withUnsafeBufferPointer { (values) throws(TrainingFileError) in
            try folder.save([CheckpointTensor("weights", values)], step: step, isBest: isBest)
        }
    }

    /// The step that loads, after a look at its tensor.
    static func load(_ folder: CheckpointFolder) throws -> (step: Int, warnings: [TrainingFileError])? {
        guard let found = try folder.load() else { return nil }
        var values = Array(repeating: Float(-1), count: 1000)
        try values.withUnsafeMutableBufferPointer { try found.file.copy("weights", into: $0) }
        #expect(values.allSatisfy { $0 == Float(found.step) })
        return (found.step, found.warnings)
    }

    private func damage(_ name: String, in folder: CheckpointFolder) throws {
        let url = URL(fileURLWithPath: folder.path(of: name))
        var data = try Data(contentsOf: url)
        data[data.count - 3] ^= 4
        try data.write(to: url)
    }

    @Test func theLastTwoAndTheBestAreKept() throws {
        let folder = try CheckpointFolder(temporary.path + "/new")
        #expect(try Self.load(folder) == nil)
        #expect(try folder.loadBest() == nil)
        for step in 1...4 { try Self.save(step, in: folder, isBest: step == 2) }
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == [
                "best.safetensors", "last.safetensors", "previous.safetensors",
            ])
        let found = try #require(try Self.load(folder))
        #expect(found.step == 4 && found.warnings.isEmpty)
        #expect(try folder.loadBest()?.step == 2)
        #expect(try CheckpointFile(folder.path(of: CheckpointFolder.previous)).integer("step") == 3)
    }

    @Test func damagedOnesArePassedOver() throws {
        let folder = try CheckpointFolder(temporary.path)
        for step in 1...3 { try Self.save(step, in: folder, isBest: step == 1) }
        try damage(CheckpointFolder.last, in: folder)
        let found = try #require(try Self.load(folder))
        #expect(found.step == 2 && found.warnings.count == 1)
        #expect(found.warnings.first?.file.hasSuffix("last.safetensors") == true)
        // The good one is not pushed out by the next one.
        try Self.save(4, in: folder)
        try damage(CheckpointFolder.last, in: folder)
        #expect(try Self.load(folder)?.step == 2)
        try damage(CheckpointFolder.previous, in: folder)
        let best = try #require(try Self.load(folder))
        #expect(best.step == 1 && best.warnings.count == 1)
        try damage(CheckpointFolder.best, in: folder)
        #expect(throws: TrainingFileError.self) { try folder.load() }
        #expect(throws: TrainingFileError.self) { try folder.loadBest() }
    }

    /// The best may be newer than the one before the last.
    @Test func theNewestIsTaken() throws {
        let folder = try CheckpointFolder(temporary.path)
        for step in 1...3 { try Self.save(step, in: folder, isBest: step == 3) }
        try damage(CheckpointFolder.last, in: folder)
        #expect(try Self.load(folder)?.step == 3)
    }

    /// Whichever call fails: what loads afterwards is the last state whose saving succeeded, or the one whose saving
    /// failed, and the next saving works.
    @Test(arguments: [FaultyCalls.Fault.once, .forever, .killed], [ENOSPC, EIO, EACCES])
    func everyCallFails(_ fault: FaultyCalls.Fault, code: Int32) throws {
        func run(_ calls: FaultyCalls, in path: String) throws -> (saved: Int, failed: Bool) {
            let folder = try CheckpointFolder(path)
            for step in 1...2 { try Self.save(step, in: folder, isBest: step == 1) }
            do {
                let faulty = try CheckpointFolder(path, calls: calls.calls)
                for step in 3...5 {
                    do {
                        try Self.save(step, in: faulty, isBest: step == 4)
                    } catch {
                        return (step - 1, true)
                    }
                }
            } catch {
                return (2, true)
            }
            return (5, false)
        }
        let calm = FaultyCalls()
        #expect(try run(calm, in: temporary.path + "/calm") == (5, false))
        #expect(calm.callCount > 30)
        var failures = 0
        for call in 1...calm.callCount {
            let path = temporary.path + "/\(call)"
            let calls = FaultyCalls(fault, failingCall: call, code: code)
            let (saved, failed) = try run(calls, in: path)
            let folder = try CheckpointFolder(path)
            let found = try #require(try Self.load(folder), "call \(call)")
            #expect(found.step == saved || (failed && found.step == saved + 1), "call \(call): \(found.step), \(saved)")
            #expect(found.warnings.isEmpty, "call \(call)")
            #expect(try #require(try folder.loadBest()).step >= 1)
            if failed { failures += 1 }
            try Self.save(9, in: folder, isBest: true)
            #expect(try Self.load(folder)?.step == 9)
            if fault == .once {
                let names = try FileManager.default.contentsOfDirectory(atPath: path)
                #expect(!names.contains { $0.hasSuffix(".part") }, "call \(call)")
            }
        }
        // Only a failing close after the data are safe, and a failing removal, may go unnoticed.
        #expect(failures >= calm.callCount - 8, "\(failures) of \(calm.callCount)")
    }

    @Test func shortWritesAreContinued() throws {
        let folder = try CheckpointFolder(temporary.path, calls: FaultyCalls(.short).calls)
        try Self.save(3, in: folder)
        #expect(try Self.load(folder)?.step == 3)
    }

    @Test func interruptedReadsAndWritesAreRepeated() throws {
        let calm = FaultyCalls()
        try Self.save(1, in: try CheckpointFolder(temporary.path, calls: calm.calls))
        var through = 0
        for call in 1...calm.callCount {
            let path = temporary.path + "/\(call)"
            try Self.save(1, in: try CheckpointFolder(path))
            do {
                let folder = try CheckpointFolder(path, calls: FaultyCalls(.once, failingCall: call, code: EINTR).calls)
                try Self.save(2, in: folder)
                through += 1
            } catch {}
            #expect(try Self.load(try CheckpointFolder(path)) != nil)
        }
        #expect(through >= 3)
    }

    /// A reading that fails is no damage: the file stays where it is.
    @Test func aFailedReadFallsBackAndRenamesNothing() throws {
        let folder = try CheckpointFolder(temporary.path)
        for step in 1...2 { try Self.save(step, in: folder) }
        let calm = FaultyCalls()
        _ = try CheckpointFile(folder.path(of: CheckpointFolder.last), calls: calm.calls)
        for call in 2...calm.callCount {
            let found = try Self.load(
                try CheckpointFolder(temporary.path, calls: FaultyCalls(.once, failingCall: call, code: EIO).calls))
            #expect(found?.step == 1 || (call >= calm.callCount && found?.step == 2), "call \(call)")
            #expect(try Self.load(folder)?.step == 2)
        }
    }

    @Test func killsLeaveAWholeCheckpoint() throws {
        let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let path = temporary.path + "/run"
        let folder = try CheckpointFolder(path)
        var numbers = Numbers(seed: 13)
        var (step, advanced) = (0, 0)
        for round in 0..<40 {
            let child = Process()
            child.executableURL = URL(fileURLWithPath: program)
            child.arguments = ["--testing-library", "swift-testing", "--filter", "saveUntilKilled"]
            child.environment = ProcessInfo.processInfo.environment.merging(["SACCADE_TEST_SAVE_IN": path]) { $1 }
            child.standardOutput = FileHandle.nullDevice
            child.standardError = FileHandle.nullDevice
            try child.run()
            // Until it has begun to save.
            let name = folder.path(of: CheckpointFolder.last)
            func stamp() -> timespec? {
                var status = stat()
                return stat(name, &status) == 0 ? status.st_mtim : nil
            }
            let before = stamp()
            for _ in 0..<20_000 where child.isRunning {
                let now = stamp()
                if now != nil, now?.tv_sec != before?.tv_sec || now?.tv_nsec != before?.tv_nsec { break }
                usleep(500)
            }
            usleep(UInt32(numbers.integer(0...9000)))
            kill(child.processIdentifier, SIGKILL)
            child.waitUntilExit()
            #expect(child.terminationReason == .uncaughtSignal)
            let found = try #require(try Self.load(folder), "round \(round)")
            #expect(found.warnings.isEmpty && found.step >= step, "round \(round)")
            if found.step > step { advanced += 1 }
            step = found.step
        }
        #expect(advanced >= 30)
    }
}

/// What a process of its own runs. It has no folder of its own that it could leave behind.
@Suite struct CheckpointChild {
    /// The other half of `killsLeaveAWholeCheckpoint`: it saves until it is killed.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["SACCADE_TEST_SAVE_IN"] != nil))
    func saveUntilKilled() throws {
        let path = try #require(ProcessInfo.processInfo.environment["SACCADE_TEST_SAVE_IN"])
        let folder = try CheckpointFolder(path)
        var step = try CheckpointFolderTests.load(folder)?.step ?? 0
        while true {
            step += 1
            try CheckpointFolderTests.save(step, in: folder, isBest: step % 3 == 0)
        }
    }
}
