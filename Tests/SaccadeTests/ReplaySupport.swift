import Detections
import Foundation
import Saccade

/// Two made-up sequences in the folders of the MOTChallenge: people who walk on straight lines past each other, seen by a
/// detector that is off by some pixels, misses some of them, and sees one who is not there.
struct ReplayScenes {
    static let names = ["CROSS-1", "CROSS-2"]
    static let rates = [25.0, 10.0]
    static let length = 60

    /// The five sequences of MOT15, where SACCADE_DATA has them.
    static let mot15 = ProcessInfo.processInfo.environment["SACCADE_DATA"].map { "\($0)/mot15" }
        .flatMap { FileManager.default.fileExists(atPath: $0) ? $0 : nil }

    /// Writes `NAME/det/det.txt`, `NAME/gt/gt.txt` and `NAME/seqinfo.ini`.
    static func write(to folder: String) throws {
        for (place, name) in names.enumerated() {
            var (detections, truth) = ("", "")
            for frame in 0..<length {
                let time = Double(frame) / rates[place]
                for person in 0..<4 {
                    let speed = person.isMultiple(of: 2) ? 80.0 : -70.0
                    let x = (person.isMultiple(of: 2) ? 50.0 : 500.0) + speed * time + Double(30 * person)
                    let y = 100 + Double(40 * person + 15 * place)
                    truth += "\(frame + 1),\(person + 1),\(x),\(y),40,100,1,-1,-1,-1\n"
                    let chance = noise(place, frame, person)
                    if chance < 0.12 { continue }
                    let (dx, dy) = (noise(place, frame, person + 10) * 8 - 4, noise(place, frame, person + 20) * 8 - 4)
                    detections += "\(frame + 1),-1,\(x + dx),\(y + dy),40,100,\(0.2 + chance * 0.8),-1,-1,-1\n"
                }
                if noise(place, frame, 50) < 0.1 {
                    detections += "\(frame + 1),-1,\(600 * noise(place, frame, 51)),300,40,100,0.4,-1,-1,-1\n"
                }
            }
            let path = "\(folder)/\(name)"
            for part in ["det", "gt"] {
                try FileManager.default.createDirectory(
                    atPath: "\(path)/\(part)", withIntermediateDirectories: true)
            }
            try detections.write(toFile: "\(path)/det/det.txt", atomically: true, encoding: .utf8)
            try truth.write(toFile: "\(path)/gt/gt.txt", atomically: true, encoding: .utf8)
            try info(rate: "\(rates[place])", length: length)
                .write(toFile: "\(path)/seqinfo.ini", atomically: true, encoding: .utf8)
        }
    }

    static func info(rate: String?, length: Int) -> String {
        "[Sequence]\nname=x\n" + (rate.map { "frameRate=\($0)\n" } ?? "")
            + "seqLength=\(length)\nimWidth=640\nimHeight=480\n"
    }

    /// A number from 0 to 1 that hangs on its arguments alone.
    private static func noise(_ a: Int, _ b: Int, _ c: Int) -> Double {
        var state = UInt64(a &* 1_000_003 &+ b &* 7919 &+ c &* 104_729) &+ 0x9E37_79B9_7F4A_7C15
        state = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        state = (state ^ (state >> 27)) &* 0x94D0_49BB_1331_11EB
        return Double((state ^ (state >> 31)) >> 11) / 9_007_199_254_740_992
    }
}
