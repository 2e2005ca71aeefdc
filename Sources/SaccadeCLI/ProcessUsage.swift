import Foundation
import Glibc

/// What this process has used of the machine.
struct ProcessUsage {
    /// Seconds of all cores, in the program and in the system on its behalf.
    var processor: Double
    /// The most memory that was ever resident, in bytes (`VmHWM`); `nil` where the system does not tell.
    var peakMemory: Int?

    static var now: ProcessUsage {
        var usage = rusage()
        getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        let kilobytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
        return ProcessUsage(
            processor: seconds(usage.ru_utime) + seconds(usage.ru_stime), peakMemory: kilobytes.map { $0 << 10 })
    }

    /// What was used since; the peak is that of the whole life.
    func since(_ earlier: ProcessUsage) -> ProcessUsage {
        ProcessUsage(processor: processor - earlier.processor, peakMemory: peakMemory)
    }
}
