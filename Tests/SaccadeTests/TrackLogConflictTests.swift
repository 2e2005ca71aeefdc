import Foundation
import Saccade
import Testing

/// Outputs that would destroy each other or their input are refused before anything is opened.
struct TrackLogConflictTests {
    @Test func differentFilesAreFine() throws {
        let folder = try TemporaryFolder()
        try OutputConflicts.check(
            outputs: [folder.file("a.mp4"), folder.file("a.jsonl"), "-", "/dev/null", "/dev/null"],
            inputs: [folder.file("in.mp4"), "-"])
    }

    @Test func theSameFile() throws {
        let folder = try TemporaryFolder()
        try Data().write(to: URL(fileURLWithPath: folder.file("a")))
        try FileManager.default.createSymbolicLink(atPath: folder.file("link"), withDestinationPath: "a")
        try FileManager.default.linkItem(atPath: folder.file("a"), toPath: folder.file("hard"))
        try FileManager.default.createDirectory(
            atPath: folder.file("sub"), withIntermediateDirectories: false)
        let pairs = [
            ("-", "-"), (folder.file("a"), folder.file("a")), (folder.file("a"), folder.file("link")),
            (folder.file("a"), folder.file("hard")), (folder.file("a"), folder.file("sub/../a")),
            (folder.file("new"), folder.file("./new")), (folder.file("new"), folder.file("sub/../new")),
            (folder.file("new"), folder.file("new.part")), (folder.file("new.part"), folder.file("new")),
        ]
        for (first, second) in pairs {
            let error = #expect(throws: OutputError.self, "\(first) \(second)") {
                try OutputConflicts.check(outputs: [first, second])
            }
            #expect(error?.kind == .conflict)
            #expect(error?.exitCode == 64)
        }
        for (output, input) in [(folder.file("link"), folder.file("a")), (folder.file("hard"), folder.file("a"))] {
            #expect(throws: OutputError.self) { try OutputConflicts.check(outputs: [output], inputs: [input]) }
        }
    }
}
